"""Certificates for servers on 127.0.0.1 that stand in for a vendor's hosts. Needs the extra `tarash-testkit[tls]`."""

import ssl
import tempfile
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self


class LocalAuthority:
    """A certificate authority for one `with` block; its root certificate is in the file `ca_file` for that time.

    Raises ModuleNotFoundError when trustme is not installed.
    """

    def __init__(self) -> None:
        import trustme

        self._authority = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}

    def __enter__(self) -> Self:
        self.ca_file.write_bytes(self._authority.cert_pem.bytes())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="tarash-testkit-")

    @cached_property
    def ca_file(self) -> Path:
        return Path(self._folder.name) / "ca.pem"

    def context_for(self, host: str) -> ssl.SSLContext:
        """A server's TLS context with a certificate for `host` (a name or an IP address)."""
        context = self._contexts.get(host)
        if context is None:
            context = self._contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._authority.issue_cert(host).configure_cert(context)
        return context

    def environment(self) -> dict[str, str]:
        """Environment variables with which clients trust this authority, and nothing else (OpenSSL, requests, node)."""
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return dict.fromkeys(names, str(self.ca_file))
