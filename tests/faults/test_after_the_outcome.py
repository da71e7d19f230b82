"""When a job is finished it is paid for: nothing that goes wrong afterwards leads to another submit (A7, C1, C2)."""

import base64
import io
import itertools
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.support.acme import Acme
from tests.support.bench import KEY, Bench
from tests.support.pages import HTML, PAGE
from tests.support.variants import GuardedVideos, SpeakingAcme

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.downloads import LinkExpiredError
from tarash.tarash_gateway.exceptions import (
    DownloadError,
    GenerationFailedError,
    HTTPConnectionError,
    HTTPError,
    PartialResultError,
    ProtocolError,
    SubmitOutcomeUnknownError,
    TarashException,
    TimeoutError,
)
from tarash.tarash_gateway.messages import Request, Step, text_at
from tarash.tarash_gateway.models import AudioGenerationConfig, Kind, TTSRequest, TTSResponse
from tarash.tarash_gateway.providers.base import Call, Credentials, Operation
from tarash.tarash_gateway.providers.field_mappers import (
    FieldMapping,
    passthrough_field_mapper,
    text_field_mapper,
)
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Close, Delay, Reset
from tarash.testkit.steps import Step as Played

NUMBERS = itertools.count()
SENTENCES = ("One two three.", "Four five six.")
SAMPLES = (b"\x01\x00" * 800, b"\x02\x00" * 1600)


def wav(samples: bytes) -> bytes:
    """A file with these samples, at 8,000 Hz."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples)
    return buffer.getvalue()


def samples_of(response: TTSResponse) -> bytes:
    with wave.open(io.BytesIO(base64.b64decode(response.audio))) as file:
        samples: bytes = file.readframes(file.getnframes())
        return samples


class FinishingAcme(Acme):
    """Whose last touch is what a test wants it to be."""

    touch: Callable[[Any], Any]

    def finish(self, call: Call, response: Any) -> Any:
        return self.touch(response)


class TokenAcme(SpeakingAcme):
    """Exchanges the key for a token that lasts five seconds, and keeps its results behind it."""

    operations: Mapping[Kind, Operation] = {"tts": GuardedVideos(), "video": GuardedVideos()}
    default_models: Mapping[Kind, str] = {"tts": "voice-1", "video": "film-1"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {**SpeakingAcme.mappings, **Acme.mappings}

    def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
        answer = yield Request("POST", f"{call.base_url}/token", headers={"X-Acme-Key": key or ""})
        token = text_at(answer.object(), "token")
        return Credentials({"Authorization": f"Bearer {token}"}, 5, token)


class NarratingAcme(SpeakingAcme):
    """Speaks one sentence at a time."""

    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {
        "tts": {"": {"text": text_field_mapper("text", maximum=20), "voice": passthrough_field_mapper("voice_id")}}
    }


@pytest.fixture(scope="module", autouse=True)
def variants() -> None:
    register_provider("narrating-acme", NarratingAcme())


@pytest.fixture
def token_acme() -> None:
    class FreshAcme(TokenAcme):
        # Tokens are kept for the whole process, by provider and address, and ports come back.
        id = f"token-acme-{next(NUMBERS)}"

    register_provider("token-acme", FreshAcme())


# --- the last touch


def raising(error: Exception) -> Callable[[Any], Any]:
    def touch(response: Any) -> Any:
        raise error

    return touch


TOUCHES: dict[str, Callable[[], tuple[Callable[[Any], Any], type[TarashException]]]] = {
    "no sense": lambda: (raising(ProtocolError("The answer is odd.")), ProtocolError),
    "the network": lambda: (raising(HTTPConnectionError("The line is dead.")), HTTPConnectionError),
    "503": lambda: (raising(HTTPError("Come back later.", status_code=503)), HTTPError),
    "the time": lambda: (raising(TimeoutError("That took too long.")), TimeoutError),
    "failed": lambda: (raising(GenerationFailedError("It did not work.")), GenerationFailedError),
    "unknown": lambda: (raising(SubmitOutcomeUnknownError("Nobody knows.")), SubmitOutcomeUnknownError),
    "a mistake": lambda: (raising(KeyError("x")), TarashException),
    "nothing": lambda: (lambda response: None, TarashException),
}


@pytest.mark.parametrize("fault", TOUCHES)
def test_a_last_touch_that_fails_does_not_buy_again(bench: Bench, second: ScriptedServer, fault: str) -> None:
    provider = FinishingAcme()
    provider.touch, expected = TOUCHES[fault]()
    register_provider("finishing-acme", provider)
    error = bench.fails(expected, provider="finishing-acme", fallback_configs=[bench.config(base_url=second.url)])
    assert not error.retryable
    assert error.job is not None
    assert error.job.provider_ids == ["job-1"]
    assert error.execution_metadata is not None
    assert error.execution_metadata.total_attempts == 1
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 0)
    assert not second.requests

    provider.touch = lambda response: response
    assert bench.resume(error.job, provider="finishing-acme").video
    assert bench.charges == 1


# --- a token for the result

NO_TOKEN: dict[str, list[Played]] = {
    "busy": [Answer(503, json={"problem": "busy"})],
    "an error of something else": [Answer(500)],
    "too many": [Answer(429, json={"problem": "slow down"})],
    "refused": [Answer(403, json={"problem": "no such key"})],
    "out of credit": [Answer(402, json={"problem": "no credit"})],
    "policy": [Answer(400, json={"problem": "policy"})],
    "closed": [Close()],
    "reset": [Reset()],
    "HTML": [Answer(200, HTML, PAGE)],
    "no token": [Answer(json={})],
}


def speech(provider: str, server: ScriptedServer, **changes: Any) -> AudioGenerationConfig:
    return AudioGenerationConfig.model_validate(
        {"provider": provider, "api_key": KEY, "base_url": server.url, "timeout": 300, **changes}
    )


def give_tokens(*servers: ScriptedServer) -> None:
    for server in servers:
        server.script("POST", "/token", Answer(json={"token": "a-token-of-acme"}), times=None)


@pytest.mark.usefixtures("token_acme")
@pytest.mark.parametrize("fault", NO_TOKEN)
def test_a_result_for_which_there_is_no_token_is_not_bought_again(
    bench: Bench, second: ScriptedServer, fault: str
) -> None:
    bench.studio.polls_needed = 1
    bench.studio.film = wav(SAMPLES[0])
    bench.server.script("POST", "/token", Answer(json={"token": "a-token-of-acme"}))
    bench.on_poll(
        Delay(6), Answer(json={"id": "job-1", "status": "done", "url": f"{bench.server.url}/films/job-1.mp4"})
    )
    bench.server.script("POST", "/token", *NO_TOKEN[fault], times=None)
    give_tokens(second)
    order = speech("token-acme", bench.server, fallback_configs=[speech("token-acme", second)])
    request = TTSRequest(text="Good morning.", voice_id="v")
    with bench.failing(DownloadError) as caught:
        bench.world.call("generate_tts", order, request)
    error = caught[0]
    assert error.url == f"{bench.server.url}/films/job-1.mp4"
    assert not error.retryable
    assert error.job is not None
    assert (bench.charges, bench.downloads, bench.cancels) == (1, 0, 0)
    assert not second.requests

    bench.server.scripts.clear()
    give_tokens(bench.server)
    response: TTSResponse = bench.world.call("resume", error.job, speech("token-acme", bench.server))
    assert samples_of(response) == SAMPLES[0]
    assert bench.charges == 1


@pytest.mark.usefixtures("token_acme")
@pytest.mark.parametrize("fault", NO_TOKEN)
def test_a_result_for_which_there_is_no_token_is_not_saved(bench: Bench, tmp_path: Path, fault: str) -> None:
    bench.server.script("POST", "/token", Answer(json={"token": "a-token-of-acme"}))
    response = bench.generate(provider="token-acme", poll_interval=1)
    bench.clock.advance(6)
    bench.server.scripts.clear()
    bench.server.script("POST", "/token", *NO_TOKEN[fault], times=None)
    with bench.failing(DownloadError) as caught:
        bench.world.save(response, tmp_path / "film.mp4")
    assert caught[0].job == response.job
    assert (bench.downloads, bench.charges) == (0, 1)
    assert not list(tmp_path.iterdir())


# --- speech in several jobs

UNREADABLE: dict[str, Callable[[str], Played]] = {
    "503": lambda job: Answer(503),
    "401": lambda job: Answer(401),
    "404": lambda job: Answer(404),
    "reset": lambda job: Reset(),
    "running": lambda job: Answer(json={"id": job, "status": "running"}),
    "without a film": lambda job: Answer(json={"id": job, "status": "done"}),
}


def narrate(bench: Bench, **changes: Any) -> TTSResponse:
    """Both sentences, each with a sound of its own. What a test scripts before comes first."""
    request = TTSRequest(text=" ".join(SENTENCES), voice_id="v", split_text=True)
    serve_sounds(bench)
    response: TTSResponse = bench.world.call("generate_tts", speech("narrating-acme", bench.server, **changes), request)
    return response


def serve_sounds(bench: Bench) -> None:
    for number, samples in enumerate(SAMPLES, 1):
        bench.server.script("GET", f"/films/job-{number}.mp4", Answer(body=wav(samples)), times=None)


@pytest.mark.parametrize("number", [1, 2])
def test_for_an_expired_piece_its_own_job_is_asked(bench: Bench, number: int) -> None:
    bench.studio.polls_needed = 1
    bench.server.script("GET", f"/films/job-{number}.mp4", Answer(403))
    # Done at once; after that the other job is not to be asked any more.
    other = f"job-{3 - number}"
    bench.server.script("GET", f"/jobs/{other}", Answer(json=bench.studio.finished(other)))
    bench.server.script("GET", f"/jobs/{other}", Answer(503), times=None)
    assert samples_of(narrate(bench)) == b"".join(SAMPLES)
    assert (bench.charges, bench.polls, bench.downloads) == (2, 3, 3)


@pytest.mark.parametrize("unreadable", UNREADABLE)
@pytest.mark.parametrize("job", ["job-1", "job-2"])
def test_a_piece_that_cannot_be_asked_is_not_replaced_by_another(
    bench: Bench, second: ScriptedServer, unreadable: str, job: str
) -> None:
    bench.server.script("GET", f"/films/{job}.mp4", Answer(403), times=None)
    bench.server.script("GET", f"/jobs/{job}", Answer(json=bench.studio.finished(job)))
    bench.server.script("GET", f"/jobs/{job}", UNREADABLE[unreadable](job), times=None)
    with bench.failing(LinkExpiredError) as caught:
        narrate(bench, fallback_configs=[speech("narrating-acme", second)])
    error = caught[0]
    assert f"{job}.mp4 is no longer served (HTTP 403)" in error.message
    assert not error.retryable
    assert error.job is not None
    assert error.job.provider_ids == ["job-1", "job-2"]
    assert (bench.posts, bench.charges, bench.cancels) == (2, 2, 0)
    assert not second.requests

    bench.server.scripts.clear()
    serve_sounds(bench)
    resumed: TTSResponse = bench.world.call("resume", error.job, speech("narrating-acme", bench.server))
    assert samples_of(resumed) == b"".join(SAMPLES)
    assert bench.charges == 2


def test_a_piece_that_failed_leaves_the_places_of_the_others(bench: Bench) -> None:
    bench.on_poll(Answer(json={"id": "job-1", "status": "failed", "reason": "the machine broke"}))
    bench.server.script("GET", "/films/job-2.mp4", Answer(403))
    with bench.failing(PartialResultError) as caught:
        narrate(bench)
    assert samples_of(caught[0].response) == SAMPLES[1]
    assert caught[0].missing == SENTENCES[:1]
    assert (bench.posts, bench.charges) == (2, 2)


def test_pieces_that_are_spoken_when_the_time_is_over_are_played(bench: Bench, second: ScriptedServer) -> None:
    bench.server.script("GET", "/jobs/job-2", Answer(json={"id": "job-2", "status": "running"}), times=None)
    with bench.failing(PartialResultError) as caught:
        narrate(bench, fallback_configs=[speech("narrating-acme", second)])
    assert samples_of(caught[0].response) == SAMPLES[0]
    assert caught[0].missing == SENTENCES[1:]
    assert [type(one) for one in caught[0].errors] == [TimeoutError]
    assert (bench.posts, bench.charges, bench.cancels) == (2, 2, 1)
    assert not second.requests
