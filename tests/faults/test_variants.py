"""What holds for providers of another make: uploads before the paid request, links in answers, speech (A, B13, C)."""

import base64
from collections.abc import Iterator

import pytest
from tests.support.bench import KEY, Bench
from tests.support.moments import real_time
from tests.support.pages import HTML, PAGE
from tests.support.variants import LinkedAcme, SpeakingAcme, UploadingAcme

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import DownloadError, HTTPError, ProtocolError, TarashException, TimeoutError
from tarash.tarash_gateway.mock_media import asset
from tarash.tarash_gateway.models import AudioGenerationConfig, TTSRequest, TTSResponse
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import (
    Answer,
    Charge,
    Close,
    CutBody,
    DecompressionBomb,
    Delay,
    Drip,
    Hang,
    Perform,
    Reset,
    Step,
)

SOUND = asset("audio.mp3")


@pytest.fixture(autouse=True)
def variants() -> None:
    register_provider("uploading-acme", UploadingAcme())
    register_provider("linked-acme", LinkedAcme())
    register_provider("speaking-acme", SpeakingAcme())


# --- what is free may be sent again, what is paid may not


@pytest.mark.parametrize("fault", [Answer(500), Answer(503), Answer(429), Reset(), Close()])
def test_a_free_upload_is_sent_again_and_the_paid_request_once(bench: Bench, fault: Step) -> None:
    bench.server.script("PUT", "/uploads/*", fault, times=2)
    bench.server.script("PUT", "/uploads/*", Answer(200))
    bench.generate(provider="uploading-acme")
    assert [request.method for request in bench.server.requests][:4] == ["PUT", "PUT", "PUT", "POST"]
    assert (bench.posts, bench.charges) == (1, 1)


@pytest.mark.parametrize("fault", [Answer(400), Answer(403), Answer(500), Reset()])
def test_without_its_upload_nothing_is_paid(bench: Bench, fault: Step) -> None:
    bench.server.script("PUT", "/uploads/*", fault, times=None)
    with pytest.raises(TarashException) as info:
        bench.generate(provider="uploading-acme")
    assert (bench.posts, bench.charges) == (0, 0)
    assert not info.value.possibly_billed
    assert info.value.job is None


def test_when_the_time_is_over_nothing_is_paid_any_more(bench: Bench) -> None:
    bench.server.script("PUT", "/uploads/*", Delay(61), Answer(200))
    error = bench.fails(TimeoutError, provider="uploading-acme", timeout=60)
    assert (bench.posts, bench.charges) == (0, 0)
    assert "Nothing was paid" in error.message
    assert not error.possibly_billed


# --- links in answers


@pytest.fixture
def elsewhere(bench: Bench) -> Iterator[ScriptedServer]:
    """A host that nobody configured."""
    with ScriptedServer(clock=bench.clock, ledger=bench.ledger) as server:
        yield server


@pytest.mark.parametrize(
    "link", ["{elsewhere}/jobs/job-1", "https://{host}/jobs/job-1", "file:///etc/passwd", "/jobs/1"]
)
def test_a_link_that_leads_elsewhere_is_not_followed(bench: Bench, elsewhere: ScriptedServer, link: str) -> None:
    where = link.format(elsewhere=elsewhere.url, host=f"127.0.0.1:{bench.server.port}")
    bench.on_submit(Charge("job-1"), Answer(json={"id": "job-1", "status_url": where}))
    with pytest.raises(TarashException) as info:
        bench.generate(provider="linked-acme")
    assert isinstance(info.value, ProtocolError)
    assert info.value.job is not None
    assert info.value.job.provider_ids == ["job-1"]
    assert not elsewhere.requests
    assert (bench.posts, bench.polls, bench.charges) == (1, 0, 1)


def test_a_link_that_leads_home_is_followed(bench: Bench) -> None:
    bench.on_submit(Charge("job-1"), Answer(json={"id": "job-1", "status_url": f"{bench.server.url}/jobs/job-1"}))
    assert bench.generate(provider="linked-acme").video
    assert bench.server.requests.matching("GET", "/jobs/*")[0].headers["x-acme-key"] == KEY


# --- speech is fetched before the call returns


def speak(bench: Bench, **changes: object) -> TTSResponse:
    given = {"provider": "speaking-acme", "api_key": KEY, "base_url": bench.server.url, "timeout": 60, **changes}
    response: TTSResponse = bench.world.call(
        "generate_tts", AudioGenerationConfig.model_validate(given), TTSRequest(text="Good morning.", voice_id="v")
    )
    return response


UNUSABLE: list[Step] = [Answer(200, HTML, PAGE), Answer(), Answer(404), Answer(403), Answer(500), Reset()]
UNUSABLE.append(DecompressionBomb(300 << 20))


@pytest.fixture
def sound(bench: Bench) -> None:
    bench.studio.film = SOUND


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("fault", [CutBody(100), CutBody(9000, reset=True), Answer(500), Answer(503), Close()])
def test_speech_that_was_cut_is_fetched_again(bench: Bench, fault: Step) -> None:
    bench.on_film(fault, times=2)
    response = speak(bench)
    assert base64.b64decode(response.audio) == SOUND
    assert (bench.posts, bench.charges, bench.downloads) == (1, 1, 3)


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize(
    "fault",
    [Answer(200, HTML, PAGE), Answer(), Answer(404), Answer(403), Answer(500), Reset(), DecompressionBomb(1 << 30)],
)
def test_speech_that_cannot_be_fetched_is_not_bought_again(bench: Bench, fault: Step) -> None:
    bench.on_film(fault, times=None)
    with pytest.raises(DownloadError) as info:
        speak(bench, fallback_configs=[{"provider": "speaking-acme", "api_key": KEY, "base_url": bench.server.url}])
    assert info.value.job is not None
    assert info.value.url is not None
    assert (bench.posts, bench.charges, bench.cancels) == (1, 1, 0)

    bench.server.scripts.clear()
    config = AudioGenerationConfig(provider="speaking-acme", api_key=KEY, base_url=bench.server.url)
    assert base64.b64decode(bench.world.call("resume", info.value.job, config).audio) == SOUND
    assert bench.posts == 1


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("fault", [Hang(), Drip(0.05, Answer(body=SOUND)), Drip(0.05, Answer(body=SOUND), of="header")])
def test_slow_speech_does_not_outlast_the_deadline(bench: Bench, fault: Step) -> None:
    bench.on_film(fault, times=None)
    with real_time(1.3), pytest.raises(DownloadError) as info:
        speak(bench, timeout=0.3, poll_interval=0.01)
    assert info.value.job is not None


@pytest.mark.usefixtures("sound")
def test_refused_speech(bench: Bench) -> None:
    bench.on_submit(Answer(400, json={"problem": "no such voice"}))
    with pytest.raises(HTTPError) as info:
        speak(bench)
    assert (bench.posts, info.value.job) == (1, None)


@pytest.mark.usefixtures("sound")
def test_speech_of_which_nobody_knows(bench: Bench) -> None:
    bench.on_submit(Perform(), Reset())
    with pytest.raises(TarashException) as info:
        speak(bench)
    assert info.value.possibly_billed
    assert bench.posts == 1
