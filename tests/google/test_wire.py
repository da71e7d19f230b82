"""Google's own SDK and tarash are told the same, and must leave the same requests, but for what EXPLAINED names."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from tests.google.cases import CASES, CLIP, OMNI, Case
from tests.google.conftest import Studio
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.clock import use_clock
from tarash.testkit.clock import VirtualClock
from tarash.testkit.google import PROJECT, GoogleSimulator
from tarash.testkit.requests import RecordedRequest

genai = pytest.importorskip("google.genai")
oauth = pytest.importorskip("google.oauth2.credentials")

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::google.genai.errors.ExperimentalWarning"),
]

EXPLAINED = {
    "accept": "the SDK names the type it expects; tarash takes what comes and judges the bytes",
    "accept-encoding": "what a client can unpack",
    "connection": "said by HTTP/1.1 anyway",
    "user-agent": "each its own name",
    "x-goog-api-client": "telemetry of the SDK",
    "content-length": "JSON with other blanks and another order",
}
EXPLAINED_WITHOUT_BODY = {"content-type": "the SDK names a type of a body that it does not send"}
EXPLAINED_UPLOAD = {
    "x-goog-upload-file-name": "the name of a file on the caller's disk, which tarash keeps to itself",
    "content-type": "the SDK says JSON of bytes that are none; the type stands in x-goog-upload-header-content-type",
    "x-goog-api-key": "not needed for the link of a started upload",
}
SPELLING = (
    "generateContent reads camelCase and snake_case alike, and both alphabets of base64 (JSON of protocol buffers); "
    "the SDK mixes the former and takes the one for links, tarash writes camelCase and the usual alphabet"
)
VERSION = {"gemini": "v1", "vertex": "v1beta1"}
"""The SDK's versions. tarash's own for the Gemini API is v1beta, under which preview models are documented."""


@pytest.fixture(scope="module")
def google() -> Generator[GoogleSimulator]:
    with GoogleSimulator(clock=VirtualClock()) as running:
        yield running


@pytest.fixture(autouse=True)
def moving_clock(google: GoogleSimulator) -> Generator[None]:
    with use_clock(google.clock):
        yield


@pytest.fixture(scope="module")
def clients(google: GoogleSimulator) -> dict[str, Any]:
    """The SDK as it is set up for either way in."""
    token = oauth.Credentials(google.tokens.issue().json["access_token"])
    vertex = {"vertexai": True, "project": PROJECT, "location": "us-central1", "credentials": token}
    address = {"http_options": {"base_url": google.url}}
    return {"gemini": genai.Client(api_key=google.key, **address), "vertex": genai.Client(**vertex, **address)}


@pytest.fixture
def studios(google: GoogleSimulator, tmp_path: Path) -> dict[str, Studio]:
    login = str(google.write_user_login(tmp_path / "login.json"))
    world = SyncWorld()
    ways = {"gemini": {}, "vertex": {"credentials_path": login}}
    return {way: Studio(world, google, way, options) for way, options in ways.items()}


def camel(value: Any) -> Any:
    """Names and base64 as tarash spells them (see SPELLING)."""
    if isinstance(value, dict) and "data" in value:
        value = {**value, "data": value["data"].replace("-", "+").replace("_", "/")}
    if isinstance(value, dict):
        return {re.sub(r"_([a-z])", lambda m: m[1].upper(), name): camel(item) for name, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


def told(request: RecordedRequest) -> dict[str, Any]:
    """Everything a request says, as far as it is not explained."""
    upload = EXPLAINED_UPLOAD if request.path.startswith("/upload/session") else {}
    upload = upload or ({"x-goog-upload-file-name": ""} if request.path.startswith("/upload/") else {})
    ignored = {**EXPLAINED, **({} if request.body else EXPLAINED_WITHOUT_BODY), **upload}
    headers = {
        name.lower(): re.sub(r"^Bearer .*", "Bearer …", value)
        for name, value in request.headers.items()
        if name.lower() not in ignored
    }
    is_json = request.body[:1] == b"{"
    body: Any = request.json if is_json else request.body
    numbered = re.sub(r"(interaction-|operation-|files/sim|upload_id=)\d+", r"\1N", request.raw_target)
    if is_json and request.path.endswith((":generateContent", ":streamGenerateContent")):
        body = camel(body)
    if is_json and "operationName" in body:
        body = {"operationName": re.sub(r"\d{4}$", "N", body["operationName"])}
    return {"method": request.method, "target": numbered, "headers": headers, "body": body}


def differences(theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[str]:
    found = [f"{len(theirs)} requests of the SDK, {len(ours)} of tarash"] if len(theirs) != len(ours) else []
    for one, other in zip(theirs, ours, strict=False):
        found += [f"{name}: {one[name]!r} against {other[name]!r}" for name in one if one[name] != other[name]]
    return found


def recorded(google: GoogleSimulator, operations: tuple[str, ...], start: int) -> list[dict[str, Any]]:
    numbers = {request.number for name in operations for request in google.requests(name)}
    return [told(request) for request in google.requests() if request.number in numbers and request.number > start]


ROWS = [(case, way) for case in CASES for way in case.ways]


@pytest.mark.parametrize(("case", "way"), ROWS, ids=[f"{case.name} ({way})" for case, way in ROWS])
def test_the_same_requests(
    google: GoogleSimulator, clients: dict[str, Any], studios: dict[str, Studio], case: Case, way: str, tmp_path: Path
) -> None:
    start = google.requests()[-1].number if google.requests() else 0
    case.sdk(clients[way], genai.types)
    theirs = recorded(google, case.operations, start)

    start = google.requests()[-1].number
    config = studios[way].config(case.kind, model=case.model, api_version=VERSION[way], provider_config=case.options)
    request = {"text" if case.kind == "tts" else "prompt": "a lighthouse at dawn", **case.request}
    if "stream" in case.operations:
        assert studios[way].listen(config, **request)
    else:
        response = studios[way].generate(case.kind, config=config, **request)
        if "download" in case.operations:
            response.save(tmp_path / "film.mp4")
    ours = recorded(google, case.operations, start)

    assert theirs
    assert differences(theirs, ours) == []


def test_uploads(google: GoogleSimulator, clients: dict[str, Any], studios: dict[str, Studio], tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(CLIP)
    steps = ("begin", "upload")
    start = google.requests()[-1].number if google.requests() else 0
    clients["gemini"].files.upload(file=str(film))
    theirs = recorded(google, steps, start)

    start = google.requests()[-1].number
    config = studios["gemini"].config(model=OMNI, api_version="v1", provider_config={"inline_bytes": 0})
    studios["gemini"].generate(config=config, video=film)
    assert differences(theirs, recorded(google, steps, start)) == []


@pytest.mark.parametrize("way", ["gemini", "vertex"])
def test_cancelling(google: GoogleSimulator, clients: dict[str, Any], studios: dict[str, Studio], way: str) -> None:
    from tarash import tarash_gateway as tarash
    from tarash.tarash_gateway.models import VideoGenerationRequest
    from tarash.testkit.google import Outcome

    google.next_outcome(Outcome(run_seconds=100), times=2)
    start = google.requests()[-1].number if google.requests() else 0
    made = clients[way].interactions.create(model=OMNI, input="a cat", background=True)
    clients[way].interactions.cancel(made.id)
    theirs = recorded(google, ("cancel",), start)

    start = google.requests()[-1].number
    config: Any = studios[way].config(model=OMNI, api_version=VERSION[way])
    tarash.cancel(tarash.submit_video(config, VideoGenerationRequest(prompt="a cat")), config)
    assert differences(theirs, recorded(google, ("cancel",), start)) == []


def test_the_exchange_of_a_service_account_is_that_of_google_auth(
    google: GoogleSimulator, studios: dict[str, Studio], tmp_path: Path
) -> None:
    from google.auth.transport.requests import Request
    from google.oauth2 import service_account

    file = google.write_service_account(tmp_path / "account.json")
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    accounts: Any = service_account.Credentials
    credentials = accounts.from_service_account_file(str(file), scopes=scopes)
    google.clock.set_wall(credentials_time())
    start = google.requests()[-1].number if google.requests() else 0
    credentials.refresh(Request())
    studios["vertex"].options["credentials_path"] = str(file)
    studios["vertex"].generate("image")

    theirs, ours = [request for request in google.requests("token") if request.number > start]
    assert claims_of(theirs) == claims_of(ours)


def credentials_time() -> float:
    import time

    return time.time()


def claims_of(request: RecordedRequest) -> Any:
    """Everything in a signed exchange but its times, which are at most seconds apart."""
    import base64
    import json

    fields = dict(request.form)
    parts = fields.pop("assertion").split(".")[:2]
    head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in parts)
    return fields, head, {**claims, "exp": claims["exp"] - claims["iat"], "iat": claims["iat"] // 1000}
