"""A server as a forward proxy that stands in for any host, and as an https server."""

import http.client
import os
import socket
import ssl
import urllib.request
from collections.abc import Callable, Generator

import pytest

from tarash.testkit.ledger import Ledger
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, CutBody, Reset
from tarash.testkit.tls import LocalAuthority


@pytest.fixture
def authority() -> Generator[LocalAuthority]:
    with LocalAuthority() as authority:
        yield authority


@pytest.fixture
def proxy(authority: LocalAuthority, book: Ledger) -> Generator[ScriptedServer]:
    with ScriptedServer(
        lambda request: Answer(body=f"{request.origin}{request.path}"), authority=authority, ledger=book
    ) as server:
        yield server


def tunnel(proxy: ScriptedServer, authority: LocalAuthority, host: str, port: int = 443) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=10, context=context)
    connection.set_tunnel(host, port)
    return connection


def test_a_tunnel_leads_to_a_server_that_is_believed(proxy: ScriptedServer, authority: LocalAuthority) -> None:
    connection = tunnel(proxy, authority, "queue.vendor.example")
    for path in ("/one", "/two"):
        connection.request("POST", path, b"x" * 200_000, {"Authorization": "Key abc"})
        assert connection.getresponse().read() == f"https://queue.vendor.example{path}".encode()
    connection.close()
    assert [(request.method, request.path, len(request.body)) for request in proxy.requests] == [
        ("POST", "/one", 200_000),
        ("POST", "/two", 200_000),
    ]
    assert proxy.ledger.origins == ["https://queue.vendor.example"]


def test_another_port_is_another_origin(proxy: ScriptedServer, authority: LocalAuthority) -> None:
    connection = tunnel(proxy, authority, "vendor.example", 8443)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()
    assert proxy.requests[0].origin == "https://vendor.example:8443"


def test_faults_are_played_inside_a_tunnel(proxy: ScriptedServer, authority: LocalAuthority) -> None:
    proxy.script("GET", "/reset", Reset())
    proxy.script("GET", "/cut", CutBody(3))
    connection = tunnel(proxy, authority, "vendor.example")
    connection.request("GET", "/reset")
    with pytest.raises(ConnectionError):
        connection.getresponse()
    connection.close()
    connection.request("GET", "/cut")
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    connection.close()


def test_who_does_not_trust_gets_nowhere(proxy: ScriptedServer) -> None:
    with LocalAuthority() as stranger:
        connection = tunnel(proxy, stranger, "vendor.example")
        with pytest.raises(ssl.SSLCertVerificationError):
            connection.request("GET", "/")
        connection.close()
    assert len(proxy.requests) == 0


def test_a_handshake_may_be_broken_off(
    authority: LocalAuthority, open_descriptors: Callable[[], int], book: Ledger
) -> None:
    before = open_descriptors()
    with ScriptedServer(authority=authority) as proxy:
        peers = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(3)]
        for peer in peers:
            peer.sendall(b"CONNECT x.example:443 HTTP/1.1\r\nHost: x.example\r\n\r\n")
            assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
        peers[0].close()
        peers[1].sendall(b"this is no TLS at all")
        assert ends(peers[1])
    for peer in peers:
        peer.close()
    assert open_descriptors() == before


def ends(peer: socket.socket) -> bool:
    peer.settimeout(10)
    try:
        while peer.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True


def test_without_an_authority_there_are_no_tunnels(server: ScriptedServer, raw: Callable[..., bytes]) -> None:
    assert raw(server, b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 501 ")
    with pytest.raises(RuntimeError, match="authority"):
        server.proxy_environment()
    with pytest.raises(ValueError, match="authority"):
        ScriptedServer(https=True)


def test_plain_http_can_be_asked_of_the_proxy(proxy: ScriptedServer, raw: Callable[..., bytes]) -> None:
    said = raw(proxy, b"GET http://vendor.example/x?y=1 HTTP/1.1\r\nHost: vendor.example\r\nConnection: close\r\n\r\n")
    assert said.endswith(b"http://vendor.example/x")
    assert proxy.requests[0].query == [("y", "1")]


def test_the_environment_leads_clients_here(proxy: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in proxy.proxy_environment().items():
        monkeypatch.setenv(name, value)
    assert os.environ["HTTPS_PROXY"] == proxy.url
    # A new opener: that of `urlopen` has read the environment with the first use in this process.
    opener = urllib.request.build_opener()
    with opener.open("https://api.vendor.example/models", timeout=10) as answer:
        assert answer.read() == b"https://api.vendor.example/models"


def test_a_server_can_speak_tls_itself(authority: LocalAuthority) -> None:
    with ScriptedServer(lambda request: Answer(body=request.origin), authority=authority, https=True) as server:
        assert server.url == f"https://127.0.0.1:{server.port}"
        context = ssl.create_default_context(cafile=str(authority.ca_file))
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=context)
        connection.request("GET", "/")
        assert connection.getresponse().read().decode() == server.url
        connection.close()
