"""Providers with a mistake around the paid request: what was paid is never taken for unpaid, and never bought again."""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import JsonValue
from tests.support.acme import Acme, Videos
from tests.support.bench import KEY, Bench
from tests.support.leaks import assert_nowhere, everything_about
from tests.support.moments import real_time
from tests.support.worlds import AsyncWorld

from tarash.tarash_gateway import register_provider, stream_tts, stream_tts_async
from tarash.tarash_gateway.exceptions import HTTPError, SubmitOutcomeUnknownError, TarashException
from tarash.tarash_gateway.messages import Done, Json, Pending, RawAudio, Request, Response, Step, Streaming, text_at
from tarash.tarash_gateway.models import AudioGenerationConfig, Kind, TTSRequest
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, passthrough_field_mapper
from tarash.testkit.steps import Answer, Charge, Drip, Hang


class Asks(Videos):
    """Pays, and asks for something more before it says what was accepted."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        accepted = yield from super().submit(call)
        yield Request("GET", f"{call.base_url}/details")
        return accepted


class Returns(Videos):
    """Accepts with a state that cannot be kept."""

    def __init__(self, state: Any) -> None:
        self._state = state

    def submit(self, call: Call) -> Step[Pending | Done]:
        yield from super().submit(call)
        return Pending(self._state)


class Yields(Videos):
    """Asks for something that nobody has."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        accepted = yield from super().submit(call)
        yield "the time of day"  # type: ignore[misc]
        return accepted


CARELESS: dict[str, Operation] = {
    "asks for more": Asks(),
    "no state": Returns(None),
    "half a character": Returns({"id": "\ud800"}),
    "no effect": Yields(),
}


@pytest.mark.parametrize("mistake", CARELESS)
def test_what_was_paid_is_unknown_when_the_provider_stumbles(bench: Bench, mistake: str) -> None:
    class Careless(Acme):
        operations: Mapping[Kind, Operation] = {"video": CARELESS[mistake]}

    register_provider("careless-acme", Careless())
    bench.server.script("GET", "/details", Answer(503), times=None)
    error = bench.fails(
        SubmitOutcomeUnknownError,
        provider="careless-acme",
        on_unknown_submit="raise",
        fallback_configs=[bench.config()],
    )
    assert error.possibly_billed
    assert (bench.posts, bench.charges) == (1, 1)


class Stumbles(Acme):
    """Cannot read errors."""

    def __init__(self, meaning: Any) -> None:
        self._meaning = meaning

    def error(self, response: Response) -> TarashException | None:
        if isinstance(self._meaning, type):
            raise self._meaning("oops")
        return self._meaning  # type: ignore[no-any-return]


@pytest.mark.parametrize("meaning", [KeyError, RecursionError, "a text", ValueError("no error of tarash")])
@pytest.mark.parametrize(("status", "expected"), [(502, SubmitOutcomeUnknownError), (400, HTTPError)])
def test_an_error_that_the_provider_cannot_read_is_judged_by_its_status(
    bench: Bench, meaning: Any, status: int, expected: type[TarashException]
) -> None:
    register_provider("stumbling-acme", Stumbles(meaning))
    bench.on_submit(Charge("job-1"), Answer(status, json={"x": 1}))
    error = bench.fails(expected, provider="stumbling-acme")
    assert error.possibly_billed is (status == 502)
    assert bench.posts == 1


# --- secrets that are exchanged, in requests that are listened to


SECRET = "subject-token-81c5"


class Speech(Operation):
    def stream(self, call: Call) -> Step[Streaming]:
        request = Request("POST", f"{call.base_url}/speak", body=Json({}), billable=True, secrets=[SECRET])
        return Streaming(request, RawAudio("audio/mpeg"))
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield Request("POST", f"{call.base_url}/speak", body=Json({}), billable=True, secrets=[SECRET])
        return Pending({"id": text_at(answer.object(), "id")})

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        raise NotImplementedError


class Speaker(Acme):
    default_models: Mapping[Kind, str] = {"tts": "voice-1"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {
        "tts": {"": {"text": passthrough_field_mapper("text"), "voice": passthrough_field_mapper("voice_id")}}
    }
    operations: Mapping[Kind, Operation] = {"tts": Speech()}


def speaking(bench: Bench, **changes: Any) -> AudioGenerationConfig:
    register_provider("listening-acme", Speaker())
    return AudioGenerationConfig(provider="listening-acme", api_key=KEY, base_url=bench.server.url, **changes)


@pytest.mark.parametrize("how", ["generate_tts", "stream_tts"])
def test_an_exchanged_secret_is_told_nowhere(bench: Bench, how: str) -> None:
    bench.server.script("POST", "/speak", Answer(403, json={"problem": f"bad {SECRET}", "more": [SECRET]}))
    config, request = speaking(bench), TTSRequest(text="hello", voice_id="v")
    with pytest.raises(HTTPError) as caught:
        listen(bench, config, request) if how == "stream_tts" else bench.world.call(how, config, request)
    assert_nowhere(SECRET, *everything_about(caught.value))


def test_a_stream_that_drips_has_an_end(bench: Bench) -> None:
    sound = Answer(200, {"Content-Type": "audio/mpeg"}, b"\xff\xfb" * 200)
    bench.server.script("POST", "/speak", Charge("speech-1"), Drip(0.05, sound))
    with real_time(2.0), pytest.raises(SubmitOutcomeUnknownError, match="broke off in the middle") as caught:
        listen(bench, speaking(bench, timeout=0.4), TTSRequest(text="hello", voice_id="v"))
    assert not caught.value.retryable
    assert caught.value.possibly_billed


def listen(bench: Bench, config: AudioGenerationConfig, request: TTSRequest) -> None:
    if not isinstance(bench.world, AsyncWorld):
        list(stream_tts(config, request))
        return

    async def work() -> None:
        async for _ in stream_tts_async(config, request):
            pass

    bench.world.run(work)


def test_an_interruption_before_the_first_sound_tells_what_is_unknown(bench: Bench) -> None:
    bench.server.script("POST", "/speak", Charge("speech-1"), Hang())
    config, request = speaking(bench), TTSRequest(text="hello", voice_id="v")
    if not isinstance(bench.world, AsyncWorld):
        pytest.skip("a signal would interrupt the tests")

    async def work() -> None:
        task = asyncio.ensure_future(anext(stream_tts_async(config, request)))
        await asyncio.to_thread(bench.server.requests.wait_for, 1)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError) as stopped:
        bench.world.run(work)
    assert "unknown whether the job was accepted" in stopped.value.__notes__[0]
