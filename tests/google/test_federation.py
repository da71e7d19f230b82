"""Tokens for other tokens: foreign identities (`external_account`) and impersonated accounts, on Vertex AI."""

import base64
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.google.conftest import Studio
from tests.support.leaks import assert_nowhere, everything_about

from tarash.providers.google.vertex.federation import federated, impersonated
from tarash.tarash_gateway.exceptions import HTTPError, TarashException, ValidationError
from tarash.tarash_gateway.messages import Request, Response, Step, TellTime
from tarash.tarash_gateway.providers.base import Credentials
from tarash.testkit.clock import START_WALL
from tarash.testkit.google import GoogleSimulator, Outcome, errors, new_service_account
from tarash.testkit.google.oauth import (
    CLIENT,
    DELEGATE,
    IAM_SCOPE,
    POOL,
    REFRESH_TOKEN,
    RUNNER_TOKEN,
    SCOPE,
    SUBJECT_TOKEN,
    SUBJECT_TYPE,
    WORKFORCE,
    new_federation,
)
from tarash.testkit.steps import Answer, Close, Raw
from tarash.testkit.steps import Step as ServerStep

TOKEN = "ya29.simulated-token-"
CHAIN = ("token", "subject", "federate", "impersonate")
Write = Callable[[GoogleSimulator, Path], Path]


@pytest.fixture(autouse=True)
def no_machine_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GOOGLE_CLOUD_QUOTA_PROJECT", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "identity.json"


def by_service_account(google: GoogleSimulator, file: Path) -> Path:
    pytest.importorskip("google.auth")
    return google.write_impersonation(file, new_service_account(f"{google.url}/token"))


def by_foreign_identity(google: GoogleSimulator, file: Path) -> Path:
    return google.write_impersonation(file, new_federation(google.url, google.subject_source()))


def from_json_file(google: GoogleSimulator, file: Path) -> Path:
    held = file.with_suffix(".held")
    held.write_text(json.dumps({"id_token": SUBJECT_TOKEN}), encoding="utf-8")
    form = {"type": "json", "subject_token_field_name": "id_token"}
    return google.write_federation(file, {"file": str(held), "format": form})


WAYS: dict[str, tuple[Write, tuple[str, ...]]] = {
    "impersonated by a login": (GoogleSimulator.write_impersonation, ("token", "impersonate")),
    "impersonated by a service account": (by_service_account, ("token", "impersonate")),
    "impersonated by a foreign identity": (by_foreign_identity, ("subject", "federate", "impersonate")),
    "foreign, from a file": (GoogleSimulator.write_federation, ("federate",)),
    "foreign, from a file of JSON": (from_json_file, ("federate",)),
    "foreign, from a link": (
        lambda google, file: google.write_federation(file, google.subject_source()),
        ("subject", "federate"),
    ),
    "foreign, from a link to JSON": (
        lambda google, file: google.write_federation(file, google.subject_source("json")),
        ("subject", "federate"),
    ),
    "foreign, then impersonated": (
        lambda google, file: google.write_federation(file, service_account_impersonation_url=google.impersonation_url),
        ("federate", "impersonate"),
    ),
    "foreign, of a client": (lambda google, file: google.write_federation(file, **CLIENT), ("federate",)),
    "foreign, of the staff": (
        lambda google, file: google.write_federation(file, audience=WORKFORCE, workforce_pool_user_project="payer"),
        ("federate",),
    ),
}


def use(vertex: Studio, file: Path) -> Any:
    vertex.options = {"credentials_path": str(file)}
    return vertex.config()


def asked(google: GoogleSimulator) -> tuple[str, ...]:
    """The exchanges so far, in their order."""
    names = [google.operation_of(request) for request in google.requests()]
    return tuple(name for name in names if name in CHAIN)


@pytest.mark.parametrize("way", WAYS)
def test_each_way_leads_to_a_generation(vertex: Studio, file: Path, way: str) -> None:
    write, exchanges = WAYS[way]
    assert vertex.generate(config=use(vertex, write(vertex.google, file))).video
    assert asked(vertex.google) == exchanges
    last = vertex.google.tokens.issued[-1]
    assert {one.headers["authorization"] for one in vertex.google.requests("create")} == {f"Bearer {last}"}
    assert vertex.google.ledger.total_charges == 1


# --- what is sent


def test_the_exchange_of_a_subject_token(vertex: Studio, file: Path) -> None:
    vertex.generate(config=use(vertex, vertex.google.write_federation(file)))
    (exchange,) = vertex.google.requests("federate")
    assert dict(exchange.form) == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": POOL,
        "scope": SCOPE,
        "subject_token": SUBJECT_TOKEN,
        "subject_token_type": SUBJECT_TYPE,
    }
    assert "authorization" not in exchange.headers


def test_a_client_proves_itself_and_stands_for_the_project(vertex: Studio, file: Path) -> None:
    staff = {"audience": WORKFORCE, "workforce_pool_user_project": "payer"}
    vertex.generate(config=use(vertex, vertex.google.write_federation(file, **staff, **CLIENT)))
    (exchange,) = vertex.google.requests("federate")
    login = base64.b64encode(f"{CLIENT['client_id']}:{CLIENT['client_secret']}".encode()).decode()
    assert exchange.headers["authorization"] == f"Basic {login}"
    assert "options" not in dict(exchange.form)


def test_impersonation_asks_with_the_token_of_the_source(vertex: Studio, file: Path) -> None:
    vertex.generate(config=use(vertex, vertex.google.write_impersonation(file, delegates=[DELEGATE])))
    (exchange,) = vertex.google.requests("impersonate")
    assert exchange.json == {"delegates": [DELEGATE], "scope": [SCOPE], "lifetime": "3600s"}
    assert exchange.headers["authorization"] == f"Bearer {TOKEN}1"
    assert {one.headers["authorization"] for one in vertex.google.requests("create")} == {f"Bearer {TOKEN}2"}


def test_the_token_in_between_is_good_for_nothing_else(vertex: Studio, file: Path) -> None:
    vertex.generate(config=use(vertex, WAYS["foreign, then impersonated"][0](vertex.google, file)))
    (exchange,) = vertex.google.requests("federate")
    assert dict(exchange.form)["scope"] == IAM_SCOPE
    refused = vertex.google.tokens.judge(vertex.google.requests("impersonate")[0], SCOPE)
    assert refused is not None
    assert refused.status == 403


@pytest.mark.parametrize("variable", [None, "other"])
def test_the_project_that_pays_for_the_quota(
    vertex: Studio, file: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    if variable:
        monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", variable)
    vertex.generate(config=use(vertex, vertex.google.write_impersonation(file, quota_project_id="payer")))
    (exchange,) = vertex.google.requests("impersonate")
    assert "x-goog-user-project" not in exchange.headers
    assert vertex.google.requests("create")[0].headers["x-goog-user-project"] == (variable or "payer")


# --- how long it lasts


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of this machine cannot be set")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Lima"])
def test_a_short_token_is_renewed_before_it_ends_in_every_zone(
    vertex: Studio, file: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    lifetime = {"service_account_impersonation": {"token_lifetime_seconds": 600}}
    link = {"service_account_impersonation_url": vertex.google.impersonation_url}
    use(vertex, vertex.google.write_federation(file, **link, **lifetime))
    vertex.google.next_outcome(Outcome(run_seconds=1500))
    try:
        vertex.generate(config=vertex.config(timeout=3000, poll_interval=30, max_poll_attempts=1000))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert asked(vertex.google) == ("federate", "impersonate") * 3
    assert {one.json["lifetime"] for one in vertex.google.requests("impersonate")} == {"600s"}
    assert {"Bearer ya29.simulated-token-2", "Bearer ya29.simulated-token-4", "Bearer ya29.simulated-token-6"} == {
        one.headers["authorization"] for one in vertex.google.requests("read")
    }


@pytest.mark.parametrize(
    ("end", "lifetime"),
    [
        ("2033-05-18T04:33:20Z", 3600),
        ("2033-05-18T03:43:20.500000000Z", 600.5),
        ("2033-05-18T06:33:20+02:00", 3600),
        ("2033-05-18T03:33:20-00:30", 1800),
    ],
)
def test_any_instant_of_rfc_3339(end: str, lifetime: float) -> None:
    def source() -> Step[Credentials]:
        return Credentials({"Authorization": "Bearer first"}, 3600, "first")
        yield

    step = impersonated(IMPERSONATED, SCOPE, source())
    assert isinstance(next(step), Request)
    answer = Response(200, body=json.dumps({"accessToken": "second", "expireTime": end}).encode())
    assert isinstance(step.send(answer), TellTime)
    with pytest.raises(StopIteration) as ended:
        step.send(START_WALL)  # type: ignore[arg-type]
    assert (ended.value.value.lifetime, ended.value.value.secret) == (lifetime, "second")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(json={"accessToken": f"{TOKEN}9", "expireTime": "soon"}),
        Answer(json={"accessToken": f"{TOKEN}9", "expireTime": "2033-05-18T04:43:20"}),
        Answer(json={"accessToken": f"{TOKEN}9"}),
        Answer(json={"access_token": f"{TOKEN}9", "expireTime": "2033-05-18T04:43:20Z"}),
        Answer(body=f"<html>{TOKEN}9"),
    ],
    ids=["words", "no zone", "no end", "another name", "HTML"],
)
def test_an_answer_without_a_token_or_its_end(vertex: Studio, file: Path, answer: Answer) -> None:
    vertex.google.fail_next("impersonate", answer, times=None)
    with pytest.raises(TarashException) as caught:
        vertex.generate(config=use(vertex, vertex.google.write_impersonation(file)))
    assert_nowhere(f"{TOKEN}9", *everything_about(caught.value))
    assert not vertex.google.ledger.total_charges


def test_the_subject_token_is_read_anew(vertex: Studio, file: Path) -> None:
    config = use(vertex, vertex.google.write_federation(file))
    vertex.generate(config=config)
    file.with_suffix(".token").write_text("the next one\n", encoding="utf-8")
    vertex.google.tokens.revoke_all()
    with pytest.raises(HTTPError, match="invalid_grant"):
        vertex.generate(config=config)
    assert dict(vertex.google.requests("federate")[-1].form)["subject_token"] == "the next one"


# --- refusals of the other side

REFUSED: dict[str, tuple[Write, str]] = {
    "another subject token": (
        lambda google, file: google.write_federation(file, {"file": write(file, "another")}),
        r"The credentials were refused: The given credential is rejected .* \(invalid_grant\)",
    ),
    "another audience": (
        lambda google, file: google.write_federation(file, audience=POOL + "2"),
        "The target service indicated .* \\(invalid_target\\)",
    ),
    "another client": (
        lambda google, file: google.write_federation(file, client_id="x", client_secret="not-the-secret"),
        r"The credentials were refused: The OAuth client was not found \(invalid_client\)",
    ),
    "no header": (
        lambda google, file: google.write_federation(file, {"url": f"{google.url}/identity/token"}),
        r"/identity/token answered HTTP 401: .*The runner\'s token is missing",
    ),
    "another account": (
        lambda google, file: google.write_impersonation(
            file, service_account_impersonation_url=google.impersonation_url.replace("painter", "banker")
        ),
        r"HTTP 403: Permission '.*getAccessToken' .* \(PERMISSION_DENIED",
    ),
    "a wrong delegate": (
        lambda google, file: google.write_impersonation(file, delegates=["steward"]),
        r"refused the request: Invalid form of delegate.* \(INVALID_ARGUMENT\)",
    ),
    "too long a life": (
        lambda google, file: google.write_federation(
            file,
            service_account_impersonation_url=google.impersonation_url,
            service_account_impersonation={"token_lifetime_seconds": 90_000},
        ),
        r"refused the request: The lifetime must be .* \(INVALID_ARGUMENT\)",
    ),
}


def write(file: Path, text: str) -> str:
    other = file.with_suffix(".other")
    other.write_text(text, encoding="utf-8")
    return str(other)


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refusal_says_who_and_why(vertex: Studio, file: Path, reason: str) -> None:
    write_file, told = REFUSED[reason]
    with pytest.raises(TarashException, match=told) as caught:
        vertex.generate(config=use(vertex, write_file(vertex.google, file)))
    assert not caught.value.retryable
    assert not vertex.google.requests("create")
    assert not vertex.google.ledger.total_charges


@pytest.mark.parametrize("operation", ["subject", "federate", "impersonate"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_stumbles_is_asked_again(vertex: Studio, file: Path, operation: str, status: int) -> None:
    vertex.google.fail_next(operation, errors.rpc_error(status), times=2)
    assert vertex.generate(config=use(vertex, by_foreign_identity(vertex.google, file))).video
    assert len(vertex.google.requests(operation)) == 3


def test_a_service_that_is_down_is_not_asked_for_ever(vertex: Studio, file: Path) -> None:
    vertex.google.fail_next("federate", errors.rpc_error(503, "later"), times=None)
    with pytest.raises(HTTPError, match=r"HTTP 503: later \(UNAVAILABLE\)") as caught:
        vertex.generate(config=use(vertex, vertex.google.write_federation(file)))
    assert caught.value.retryable
    assert 1 < len(vertex.google.requests("federate")) < 12
    assert not vertex.google.ledger.total_charges


# --- files that cannot be used: nothing is sent at all

LINK = "https://sts.example/v1/token"
FOREIGN = {"type": "external_account", "audience": POOL, "subject_token_type": SUBJECT_TYPE, "token_url": LINK}
IMPERSONATED = {"type": "impersonated_service_account", "service_account_impersonation_url": LINK}
LOGIN = {"type": "authorized_user", **CLIENT, "refresh_token": REFRESH_TOKEN}
SECRET_FILE = {"file": "held.token"}
PLAIN = "http://tokens.example/v1"

UNUSABLE: dict[str, tuple[Mapping[str, Any], str]] = {
    "nothing foreign": ({"type": "external_account"}, "lacks audience, subject_token_type, token_url"),
    "no source": (FOREIGN, "url in the credentials file is not an https link"),
    "a source of words": ({**FOREIGN, "credential_source": "file"}, "url .* is not an https link"),
    "AWS": ({**FOREIGN, "credential_source": {"environment_id": "aws1"}}, "from AWS .* tarash takes it from a file"),
    "executable": ({**FOREIGN, "credential_source": {"executable": {"command": "x"}}}, "from an executable"),
    "certificate": ({**FOREIGN, "credential_source": {"certificate": {}}}, "from a certificate"),
    "no such file": ({**FOREIGN, "credential_source": SECRET_FILE}, r"held\.token cannot be read"),
    "plain STS": ({**FOREIGN, "token_url": PLAIN, "credential_source": SECRET_FILE}, "token_url .* is not an https"),
    "plain source": ({**FOREIGN, "credential_source": {"url": PLAIN}}, "url .* is not an https"),
    "plain impersonation": (
        {**FOREIGN, "service_account_impersonation_url": PLAIN, "credential_source": SECRET_FILE},
        "service_account_impersonation_url .* is not an https",
    ),
    "almost here": (
        {**FOREIGN, "token_url": "http://localhost:80@tokens.example/", "credential_source": SECRET_FILE},
        "token_url .* is not an https",
    ),
    "no account": ({"type": "impersonated_service_account"}, "lacks service_account_impersonation_url"),
    "no source of an account": (IMPERSONATED, "type 'None'"),
    "a machine as source": ({**IMPERSONATED, "source_credentials": {"type": "compute"}}, "type 'compute'"),
    "nested": ({**IMPERSONATED, "source_credentials": IMPERSONATED}, "may not be impersonated themselves"),
    "half a login": (
        {**IMPERSONATED, "source_credentials": {**LOGIN, "refresh_token": None}},
        r"\(authorized_user\) lacks refresh_token",
    ),
    "a login in the clear": (
        {**IMPERSONATED, "source_credentials": {**LOGIN, "token_uri": PLAIN}},
        "token_uri .* is not an https",
    ),
    "a service account in the clear": (
        {"type": "service_account", "client_email": "a@b", "private_key": "BROKEN-SECRET", "token_uri": PLAIN},
        "token_uri .* is not an https",
    ),
    "an account in the clear": (
        {**IMPERSONATED, "service_account_impersonation_url": PLAIN, "source_credentials": LOGIN},
        "service_account_impersonation_url .* is not an https",
    ),
    "a broken key": (
        {
            **IMPERSONATED,
            "source_credentials": {"type": "service_account", "client_email": "a@b", "private_key": "BROKEN-SECRET"},
        },
        "private key in the credentials file cannot be read",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_that_cannot_be_used_sends_nothing(vertex: Studio, file: Path, case: str) -> None:
    info, told = UNUSABLE[case]
    pytest.importorskip("google.auth")
    file.write_text(json.dumps(info), encoding="utf-8")
    with pytest.raises(ValidationError, match=told) as caught:
        vertex.generate(config=use(vertex, file))
    assert not vertex.google.requests()
    for secret in (REFRESH_TOKEN, CLIENT["client_secret"], "BROKEN-SECRET"):
        assert_nowhere(secret, *everything_about(caught.value))


@pytest.mark.parametrize(
    ("form", "held"),
    [
        (None, " \n"),
        ({"type": "json", "subject_token_field_name": "token"}, '{"other": "HELD-SECRET"}'),
        ({"type": "json", "subject_token_field_name": "token"}, '{"token": {"text": "HELD-SECRET"}}'),
        ({"type": "json", "subject_token_field_name": "token"}, "HELD-SECRET"),
        ({"type": "json"}, '{"token": "HELD-SECRET"}'),
        ({"type": "xml"}, "<token>HELD-SECRET</token>"),
    ],
)
def test_a_source_without_a_subject_token(vertex: Studio, file: Path, form: Any, held: str) -> None:
    source = {"file": write(file, held), **({"format": form} if form else {})}
    with pytest.raises(ValidationError, match="source of the subject token has no text") as caught:
        vertex.generate(config=use(vertex, vertex.google.write_federation(file, source)))
    assert not vertex.google.requests()
    assert_nowhere("HELD-SECRET", *everything_about(caught.value))


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1:8000", "localhost", "[::1]:1"])
def test_a_machine_s_own_source_may_be_plain(host: str) -> None:
    source = {"url": f"http://{host}/metadata/identity", "headers": {"Metadata": True}}
    asking = next(federated({**FOREIGN, "credential_source": source}, SCOPE))
    assert isinstance(asking, Request)
    assert (asking.url, dict(asking.headers)) == (source["url"], {"Metadata": "True"})


# --- secrets


def echoes(secret: str) -> Iterator[ServerStep]:
    for status in (400, 401, 403, 404, 429, 500, 503):
        yield errors.rpc_error(status, f"You sent {secret}.")
        yield Answer(status, json={"error": "invalid_grant", "error_description": f"{secret} is bad", "more": [secret]})
        yield Answer(status, json={"error": secret})
        yield Answer(status, body=f"<html>{secret}")
    yield Answer(307, {"Location": f"https://elsewhere.example/?token={secret}"}, secret)
    yield Answer(200, json={"echo": secret})
    yield Answer(200, json=[secret])
    yield Answer(200, body=f"<html>{secret}")
    yield Raw(f"HTTP/1.1 200 OK\r\n{secret}\r\n\r\n".encode())
    yield Raw(f"HTTP/1.1 {secret} OK\r\n\r\n".encode())
    yield Close()


LOGIN_BASE64 = base64.b64encode(f"{CLIENT['client_id']}:{CLIENT['client_secret']}".encode()).decode()
SENT: dict[str, tuple[Write, tuple[str, ...]]] = {
    "token": (GoogleSimulator.write_impersonation, (REFRESH_TOKEN, CLIENT["client_secret"])),
    "subject": (by_foreign_identity, (RUNNER_TOKEN,)),
    "federate": (WAYS["foreign, of a client"][0], (SUBJECT_TOKEN, CLIENT["client_secret"], LOGIN_BASE64)),
    "impersonate": (GoogleSimulator.write_impersonation, (TOKEN,)),
}


@pytest.mark.parametrize("world", ["sync"], indirect=True)
@pytest.mark.parametrize(
    ("operation", "secret"), [(operation, secret) for operation, (_, secrets) in SENT.items() for secret in secrets]
)
def test_no_secret_shows(
    vertex: Studio, file: Path, caplog: pytest.LogCaptureFixture, operation: str, secret: str
) -> None:
    config = use(vertex, SENT[operation][0](vertex.google, file))
    for number in range(len(list(echoes(secret)))):
        sent = f"{TOKEN}{len(vertex.google.tokens.issued) + 1}" if secret == TOKEN else secret
        script = vertex.google.fail_next(operation, list(echoes(sent))[number], times=None)
        with caplog.at_level(logging.DEBUG), pytest.raises(TarashException) as caught:
            vertex.generate(config=config)
        script.remaining = 0
        assert_nowhere(sent, *everything_about(caught.value), caplog.text)
    assert not vertex.google.ledger.total_charges
