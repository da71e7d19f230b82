"""Secrets: the key is nowhere but in the header that is sent to its own origin, and a job serves its owner only."""

import copy
import dataclasses
import json
import logging
import pickle
import socket
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pydantic
import pytest
from tests.support.acme import Acme, Videos
from tests.support.bench import REQUEST, Bench
from tests.support.leaks import assert_nowhere, dumps, everything_about
from tests.support.studio import AcmeStudio
from tests.support.worlds import World

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import (
    HTTPError,
    JobRejectedError,
    ProtocolError,
    TarashException,
    TarashWarning,
    ValidationError,
)
from tarash.tarash_gateway.messages import Done, Pending, Request, Step
from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    ImageGenerationConfig,
    Job,
    Kind,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.planning import make_plan
from tarash.tarash_gateway.plugins import registry
from tarash.tarash_gateway.providers.base import Call, Operation, Provider
from tarash.tarash_gateway.runtimes import SyncRuntime, run_sync
from tarash.tarash_gateway.sending import Sender
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.server import ScriptedServer, refused_port
from tarash.testkit.steps import Answer, Close, CutBody, Raw, Redirect, Reset
from tarash.testkit.steps import Step as ServerStep

SECRET = "acme-id-77:s/cr+t-9f8e7d6c=="
"""A key with everything in it that has several spellings."""

CONFIGS = [VideoGenerationConfig, ImageGenerationConfig, AudioGenerationConfig]


@pytest.fixture
def stand(world: World, virtual_clock: VirtualClock, ledger: Ledger) -> Generator[Bench]:
    """A bench whose servers may do with the key what they like."""
    studio = AcmeStudio(ledger)
    with ScriptedServer(studio, clock=virtual_clock, ledger=ledger) as server:
        studio.film_url = f"{server.url}/films"
        yield Bench(world, server, studio)


# --- F1: what a configuration shows


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_configuration_never_shows_its_key(kind: type[Any]) -> None:
    deeper = kind(provider="c", api_key=SECRET)
    config = kind(
        provider="a", api_key=SECRET, fallback_configs=[kind(provider="b", api_key=SECRET, fallback_configs=[deeper])]
    )
    made = [
        config,
        config.model_copy(),
        config.model_copy(update={"timeout": 3}),
        config.model_copy(update={"api_key": SECRET}),
        kind(provider="a").model_copy(update={"api_key": f" {SECRET}\n"}),
        copy.copy(config),
        copy.deepcopy(config),
        kind.model_validate({"provider": "a", "api_key": SECRET}),
        kind.model_validate_json(json.dumps({"provider": "a", "api_key": SECRET})),
        kind.model_construct(**{**kind(provider="a").__dict__, "api_key": kind(provider="a", api_key=SECRET).api_key}),
    ]
    for one in made:
        assert one.api_key == SECRET
        shown = [
            repr(one),
            str(one),
            f"{one}",
            f"{one!r}",
            repr(vars(one)),
            repr(dict(one)),
            repr(list(one)),
            repr([one]),
        ]
        shown += [*dumps(one), repr(pickle.dumps(one, protocol=0)), repr(one.__getstate__())]
        shown += [one.model_dump_json(include={"api_key"}), repr(one.model_dump(mode="json", include={"api_key"}))]
        shown += [str(pydantic.TypeAdapter(kind).dump_python(one)), pydantic.TypeAdapter(kind).dump_json(one).decode()]
        shown += [repr(one.api_key), repr({"key": one.api_key}), json.dumps(one.model_json_schema())]
        assert_nowhere(SECRET, *shown)
        assert pickle.loads(pickle.dumps(one)).api_key is None  # noqa: S301
        assert pickle.loads(pickle.dumps(one.api_key)) == ""  # noqa: S301


@pytest.mark.parametrize("option", ["azure_ad_token", "webhook_secret", "proxy_password"])
@pytest.mark.parametrize("kind", CONFIGS)
def test_a_configuration_never_shows_what_its_options_keep_secret(kind: type[Any], option: str) -> None:
    options = {option: SECRET, "project": "p1"}
    config = kind(provider="a", fallback_configs=[kind(provider="b", provider_config=options)], provider_config=options)
    for one in (config, config.model_copy(update={"provider_config": options}), copy.deepcopy(config)):
        assert one.provider_config == options
        shown = [repr(one), repr(vars(one)), repr(dict(one)), *dumps(one), repr(one.__getstate__())]
        assert_nowhere(SECRET, *shown)
        assert one.model_dump()["provider_config"] == {"project": "p1"}
        assert pickle.loads(pickle.dumps(one)).provider_config == {"project": "p1"}  # noqa: S301


BROKEN: list[Callable[[type[Any]], Any]] = [
    lambda kind: kind(api_key=SECRET),
    lambda kind: kind(provider="a", api_key=SECRET, timeout=-1),
    lambda kind: kind(provider="a", apikey=SECRET),
    lambda kind: kind(provider="a", api_keys=[SECRET]),
    lambda kind: kind(provider="a", api_key=f"{SECRET} {SECRET}"),
    lambda kind: kind(provider="a", api_key=f"{SECRET}\n{SECRET}"),
    lambda kind: kind(provider="a", api_key=f"{SECRET}\u200b"),
    lambda kind: kind(provider="a", api_key=[SECRET]),
    lambda kind: kind(provider="a", api_key={"key": SECRET}),
    lambda kind: kind(provider="a", api_key=f"{SECRET}\n{SECRET}".encode()),
    lambda kind: kind(provider="a", fallback_configs=[kind.model_construct(api_key=SECRET), {"api_key": SECRET}]),
    lambda kind: kind(provider="a", fallback_configs=[{"provider": "b", "api_key": f"{SECRET}\n-"}]),
    lambda kind: kind(provider="a").model_copy(update={"api_key": f"{SECRET}\t{SECRET}"}),
    lambda kind: kind.model_validate({"api_key": SECRET}),
    lambda kind: kind.model_validate_json(json.dumps({"api_key": SECRET})),
    lambda kind: kind.model_validate_json(json.dumps({"provider": "a", "api_key": SECRET})[:-1]),
    lambda kind: setattr(kind(provider="a", api_key=SECRET), "api_key", SECRET),
]


@pytest.mark.parametrize("number", range(len(BROKEN)))
@pytest.mark.parametrize("kind", CONFIGS)
def test_a_validation_error_never_shows_a_key(kind: type[Any], number: int) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - pydantic's, or one of ours
        BROKEN[number](kind)
    error = caught.value
    shown = [str(error), repr(error), *traceback.format_exception(error)]
    if isinstance(error, pydantic.ValidationError):
        shown += [repr(error.errors()), error.json(), str(error.errors(include_url=False, include_context=True))]
    assert_nowhere(SECRET, *shown)


def test_the_constructor_keeps_the_key_out_of_every_frame() -> None:
    fields: dict[str, Any] = {"provider": "a", "timeout": "soon"}
    with pytest.raises(pydantic.ValidationError) as caught:
        VideoGenerationConfig(**fields, api_key=SECRET)
    assert_nowhere(SECRET, *everything_about(caught.value))


# --- F1: what errors, logs and results show


class Careless(Acme):
    """A provider with a mistake in every step that `mistake` names."""

    mistake: ClassVar[str] = ""

    def __init__(self) -> None:
        self.operations: Mapping[Kind, Operation] = {"video": CarelessVideos()}


class CarelessVideos(Videos):
    def submit(self, call: Call) -> Step[Pending | Done]:
        if call.model == "broken-submit":
            raise KeyError("no such thing")
        return (yield from super().submit(call))

    def poll(self, call: Call, state: Any) -> Step[Pending | Done]:
        result = yield from super().poll(call, state)
        if call.model == "broken-poll":
            raise ZeroDivisionError("no idea")
        return result


STAGES: dict[str, tuple[dict[str, Any], list[tuple[str, str, ServerStep]]]] = {
    "refused": ({}, [("POST", "*", Answer(400, json={"problem": "no"}))]),
    "unauthorized": ({}, [("POST", "*", Answer(401, json={"problem": "no"}))]),
    "busy": ({}, [("POST", "*", Answer(429, json={"problem": "slow down"}))]),
    "reset": ({}, [("POST", "*", Reset())]),
    "closed": ({}, [("POST", "*", Close())]),
    "cut": ({}, [("POST", "*", CutBody(5, Answer(json={"id": "job-1"})))]),
    "no HTTP": ({}, [("POST", "*", Raw(b"SSH-2.0-OpenSSH\r\n\r\n"))]),
    "HTML": ({}, [("POST", "*", Answer(200, body="<html>"))]),
    "gateway": ({}, [("POST", "*", Answer(502, body="<html>"))]),
    "redirect": ({}, [("POST", "*", Redirect("https://elsewhere.example/"))]),
    "poll unauthorized": ({}, [("GET", "/jobs/*", Answer(403, json={"problem": "no"}))]),
    "poll reset": ({}, [("GET", "/jobs/*", Reset())]),
    "poll nonsense": ({}, [("GET", "/jobs/*", Answer(200, body="[[["))]),
    "poll failed": ({}, [("GET", "/jobs/*", Answer(json={"id": "job-1", "status": "failed", "reason": "no"}))]),
    "timeout": ({"timeout": 1}, []),
    "broken submit": ({"provider": "careless", "model": "broken-submit"}, []),
    "broken poll": ({"provider": "careless", "model": "broken-poll", "timeout": 200}, []),
    "no such model": ({"model": "../x"}, []),
    "plain http": ({"base_url": "http://api.acme.example"}, []),
    "unsupported": ({"unsupported_params": "error"}, []),
}


@pytest.fixture(scope="module", autouse=True)
def careless() -> None:
    register_provider("careless", Careless())


@pytest.mark.parametrize("stage", STAGES)
def test_an_error_shows_no_key_at_any_stage(stand: Bench, caplog: pytest.LogCaptureFixture, stage: str) -> None:
    changes, script = STAGES[stage]
    for method, path, step in script:
        stand.server.script(method, path, step, times=None)
    with caplog.at_level(logging.DEBUG), pytest.raises(TarashException) as caught:
        stand.generate(
            None,
            VideoGenerationRequest(prompt="x", seed=1),
            **{"unsupported_params": "ignore", **changes},
            api_key=SECRET,
        )
    assert_nowhere(SECRET, *everything_about(caught.value), *logged(caplog))


def test_an_error_of_the_connection_shows_no_key(stand: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with refused_port() as port, caplog.at_level(logging.DEBUG), pytest.raises(TarashException) as caught:
        stand.generate(api_key=SECRET, base_url=f"http://127.0.0.1:{port}")
    assert_nowhere(SECRET, *everything_about(caught.value), *logged(caplog))


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [*caplog.messages, *map(repr, caplog.records), caplog.text, *(repr(vars(one)) for one in caplog.records)]


def test_a_success_shows_no_key(stand: Bench, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    updates: list[Any] = []

    def bad_callback(update: Any) -> None:
        updates.append(update)
        raise RuntimeError("a mistake of the caller")

    with caplog.at_level(logging.DEBUG):
        response = stand.generate(bad_callback, api_key=SECRET)
        stand.world.save(response, tmp_path / "film")
    assert any(record.name.startswith("httpcore") for record in caplog.records)
    assert response.job is not None
    shown = [repr(response), *dumps(response), response.job.to_json(), *dumps(response.execution_metadata)]
    shown += [*logged(caplog), *map(repr, updates), *(text for update in updates for text in dumps(update))]
    shown += [(tmp_path / "film.mp4").read_bytes().decode("latin-1"), repr(vars(response))]
    assert_nowhere(SECRET, *shown)


def test_a_job_shows_no_key_and_nothing_that_it_could_be_guessed_from(stand: Bench) -> None:
    jobs = [stand.submit(api_key=key) for key in (SECRET, SECRET, SECRET + "1")]
    assert_nowhere(SECRET, *(job.to_json() for job in jobs), *map(repr, jobs), *map(repr, map(pickle.dumps, jobs)))
    assert jobs[0].account == jobs[1].account != jobs[2].account
    assert len(jobs[0].account) <= 16


# --- F3: a provider that tells the key

ECHOES: dict[str, str] = {
    "as it is": SECRET,
    "in a sentence": f"The key {SECRET} may not do that.",
    "the secret half": SECRET.partition(":")[2],
    "as a header": f"X-Acme-Key: {SECRET}",
    "percent-encoded": quote(SECRET, safe=""),
    "twice": SECRET * 2,
}


def json_spellings(value: dict[str, Any]) -> Generator[bytes]:
    """The same JSON with escapes that no reader sees."""
    plain = json.dumps(value)
    yield plain.encode()
    yield plain.replace("/", "\\/").encode()
    start = plain.index("s/cr") if "s/cr" in plain else plain.index("s%2Fcr")
    yield (plain[:start] + "".join(f"\\u{ord(one):04x}" for one in "s") + plain[start + 1 :]).encode()
    yield (plain[:start] + "".join(f"\\u{ord(one):04X}" for one in "s") + plain[start + 1 :]).encode()


def answers_with(value: dict[str, Any], status: int = 200) -> Generator[Answer]:
    for body in json_spellings(value):
        yield Answer(status, headers={"Content-Type": "application/json", "X-Echo": SECRET}, body=body)


@pytest.mark.parametrize("echo", ECHOES)
def test_an_echoed_key_is_replaced_in_results(stand: Bench, caplog: pytest.LogCaptureFixture, echo: str) -> None:
    told = ECHOES[echo]
    running = {"id": "job-1", "status": "running", "note": told}
    done = {"id": "job-1", "status": "done", "url": stand.studio.film_url, "deep": [{"note": told}], told: 1}
    for first, last in zip(answers_with(running), answers_with(done), strict=True):
        stand.on_submit(Answer(json={"id": "job-1", "note": told}, headers={"Set-Cookie": f"k={told}"}))
        stand.on_poll(first)
        stand.on_poll(last)
        updates: list[Any] = []
        with caplog.at_level(logging.DEBUG):
            response = stand.generate(updates.append, api_key=SECRET)
        assert "[redacted]" in repr(response.raw_response)
        assert "[redacted]" in repr(updates[0].update)
        shown = [repr(response.raw_response), *dumps(response), *logged(caplog)]
        shown += [text for update in updates for text in (repr(update.update), *dumps(update))]
        assert_nowhere(SECRET, *shown)


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
def test_an_echoed_key_is_replaced_in_errors(
    stand: Bench, caplog: pytest.LogCaptureFixture, echo: str, status: int
) -> None:
    for answer in answers_with({"problem": ECHOES[echo], "more": [ECHOES[echo]]}, status):
        stand.server.scripts.clear()
        stand.on_submit(answer, times=None)
        with caplog.at_level(logging.DEBUG), pytest.raises(HTTPError) as caught:
            stand.generate(api_key=SECRET, timeout=5)
        assert "[redacted]" in str(caught.value)
        assert "[redacted]" in repr(caught.value.raw_response)
        assert_nowhere(SECRET, *everything_about(caught.value), *logged(caplog))


@pytest.mark.parametrize(
    "step",
    [
        Answer(200, body=f"<html>{SECRET}</html>"),
        Answer(502, body=f"<html>{SECRET}</html>"),
        Answer(404, body=f"no {quote(SECRET, safe='')}"),
        Answer(400, reason=f"Bad {SECRET}", body=b""),
        Raw(f"HTTP/1.1 200 OK\r\n{SECRET}\r\n\r\n".encode()),
        Raw(f"HTTP/1.1 {SECRET} OK\r\n\r\n".encode()),
        Raw(f"{SECRET}\r\n\r\n".encode()),
        Redirect(f"https://elsewhere.example/?key={SECRET}", 302),
        Answer(200, headers={"Content-Encoding": SECRET}, body=b"x"),
        Answer(429, headers={"Retry-After": SECRET}, json={"problem": "busy"}),
    ],
    ids=range(10),
)
def test_an_echo_in_an_odd_place_is_replaced(stand: Bench, caplog: pytest.LogCaptureFixture, step: ServerStep) -> None:
    stand.on_submit(step, times=None)
    with caplog.at_level(logging.DEBUG), pytest.raises(TarashException) as caught:
        stand.generate(api_key=SECRET, timeout=5)
    assert_nowhere(SECRET, *everything_about(caught.value), *logged(caplog))


@pytest.mark.parametrize("key", ["x", "id", "test", "done", "1", "12345", "s"])
def test_a_placeholder_for_a_key_does_not_spoil_the_answers(stand: Bench, key: str) -> None:
    response = stand.generate(api_key=key)
    assert response.raw_response == stand.studio.finished("job-1")


# --- F2: other hosts


@pytest.fixture
def stranger(stand: Bench) -> Generator[ScriptedServer]:
    """Another host, which answers everything like acme."""
    with ScriptedServer(stand.studio, clock=stand.clock) as server:
        yield server


def keys_seen(server: ScriptedServer) -> list[tuple[str, str]]:
    return [
        field
        for request in server.requests
        for field in request.headers.items()
        if SECRET in field[1] or "key" in field[0].lower()
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("method", "path"), [("POST", "*"), ("GET", "/jobs/*"), ("DELETE", "*")])
def test_no_request_of_a_job_follows_a_redirect(
    stand: Bench, stranger: ScriptedServer, status: int, method: str, path: str
) -> None:
    stand.server.script(method, path, Redirect(f"{stranger.url}/jobs/job-1", status), times=None)
    config = stand.config(api_key=SECRET, timeout=5)
    job = stand.submit(api_key=SECRET) if method == "DELETE" else None
    work: tuple[Any, ...] = ("cancel", job, config) if job else ("generate_video", config, REQUEST)
    with pytest.raises(TarashException):
        stand.world.call(*work)
    assert not stranger.requests


class Guarded(Acme):
    """Its results want the key."""

    def __init__(self) -> None:
        self.operations: Mapping[Kind, Operation] = {"video": GuardedVideos()}


class GuardedVideos(Videos):
    def poll(self, call: Call, state: Any) -> Step[Pending | Done]:
        result = yield from super().poll(call, state)
        if isinstance(result, Done):
            outputs = [dataclasses.replace(output, authenticated=True) for output in result.outputs]
            return dataclasses.replace(result, outputs=outputs)
        return result


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("guarded", [False, True])
def test_a_result_is_fetched_elsewhere_but_without_the_key(
    stand: Bench, stranger: ScriptedServer, tmp_path: Path, status: int, guarded: bool
) -> None:
    register_provider("guarded", Guarded() if guarded else Acme())
    stand.on_film(Redirect(f"{stranger.url}/films/job-1.mp4", status), times=None)
    response = stand.generate(api_key=SECRET, provider="guarded")
    assert stand.world.save(response, tmp_path / "film").is_file()
    assert len(stranger.requests) == 1
    assert keys_seen(stranger) == []
    own = [one.headers.get("x-acme-key") for one in stand.server.requests.matching("GET", "/films/*")]
    assert own == [SECRET if guarded else None]


@pytest.mark.parametrize("guarded", [False, True])
def test_a_result_on_another_host_gets_no_key(
    stand: Bench, stranger: ScriptedServer, tmp_path: Path, guarded: bool
) -> None:
    register_provider("guarded", Guarded() if guarded else Acme())
    stand.studio.film_url = f"{stranger.url}/films"
    response = stand.generate(api_key=SECRET, provider="guarded")
    assert stand.world.save(response, tmp_path / "film").is_file()
    assert keys_seen(stranger) == []


def installed() -> list[str]:
    return [provider for provider in registry.ids() if registry.owners(provider)]


def neighbours(base_url: str) -> Generator[str]:
    """Links that look like the provider's own, and are not."""
    scheme, _, rest = base_url.partition("://")
    host = rest.partition("/")[0]
    yield from (f"{scheme}://{host}.evil.example/", f"{scheme}://evil.example/{host}", f"{scheme}://{host}:8443/")
    yield from (
        f"{scheme}://evil.example?{host}",
        f"{scheme}://evil.example#{host}",
        f"{scheme}://{host}@evil.example/",
    )
    yield from (
        f"{scheme}://x.{host}/",
        f"{scheme}://x{host}/",
        f"http://{host}/",
        f"ftp://{host}/",
        f"{scheme}://{host}./",
    )
    yield from (f"{scheme}://evil.example\\@{host}.evil.example/", f"{scheme}://{host}\\.evil.example/", f"//{host}/")
    yield from ("https://storage.example/", "https://cdn.evil.example/a.mp4")


@pytest.mark.parametrize("provider", installed())
def test_every_providers_own_header_goes_to_its_own_origin_only(provider: str) -> None:
    handler: Provider = registry.handler(provider)
    kind: Kind = next(iter(handler.operations))
    address = "https://studio.openai.azure.com" if provider == "azure-openai" else None
    model = None if kind in handler.default_models else "maker/film"
    config = VideoGenerationConfig(provider=provider, model=model, api_key=SECRET, base_url=address)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TarashWarning)  # some kinds of work have only retired models left
        plan = make_plan(kind, config, REQUEST, handler)
    runtime = SyncRuntime()

    def headers_at(url: str) -> Mapping[str, str]:
        sender = Sender(runtime, handler, plan.call, plan.key, runtime.clock.monotonic() + 60)
        try:
            return run_sync(sender.credentials_for(Request("GET", url)))
        except ProtocolError:
            return {}  # refused altogether

    own = headers_at(f"{plan.call.base_url}/x")
    assert any(SECRET in value for value in own.values())
    assert_nowhere(SECRET, repr(own))
    for url in neighbours(plan.call.base_url):
        assert headers_at(url) == {}, url


# --- F4: keys in the clear


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were looked up. None is found."""
    asked: list[str] = []
    system = socket.getaddrinfo

    def look_up(host: Any, *rest: Any, **named: Any) -> Any:
        if host == "127.0.0.1":
            return system(host, *rest, **named)
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


CLEAR = [
    *("http://api.acme.example", "HTTP://api.acme.example", "http://api.acme.example:443/v1", "http://10.0.0.1"),
    *("http://127.evil.example", "http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://xlocalhost"),
    *("http://[2001:db8::1]", "http://[fe80::1]", "http://0.0.0.0", "http://128.0.0.1", "http://1270.0.0.1"),
]


@pytest.mark.parametrize("address", CLEAR)
def test_a_key_does_not_travel_in_the_clear(stand: Bench, no_names: list[str], address: str) -> None:
    for function in ("generate_video", "submit_video"):
        with pytest.raises(ValidationError, match="in the clear") as caught:
            stand.world.call(function, stand.config(api_key=SECRET, base_url=address), REQUEST)
        assert "allow_http" in str(caught.value)
        assert_nowhere(SECRET, *everything_about(caught.value))
    assert no_names == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:{}", "http://localhost:{}", "http://LOCALHOST:{}"])
def test_loopback_is_no_network(stand: Bench, address: str) -> None:
    assert stand.generate(base_url=address.format(stand.server.port)).status == "completed"


def test_whoever_allows_it_may_use_http(stand: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    system = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **named: system("127.0.0.1", *rest, **named))
    address = f"http://acme.intranet.example:{stand.server.port}"
    assert stand.generate(base_url=address, provider_config={"allow_http": True}).status == "completed"


# --- F5: odd keys

UNUSABLE = [
    *(f"{SECRET[:10]} {SECRET[10:]}", f"{SECRET[:10]}\n{SECRET[10:]}", f"{SECRET[:10]}\r\nX-Evil: 1", f"{SECRET}\0"),
    *(
        f"{SECRET[:10]}\t{SECRET[10:]}",
        f"\u200b{SECRET}",
        f"{SECRET}\u00e9",
        f"{SECRET}\x7f",
        "\u043a\u043b\u044e\u0447",
    ),
]


@pytest.mark.parametrize("key", [*UNUSABLE, "", " ", "\n", "\t \r\n"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(
    stand: Bench, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with pytest.raises(pydantic.ValidationError, match="the key") as caught:
        stand.config(api_key=key)
    assert_nowhere(SECRET[:10], str(caught.value), repr(caught.value.errors()), caught.value.json())
    with pytest.raises(ValueError, match="the key"):
        stand.config(api_key=None).model_copy(update={"api_key": key})
    fields: dict[str, Any] = {**dict(stand.config(api_key=None)), "api_key": key}
    assembled = VideoGenerationConfig.model_construct(None, **fields)
    with pytest.raises(ValidationError, match="the key") as refused:
        stand.world.call("generate_video", assembled, REQUEST)
    assert_nowhere(SECRET[:10], str(refused.value), repr(refused.value))
    assert not stand.server.requests


@pytest.mark.parametrize("key", [key for key in UNUSABLE if "\0" not in key])
def test_the_same_from_the_environment(stand: Bench, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("ACME_KEY", key)
    with pytest.raises(ValidationError, match="ACME_KEY") as caught:
        stand.generate(api_key=None)
    assert_nowhere(SECRET[:10], *everything_about(caught.value))
    assert not stand.server.requests


@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_no_key_at_all_says_what_to_set(stand: Bench, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.setenv("FAL_KEY", SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    if value is not None:
        monkeypatch.setenv("ACME_KEY", value)
    with pytest.raises(ValidationError, match=r"no key for acme.*ACME_KEY") as caught:
        stand.generate(api_key=None)
    assert_nowhere(SECRET, *everything_about(caught.value))
    assert not stand.server.requests


def test_a_fallback_does_not_inherit_the_key_of_the_first(stand: Bench) -> None:
    stand.on_submit(Answer(429, json={"problem": "busy"}), times=None)
    with ScriptedServer(stand.studio, clock=stand.clock) as other:
        second = VideoGenerationConfig(provider="careless", base_url=other.url)
        with pytest.raises(HTTPError, match="fallback was not tried: There is no key for careless") as caught:
            stand.generate(api_key=SECRET, fallback_configs=[second], timeout=5)
        assert not other.requests
    assert caught.value.execution_metadata is not None
    assert [one.error_type for one in caught.value.execution_metadata.attempts] == ["HTTPError"]
    assert_nowhere(SECRET, *everything_about(caught.value))


def test_each_link_of_a_chain_sends_its_own_key(stand: Bench) -> None:
    stand.on_submit(Answer(429, json={"problem": "busy"}), times=None)
    with ScriptedServer(stand.studio, clock=stand.clock, ledger=stand.ledger) as other:
        second = VideoGenerationConfig(provider="acme", api_key="second-key", base_url=other.url)
        stand.generate(api_key=SECRET, fallback_configs=[second], timeout=5)
        assert {one.headers["x-acme-key"] for one in other.requests} == {"second-key"}
    assert {one.headers["x-acme-key"] for one in stand.server.requests} == {SECRET}


# --- F6: settings files

LISTENER = """
import os, sys
from pathlib import Path
here = os.getcwd()
opened = []
def listen(event, arguments):
    if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
        name = os.path.abspath(os.fsdecode(arguments[0]))
        if name.startswith(here + os.sep):
            opened.append(name)
sys.addaudithook(listen)
from tarash.tarash_gateway import generate_video
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import *
request = VideoGenerationRequest(prompt="x")
generate_video(VideoGenerationConfig(provider="fal", model="fal-ai/veo3", mock=MockConfig()), request)
try:
    generate_video(VideoGenerationConfig(provider="fal", model="fal-ai/veo3"), request)
except ValidationError as error:
    print(error)
print("opened", opened)
"""


def test_settings_files_in_the_working_directory_are_not_read(tmp_path: Path) -> None:
    for name in (
        ".env",
        "tarash.toml",
        ".tarash",
        "tarash.ini",
        "tarash.json",
        "config.toml",
        "pyproject.toml",
        ".netrc",
    ):
        (tmp_path / name).write_text(f"FAL_KEY={SECRET}\n")
    done = subprocess.run(
        [sys.executable, "-c", LISTENER],
        cwd=tmp_path,
        env={"PATH": "", "HOME": str(tmp_path.parent), "TARASH_CACHE_DIR": str(tmp_path.parent / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "FAL_KEY" in done.stdout
    assert "opened []" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_a_netrc_file_is_not_used(stand: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password s3cret\ndefault login me password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text(netrc.read_text())
    stand.world.save(stand.generate(), tmp_path / "film")
    assert [one for one in stand.server.requests if "authorization" in one.headers] == []


# --- F7: signed links

SIGNED = "X-Amz-Signature=5igned"


def leads_to(stand: Bench, link: str) -> None:
    stand.studio.finished = lambda job: {"id": job, "status": "done", "url": link}  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "step",
    [
        *(Answer(status, body=b"no") for status in (403, 404, 410, 500)),
        *(Reset(), Close(), Answer(200, body="<html>gone</html>"), Answer(200, body=b"")),
        *(Redirect(f"/again?{SIGNED}"), Redirect(f"http://10.0.0.1/x?{SIGNED}"), Redirect(f"ftp://x/?{SIGNED}")),
    ],
)
def test_a_signed_link_loses_its_signature_in_messages_and_logs(
    stand: Bench, caplog: pytest.LogCaptureFixture, tmp_path: Path, step: ServerStep
) -> None:
    leads_to(stand, f"{stand.server.url}/films/job-1.mp4?{SIGNED}&Expires=60")
    stand.server.script("GET", "/films/*", step, times=None)
    stand.server.script("GET", "/again", step, times=None)
    with caplog.at_level(logging.DEBUG):
        response = stand.generate(api_key=SECRET)
        with pytest.raises(TarashException) as caught:
            stand.world.save(response, tmp_path / "film")
    assert SIGNED in str(response.video)
    shown = ["".join(traceback.format_exception(caught.value)), str(caught.value), repr(caught.value), *caplog.messages]
    shown += [str(getattr(caught.value, "url", ""))]
    assert_nowhere("5igned", *shown)


SIGNED_LINKS = [
    f"https://cdn.example/a.mp4?{SIGNED}",
    f"HTTPS://CDN.EXAMPLE/a.mp4?{SIGNED}",
    f"https:\\/\\/cdn.example\\/a.mp4?{SIGNED}",
    f"https://cdn.example/a.mp4?x=1&{SIGNED}#part",
    f"https://cdn.example/a.mp4#{SIGNED}",
    f"https://cdn.example?{SIGNED}",
    f"https://user:{SIGNED}@cdn.example/a.mp4",
    f"see <https://cdn.example/a.mp4?{SIGNED}>, or (http://cdn.example/b.mp4?{SIGNED})",
    f"data:image/png;base64,{'5igned' * 10}",
]


@pytest.mark.parametrize("link", SIGNED_LINKS)
@pytest.mark.parametrize("where", ["submit", "page", "poll", "failed"])
def test_a_signed_link_that_a_provider_tells_loses_its_signature(
    stand: Bench, caplog: pytest.LogCaptureFixture, link: str, where: str
) -> None:
    if where == "submit":
        stand.on_submit(Answer(400, json={"problem": f"cannot read {link}"}))
    if where == "page":
        stand.on_submit(Answer(502, body=f"cannot read {link}"))
    if where == "poll":
        stand.on_poll(Answer(403, json={"problem": f"cannot read {link}"}))
    if where == "failed":
        stand.on_poll(Answer(json={"id": "job-1", "status": "failed", "reason": f"cannot read {link}"}))
    updates: list[Any] = []
    with caplog.at_level(logging.DEBUG), pytest.raises(TarashException) as caught:
        stand.generate(updates.append)
    metadata = caught.value.execution_metadata
    assert metadata is not None
    shown = ["".join(traceback.format_exception(caught.value)), *caplog.messages, *(one.error or "" for one in updates)]
    assert_nowhere("5igned", *shown, metadata.model_dump_json())


# --- F8: jobs


def altered(job: Job, **changes: Any) -> Job:
    """The job as a forger would write it."""
    return Job.from_json(json.dumps({**json.loads(job.to_json()), **changes}))


FORGERIES: dict[str, Callable[[Job], Job]] = {
    "request_id": lambda job: altered(job, request_id="tarash-other"),
    "model": lambda job: altered(job, model="film-2"),
    "provider": lambda job: altered(job, provider="careless"),
    "kind": lambda job: altered(job, kind="image"),
    "base_url": lambda job: altered(job, base_url="https://evil.example"),
    "created_at": lambda job: altered(job, created_at=job.created_at + 1),
    "another job": lambda job: altered(job, states=[{"pending": {"id": "job-9"}}]),
    "one more": lambda job: altered(job, states=[*job.states, {"pending": {"id": "job-9"}}]),
    "a path": lambda job: altered(job, states=[{"pending": {"id": "../../admin"}}]),
    "done": lambda job: altered(job, states=[{"done": {"outputs": [], "raw": {}, "facts": {}, "metadata": {}}}]),
    "nonsense": lambda job: altered(job, states=[None]),
    "is_mock": lambda job: altered(job, is_mock=True),
    "account": lambda job: altered(job, account="0" * 16),
    "no account": lambda job: altered(job, account=""),
    "no signature": lambda job: altered(job, signature=""),
    "a signature in capitals": lambda job: altered(job, signature=job.signature.upper()),
    "half a signature": lambda job: altered(job, signature=job.signature[:32]),
    "a signature in another script": lambda job: altered(job, signature="\u00e9" * 64),
    "no text": lambda job: job.model_copy(update={"request_id": "\ud800"}),
    "a newer version": lambda job: job.model_copy(update={"version": 2}),
    "a copy": lambda job: job.model_copy(update={"states": [{"pending": {"id": "job-9"}}]}),
    "by hand": lambda job: Job(
        request_id="r",
        provider="acme",
        model="film-1",
        kind="video",
        base_url=job.base_url,
        created_at=1,
        states=[{"pending": {"id": "job-1"}}],
    ),
}

JOB_WORK: dict[str, tuple[Any, ...]] = {"resume": (), "poll": (), "cancel": (), "receive_webhook": ({}, b"{}")}


def rejected(stand: Bench, job: Any, **changes: Any) -> None:
    before = len(stand.server.requests)
    for function, more in JOB_WORK.items():
        with pytest.raises(JobRejectedError) as caught:
            stand.world.call(function, job, stand.config(**{"api_key": SECRET, **changes}), *more)
        assert_nowhere(SECRET, *everything_about(caught.value))
    assert len(stand.server.requests) == before


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_job_is_refused_before_any_request(stand: Bench, forgery: str) -> None:
    rejected(stand, FORGERIES[forgery](stand.submit(api_key=SECRET)))


def test_a_job_of_another_account_is_refused(stand: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = stand.submit(api_key=SECRET)
    for key in ("another-key", SECRET + "x", SECRET[:-1], SECRET.swapcase()):
        rejected(stand, job, api_key=key)
    monkeypatch.setenv("ACME_KEY", "another-key")
    rejected(stand, job, api_key=None)
    monkeypatch.setenv("ACME_KEY", SECRET)
    assert stand.world.call("poll", job, stand.config(api_key=None)).status == "processing"


def test_a_job_of_another_place_or_provider_is_refused(stand: Bench) -> None:
    job = stand.submit(api_key=SECRET)
    rejected(stand, job, base_url="https://api.acme.example")
    rejected(stand, job, base_url=f"{stand.server.url}/v2")
    rejected(stand, job, provider="careless")
    rejected(stand, job, provider="no-such-provider")


@pytest.mark.parametrize("thing", [None, "job-1", {}, b"", 3, object(), REQUEST])
def test_what_is_no_job_is_refused(stand: Bench, thing: Any) -> None:
    rejected(stand, thing)


class Exploit:
    """Unpickling it would leave a file behind."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def test_a_pickled_job_is_refused_and_never_unpickled(tmp_path: Path) -> None:
    file = tmp_path / "left behind"
    for protocol in range(6):
        with pytest.raises(JobRejectedError):
            Job.from_json(pickle.dumps(Exploit(file), protocol))
    assert not file.exists()


def test_a_job_that_travelled_unharmed_is_taken_up(stand: Bench) -> None:
    job = stand.submit(api_key=SECRET)
    travelled = [
        Job.from_json(job.to_json()),
        Job.from_json(json.dumps(json.loads(job.to_json()), indent=4, sort_keys=True)),
        pickle.loads(pickle.dumps(job)),  # noqa: S301
        copy.deepcopy(job),
    ]
    for one in travelled:
        assert stand.world.call("resume", one, stand.config(api_key=SECRET, model="another")).status == "completed"
    assert stand.charges == 1
