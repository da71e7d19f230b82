"""google-auth, unmodified, against the token services of the simulator, and its requests beside those of tarash."""

import base64
import json
import re
import time
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from tests.google.conftest import Studio
from tests.google.test_federation import from_json_file
from tests.support.wire import said_by
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.clock import use_clock
from tarash.testkit.clock import VirtualClock
from tarash.testkit.google import GoogleSimulator, new_service_account
from tarash.testkit.google.oauth import CLIENT, DELEGATE, POOL, SCOPE, WORKFORCE
from tarash.testkit.requests import RecordedRequest

auth = pytest.importorskip("google.auth")
pytest.importorskip("requests")
transport = pytest.importorskip("google.auth.transport.requests")

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # google-auth leaves the sockets of its sessions to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

EXPLAINED = {
    "accept-encoding": "what a client can unpack",
    "connection": "said by HTTP/1.1 anyway",
    "content-length": "JSON with other blanks",
    "user-agent": "each its own name",
    "x-goog-api-client": "telemetry of google-auth: its version, and the kind of credentials",
}
HOSTS = re.compile(r"https://(iamcredentials|oauth2)\.googleapis\.com")
CHAIN = ("token", "subject", "federate", "impersonate")
Write = Callable[[GoogleSimulator, Path], Path]


@pytest.fixture
def google() -> Generator[GoogleSimulator]:
    """Its clock starts at the real time, because google-auth signs with it."""
    clock = VirtualClock(wall=time.time())
    with use_clock(clock), GoogleSimulator(clock=clock) as running:
        yield running


@pytest.fixture
def tarash(google: GoogleSimulator) -> Studio:
    return Studio(SyncWorld(), google, "vertex")


class Rerouted:
    """google-auth's own transport, where it does not ask the hosts that the file names.

    Of the link to an account it takes the name only, and a login's `token_uri` it does not read.
    """

    def __init__(self, google: GoogleSimulator) -> None:
        self._send, self._url = transport.Request(), google.url

    def __call__(self, url: str, *arguments: Any, **named: Any) -> Any:
        return self._send(HOSTS.sub(self._url, url), *arguments, **named)


def refreshed(google: GoogleSimulator, file: Path) -> Any:
    """google-auth's credentials, scoped only now: with scopes in the loading it looks for the project elsewhere."""
    found, _ = auth.load_credentials_from_file(str(file))
    credentials = auth.credentials.with_scopes_if_required(found, [SCOPE])
    credentials.refresh(Rerouted(google))
    return credentials


def from_link(form: str) -> Write:
    return lambda google, file: google.write_federation(file, google.subject_source(form))


def federation(**more: Any) -> Write:
    return lambda google, file: google.write_federation(file, **more)


def impersonation(source: Callable[[str], Mapping[str, Any]] | None = None, **more: Any) -> Write:
    def write(google: GoogleSimulator, file: Path) -> Path:
        return google.write_impersonation(file, source and source(f"{google.url}/token"), **more)

    return write


def both(**more: Any) -> Write:
    def write(google: GoogleSimulator, file: Path) -> Path:
        return google.write_federation(file, service_account_impersonation_url=google.impersonation_url, **more)

    return write


SHORT = {"service_account_impersonation": {"token_lifetime_seconds": 900}}
STAFF = {"audience": WORKFORCE, "workforce_pool_user_project": "payer"}
CASES: dict[str, Write] = {
    "text from a file": GoogleSimulator.write_federation,
    "JSON from a file": from_json_file,
    "text from a link": from_link("text"),
    "JSON from a link, with headers": from_link("json"),
    "a client and its secret": federation(**CLIENT),
    "a client without a secret": federation(client_id=CLIENT["client_id"], audience=POOL),
    "staff": federation(**STAFF),
    "staff with a client": federation(**STAFF, **CLIENT),
    "impersonation after federation": both(),
    "the same for a quarter of an hour": both(**SHORT),
    "the same with a quota project": both(quota_project_id="payer"),
    "a login impersonates": impersonation(),
    "a login impersonates through delegates": impersonation(delegates=[DELEGATE]),
    "a login impersonates without delegates": impersonation(delegates=None),
    "a login impersonates with a quota project": impersonation(quota_project_id="payer"),
    "a service account impersonates": impersonation(new_service_account),
}
REFUSED = {"a client without a secret"}


def told(request: RecordedRequest) -> dict[str, Any]:
    """What a request says; tokens are numbered, and an assertion tells the time."""
    said = said_by(request, EXPLAINED)
    said["path"] = unquote(said["path"])
    if said["headers"].get("authorization", "").startswith("Bearer ya29"):
        said["headers"]["authorization"] = "Bearer a token of the simulator"
    if isinstance(said["body"], bytes):
        fields: dict[str, Any] = dict(request.form)
        said["body"] = {**fields, **({"assertion": claims_of(fields["assertion"])} if "assertion" in fields else {})}
    return said


def claims_of(assertion: str) -> dict[str, Any]:
    claims = json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))
    return {"lifetime": claims.pop("exp") - claims.pop("iat"), **claims}


def exchanges(google: GoogleSimulator) -> list[dict[str, Any]]:
    found = [told(request) for request in google.requests() if google.operation_of(request) in CHAIN]
    google.clear_requests()
    return found


@pytest.mark.parametrize("case", [name for name in CASES if name not in REFUSED])
def test_google_auth_gets_its_token(google: GoogleSimulator, tmp_path: Path, case: str) -> None:
    credentials = refreshed(google, CASES[case](google, tmp_path / "identity.json"))
    assert credentials.token == google.tokens.issued[-1]
    lifetime = credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)
    assert abs(lifetime.total_seconds() - (900 if "quarter" in case else 3600)) < 60


@pytest.mark.parametrize("case", CASES)
def test_the_same_requests(google: GoogleSimulator, tarash: Studio, tmp_path: Path, case: str) -> None:
    file = CASES[case](google, tmp_path / "identity.json")
    try:
        refreshed(google, file)
    except auth.exceptions.GoogleAuthError:
        assert case in REFUSED
    theirs = exchanges(google)

    try:
        tarash.generate("image", config=tarash.config("image", provider_config={"credentials_path": str(file)}))
    except Exception:  # noqa: BLE001 - what was sent is compared, not what came back
        assert case in REFUSED
    ours = exchanges(google)

    assert theirs
    assert theirs == ours


def test_refusals_as_google_auth_reads_them(google: GoogleSimulator, tmp_path: Path) -> None:
    with pytest.raises(auth.exceptions.OAuthError, match="Error code invalid_target: The target service"):
        refreshed(google, google.write_federation(tmp_path / "a.json", audience=POOL + "2"))
    (tmp_path / "other").write_text("another", encoding="utf-8")
    with pytest.raises(auth.exceptions.OAuthError, match="Error code invalid_grant: The given credential"):
        refreshed(google, google.write_federation(tmp_path / "b.json", {"file": str(tmp_path / "other")}))
    link = google.impersonation_url.replace("painter", "banker")
    with pytest.raises(auth.exceptions.RefreshError, match="PERMISSION_DENIED"):
        refreshed(google, google.write_impersonation(tmp_path / "c.json", service_account_impersonation_url=link))
