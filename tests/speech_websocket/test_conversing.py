"""Text that is still being written, over WebSockets: sound before its end, nothing lost, nothing paid twice."""

import asyncio
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from tests.support.conversing import PCM, VENDORS, WORDS, Talkshow, Writing, sound_of
from tests.support.moments import eventually
from tests.support.speech import heard

from tarash.tarash_gateway import register_provider, stream_tts
from tarash.tarash_gateway.exceptions import (
    HTTPConnectionError,
    HTTPError,
    InsufficientCreditsError,
    ProtocolError,
    SubmitOutcomeUnknownError,
    TarashException,
    TimeoutError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.messages import Conversation, Request, Step
from tarash.tarash_gateway.mock import MockConfig
from tarash.tarash_gateway.mock_media import asset
from tarash.tarash_gateway.models import (
    AudioChunk,
    AudioGenerationConfig,
    AudioOutputFormat,
    Kind,
    Timing,
    TTSRequest,
)
from tarash.tarash_gateway.providers.base import Call, Operation, Provider
from tarash.tarash_gateway.providers.conversations import JsonFrames
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, passthrough_field_mapper
from tarash.testkit.server import ScriptedServer, refused_port
from tarash.testkit.steps import Answer, Gate
from tarash.testkit.websockets import Deaf, Drop, Mute, Refuse, Say, Wait

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
EVERY_VENDOR = pytest.mark.parametrize("vendor", list(VENDORS))


# --- what comes out


@EVERY_VENDOR
def test_the_chunks_joined_are_speech(show: Talkshow, vendor: str) -> None:
    rate = 48_000 if vendor == "hume" else 24_000
    chunks = show.listen(config=show.config(vendor))
    found = heard(sound_of(chunks), "pcm", rate)
    assert found.seconds == pytest.approx(0.2 * len([chunk for chunk in chunks if chunk.audio]), abs=0.01)
    assert all((chunk.content_type or "").startswith("audio/pcm") for chunk in chunks)
    assert show.ledger.total_charges == 1


@pytest.mark.parametrize("form", ["mp3", "opus"])
def test_other_formats(show: Talkshow, form: str) -> None:
    chunks = show.listen(output_format=AudioOutputFormat(format=form))
    assert heard(sound_of(chunks), form).codec == form


def test_a_default_format_raises_nowhere(show: Talkshow) -> None:
    for vendor in VENDORS:
        assert sound_of(show.listen(config=show.config(vendor), output_format=AudioOutputFormat()))


TIMES = {
    "elevenlabs": Timing("w", 0.2, 0.229, "character"),
    "cartesia": Timing("lo", 0.2, 0.4),
    "hume": Timing("How are you?", 0.2, 0.4),
}


@EVERY_VENDOR
def test_timings_count_from_the_start_of_all_sound(show: Talkshow, vendor: str) -> None:
    chunks = show.listen(config=show.config(vendor, provider_config={"timings": True}))
    times = [time for chunk in chunks for time in chunk.timings]
    assert any(
        (time.text, time.unit) == (TIMES[vendor].text, TIMES[vendor].unit)
        and (time.start, time.end) == pytest.approx((TIMES[vendor].start, TIMES[vendor].end))
        for time in times
    )
    assert [time.start for time in times] == sorted(time.start for time in times)


def test_a_plain_iterator_serves_both_worlds(show: Talkshow) -> None:
    show.listen(iter(WORDS))
    texts = [message["text"] for message in show.visits()[0].messages]
    assert texts == [" ", "Hello ", "world. ", "How are you? ", ""]


def test_the_parameters_go_where_the_vendor_wants_them(show: Talkshow) -> None:
    show.listen(
        language_code="de-DE",
        voice_settings={"stability": 0.4},
        extra_params={
            "auto_mode": True,
            "try_trigger_generation": True,
            "generation_config": {"chunk_length_schedule": [50]},
        },
        config=show.config(model="eleven_flash_v2_5"),
    )
    visit = show.visits()[0]
    assert visit.asked == {
        "model_id": "eleven_flash_v2_5",
        "output_format": "pcm_24000",
        "language_code": "de",
        "auto_mode": "true",
    }
    first, second, *_ = visit.messages
    schedule = {"chunk_length_schedule": [50]}
    assert first == {"text": " ", "voice_settings": {"stability": 0.4}, "generation_config": schedule}
    assert second == {"text": "Hello ", "try_trigger_generation": True}


def test_the_text_that_comes_apart_is_no_ignored_parameter(show: Talkshow) -> None:
    assert show.listen(config=show.config(unsupported_params="error"))


def test_a_text_that_is_too_long_for_hume_is_cut(show: Talkshow) -> None:
    text = "word " * 2000
    show.listen([text], config=show.config("hume"))
    texts = [message["text"] for message in show.visits("hume")[0].messages if "text" in message]
    assert "".join(texts) == text
    assert [len(one) for one in texts] == [5000, 5000]


# --- at the same time


def test_the_first_sound_comes_before_the_end_of_the_text(show: Talkshow) -> None:
    first_sound = threading.Event()
    # The text does not go on before something was heard: whoever reads it first, or waits for it, hears nothing.
    chunks = show.listen(Writing("Hello there.", first_sound, " And now the rest."), lambda chunk: first_sound.set())
    assert len(chunks) == 2


def test_a_blocking_plain_iterator_does_not_hold_up_the_sound(show: Talkshow) -> None:
    first_sound = threading.Event()
    text = Writing("Hello there.", first_sound, " And now the rest.")
    chunks = show.listen((piece for piece in text), lambda chunk: first_sound.set())
    assert len(chunks) == 2


def test_all_sound_that_is_there_comes_while_the_text_stands_still(show: Talkshow) -> None:
    all_heard, number = threading.Event(), 20
    text = Writing(*["A sentence. "] * number, all_heard)
    count: list[AudioChunk] = []

    def listener(chunk: AudioChunk) -> None:
        count.append(chunk)
        if len(count) == number:
            all_heard.set()

    show.listen(text, listener)
    assert len(count) == number


# --- the caller's iterator


class OwnError(Exception):
    """Of the caller's program."""


@pytest.mark.parametrize("pieces", [(), ("Hello there.",), ("Hello there.", " More")], ids=len)
@pytest.mark.parametrize("kind", [OwnError, ValueError, HTTPError, HTTPConnectionError, TimeoutError, ProtocolError])
def test_what_the_iterator_raises_is_raised_as_it_is(show: Talkshow, pieces: Any, kind: type[Exception]) -> None:
    error = kind("of another call")
    config = show.config(fallback_configs=[show.config("cartesia")])
    with pytest.raises(kind) as caught:
        show.listen(Writing(*pieces, error), config=config)
    assert caught.value is error
    assert str(error) == "of another call"
    if isinstance(error, TarashException):
        assert (error.provider, error.possibly_billed) == (None, False)
    assert show.visits()[0].left.wait(1)
    assert show.visits("cartesia") == []


def test_an_interruption_in_the_iterator_passes(show: Talkshow) -> None:
    if show.world.name == "async":
        return  # There it ends the event loop itself.
    with pytest.raises(KeyboardInterrupt):
        show.listen(Writing("Hello there.", KeyboardInterrupt()))
    assert show.visits()[0].left.wait(1)


@pytest.mark.parametrize("piece", [b"bytes", 3, None], ids=repr)
def test_pieces_that_are_no_strings(show: Talkshow, piece: Any) -> None:
    with pytest.raises(ValidationError, match="must come as strings"):
        show.listen(["Hello.", piece])


def test_half_a_character(show: Talkshow) -> None:
    with pytest.raises(ValidationError, match="surrogate"):
        show.listen(["Hello.", "\ud800"])


@pytest.mark.parametrize("text", [[], [""], ["", "  ", "\n"]], ids=repr)
def test_no_text_costs_nothing(show: Talkshow, text: list[str]) -> None:
    with pytest.raises(ValidationError, match="no text"):
        show.listen(text)
    assert show.ledger.total_charges == 0


@pytest.mark.parametrize("text", ["whole", b"bytes", 3], ids=repr)
def test_what_is_no_iterator_is_refused_before_anything_is_sent(show: Talkshow, text: Any) -> None:
    with pytest.raises(ValidationError, match="iterator of strings"):
        show.listen(text)
    assert show.visits() == []


def test_two_texts_are_refused(show: Talkshow) -> None:
    with pytest.raises(ValidationError, match="not both"):
        show.listen(WORDS, text="Hello.")
    assert show.visits() == []


def test_an_async_iterator_is_for_the_async_function(show: Talkshow) -> None:
    async def text() -> Any:
        yield "Hello."

    if show.world.name == "async":
        assert show.listen(text())
        return
    with pytest.raises(ValidationError, match="stream_tts_async"):
        show.listen(text())


# --- the end


@pytest.mark.parametrize("moment", ["mute", "blocked text"])
def test_leaving_early_closes_the_connection(show: Talkshow, moment: str) -> None:
    go_on = threading.Event()
    if moment == "mute":
        show.fail(Mute(after=1))
    text = Writing(*["A sentence. "] * 3, *([go_on] if moment == "blocked text" else []))
    moments: list[float] = []

    def see_it_off() -> None:
        show.visits()[0].left.wait(5)
        moments.append(time.monotonic())

    watch = threading.Thread(target=see_it_off)

    def leave(chunk: AudioChunk) -> bool:
        watch.start()
        moments.append(time.monotonic())
        return True

    try:
        show.listen(text, leave)
        watch.join()
    finally:
        go_on.set()
    assert moments[1] - moments[0] < 0.05


def test_nothing_is_left_over(show: Talkshow) -> None:
    show.listen(Writing(*WORDS))
    before = threading.active_count()
    for _ in range(3):
        show.listen(Writing(*WORDS))
    assert eventually(lambda: threading.active_count() <= before)


def test_a_silent_provider_is_not_waited_for_for_ever(show: Talkshow) -> None:
    show.fail(Mute())
    with pytest.raises(SubmitOutcomeUnknownError, match="silent") as caught:
        show.listen(config=show.config(timeout=0.2))
    assert caught.value.possibly_billed


def test_the_whole_conversation_has_a_deadline(show: Talkshow) -> None:
    never = threading.Event()
    try:
        started = time.monotonic()
        with pytest.raises(TimeoutError, match=r"within 0\.2 seconds") as caught:
            show.listen(Writing("Hello there.", " And", never), config=show.config(timeout=0.2))
        assert time.monotonic() - started < 1
        assert caught.value.possibly_billed
        assert not caught.value.retryable
    finally:
        never.set()


def test_a_provider_who_reads_nothing_does_not_hold_the_caller(show: Talkshow) -> None:
    show.fail(Deaf())
    started = time.monotonic()
    with pytest.raises(TimeoutError, match=r"within 0\.3 seconds"):
        show.listen(("many words " * 100_000 for _ in range(1000)), config=show.config(timeout=0.3))
    assert time.monotonic() - started < 1.5


def test_a_listener_who_takes_his_time_is_not_waited_for(show: Talkshow) -> None:
    pause = threading.Event()
    chunks = show.listen(["A sentence. "] * 4, lambda chunk: pause.wait(0.1) and None, show.config(timeout=0.3))
    assert len(chunks) == 4


# --- money, and the next provider


def test_what_was_read_of_the_text_is_said_to_the_next_provider(show: Talkshow) -> None:
    show.fail(Drop())
    config = show.config(fallback_configs=[show.config("cartesia")])
    assert show.listen(iter(WORDS), config=config)
    said = [message["transcript"] for message in show.visits("cartesia")[0].messages]
    assert "".join(said) == "".join(WORDS)
    assert len(show.visits()) == 1


def test_no_text_is_lost_while_the_iterator_is_being_waited_for(show: Talkshow) -> None:
    second = threading.Event()
    show.fail(Drop())
    text = Writing("One sentence. ", second, "Another one. ", "A third.")
    config = show.config(fallback_configs=[show.config("cartesia")])
    # The text goes on when the second provider has said what it was given of it.
    assert show.listen(text, lambda chunk: second.set(), config)
    said = [message["transcript"] for message in show.visits("cartesia")[0].messages]
    assert "".join(said) == "One sentence. Another one. A third."


def test_after_the_first_sound_there_is_no_way_back(show: Talkshow) -> None:
    show.fail(Drop(after=1))
    with pytest.raises(SubmitOutcomeUnknownError, match="broke off") as caught:
        show.listen(config=show.config(fallback_configs=[show.config("cartesia")]))
    assert not caught.value.retryable
    assert caught.value.possibly_billed
    assert show.visits("cartesia") == []


@pytest.mark.parametrize("fault", [Drop(), Drop(hang_up=True), Mute(), Say("not json"), Say([1])], ids=repr)
def test_a_text_that_went_out_may_have_been_paid_for(show: Talkshow, fault: Any) -> None:
    show.fail(fault)
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        show.listen(config=show.config(timeout=0.3))
    assert (caught.value.possibly_billed, caught.value.retryable) == (True, True)
    assert len(show.visits()) == 1
    (attempt,) = caught.value.execution_metadata.attempts
    assert attempt.possibly_billed


def test_nothing_is_paid_where_nobody_listens(show: Talkshow) -> None:
    with refused_port() as port, pytest.raises(HTTPConnectionError, match="No text was sent") as caught:
        show.listen(config=show.config(base_url=f"http://127.0.0.1:{port}", timeout=0.5))
    assert (caught.value.possibly_billed, caught.value.retryable) == (False, True)


REFUSALS = [
    ("elevenlabs", 401, {"detail": {"code": "invalid_api_key", "message": "no"}}, HTTPError, False),
    ("elevenlabs", 402, {"detail": {"code": "quota_exceeded", "message": "no"}}, InsufficientCreditsError, False),
    ("elevenlabs", 503, {"detail": {"code": "service_unavailable", "message": "no"}}, HTTPError, True),
    ("cartesia", 429, {"error_code": "concurrency_limited", "title": "Busy", "message": "no"}, HTTPError, True),
    ("cartesia", 404, {"error_code": "voice_not_found", "title": "No", "message": "no"}, TarashException, False),
    ("hume", 401, {"message": "no"}, HTTPError, False),
]


@pytest.mark.parametrize(("vendor", "status", "body", "kind", "retryable"), REFUSALS)
def test_a_refused_handshake(
    show: Talkshow, vendor: str, status: int, body: Any, kind: type[TarashException], retryable: bool
) -> None:
    show.fail(*[Refuse(Answer(status, {"Retry-After": "0"}, json=body))] * 9, name=vendor)
    with pytest.raises(kind) as caught:
        show.listen(config=show.config(vendor, timeout=2))
    assert (caught.value.retryable, caught.value.possibly_billed) == (retryable, False)
    assert caught.value.provider == vendor
    assert show.ledger.total_charges == 0


def test_a_handshake_that_is_told_to_wait_is_made_again(show: Talkshow) -> None:
    body = {"detail": {"code": "system_busy", "message": "later"}}
    show.fail(Refuse(Answer(429, {"Retry-After": "0"}, json=body)))
    assert show.listen()
    assert (len(show.visits()), show.ledger.total_charges) == (2, 1)


ERRORS = [
    ("elevenlabs", {"message": "no", "error": "quota_exceeded", "code": 1008}, InsufficientCreditsError, False),
    ("elevenlabs", {"message": "no", "error": "invalid_api_key", "code": 1008}, HTTPError, False),
    ("elevenlabs", {"message": "no", "error": "system_busy", "code": 1008}, HTTPError, True),
    ("elevenlabs", {"message": "no", "error": "internal_error", "code": 1011}, HTTPError, True),
    ("elevenlabs", {"message": "no", "error": "something_new", "code": 1008}, ValidationError, False),
    (
        "cartesia",
        {"type": "error", "title": "No", "message": "no", "error_code": "quota_exceeded", "status_code": 402},
        InsufficientCreditsError,
        False,
    ),
    (
        "cartesia",
        {"type": "error", "title": "No", "message": "no", "error_code": "concurrency_limited", "status_code": 429},
        HTTPError,
        True,
    ),
    (
        "cartesia",
        {"type": "error", "title": "No", "message": "no", "error_code": "language_not_supported", "status_code": 400},
        ValidationError,
        False,
    ),
    ("hume", {"type": "error", "code": "E0300", "error": "no", "message": "out of credits"}, TarashException, False),
    ("hume", {"type": "error", "code": "E0100", "error": "no", "message": "wrong"}, ValidationError, False),
]


@pytest.mark.parametrize(("vendor", "message", "kind", "retryable"), ERRORS)
def test_an_error_inside_a_conversation(
    show: Talkshow, vendor: str, message: Any, kind: type[TarashException], retryable: bool
) -> None:
    show.fail(Say(message), name=vendor)
    with pytest.raises(kind) as caught:
        show.listen(config=show.config(vendor))
    assert (caught.value.retryable, caught.value.possibly_billed) == (retryable, False)
    assert caught.value.provider == vendor


def test_an_error_after_sound_was_paid_for(show: Talkshow) -> None:
    show.fail(Say({"message": "no", "error": "system_busy", "code": 1008}, after=1))
    with pytest.raises(HTTPError) as caught:
        show.listen(config=show.config(fallback_configs=[show.config("cartesia")]))
    assert (caught.value.retryable, caught.value.possibly_billed) == (False, True)


def test_the_end_before_the_whole_text_was_said(show: Talkshow) -> None:
    go_on = threading.Event()
    show.fail(Say({"audio": None, "isFinal": True}, code=1000))
    try:
        with pytest.raises(SubmitOutcomeUnknownError, match="whole text"):
            show.listen(Writing("Hello there.", go_on, " More."))
    finally:
        go_on.set()


# --- secrets


@EVERY_VENDOR
def test_the_key_goes_into_a_header_only(show: Talkshow, vendor: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    show.listen(config=show.config(vendor))
    (visit,) = show.visits(vendor)
    key = show.server(vendor).vendor.key  # type: ignore[attr-defined]
    assert [name for name, value in visit.headers.items() if key in value] in (
        ["xi-api-key"],
        ["authorization"],
        ["x-hume-api-key"],
    )
    assert key not in visit.path
    assert all(key not in value for _, value in visit.query)
    assert not any(key in str(message) for message in visit.messages)
    assert key not in caplog.text


def test_a_key_that_is_echoed_is_taken_out(show: Talkshow) -> None:
    key = show.server().vendor.key  # type: ignore[attr-defined]
    show.fail(Say({"message": f"{key} is no key", "error": "invalid_api_key", "code": 1008}))
    with pytest.raises(HTTPError) as caught:
        show.listen()
    assert key not in str(caught.value)
    assert key not in repr(caught.value.raw_response)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(show: Talkshow, status: int) -> None:
    server = show.server()
    elsewhere = show.server("elevenlabs 2")
    server.fail_next(Refuse(Answer(status, {"Location": f"{elsewhere.socket_url}/v1/text-to-speech/v1/stream-input"})))
    with pytest.raises(HTTPError, match=str(status)):
        show.listen()
    assert elsewhere.visits == []


def test_a_key_does_not_travel_in_the_clear(show: Talkshow) -> None:
    with pytest.raises(ValidationError, match="in the clear"):
        show.listen(config=show.config(base_url="http://speech.example"))


def test_the_proxy_of_the_environment_is_used(show: Talkshow, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        with pytest.raises(HTTPConnectionError):
            show.listen(config=show.config(base_url="https://speech.example", timeout=0.5))
        assert any("CONNECT speech.example:443" in asked for asked in proxy.malformed)
        assert not list(proxy.requests)


# --- who takes part


def test_the_mock_takes_part(show: Talkshow) -> None:
    chunks = show.listen(Writing("Hello", " there"), config=show.config(mock=MockConfig()))
    assert sound_of(chunks) == asset("audio.pcm")
    assert show.visits() == []


def test_a_vendor_without_a_websocket(show: Talkshow) -> None:
    config = AudioGenerationConfig(provider="sarvam", api_key="k", base_url="http://127.0.0.1:1")
    with pytest.raises(UnsupportedOperationError, match="whole text"):
        show.listen(config=config, output_format=AudioOutputFormat(format="wav", sample_rate=24_000))


def test_two_conversations_at_once_do_not_cross(show: Talkshow) -> None:
    gate = Gate()
    show.fail(Wait(gate, before=0))
    config, request = show.config(), TTSRequest(text="", voice_id="v1", output_format=PCM)
    slow: list[bytes] = []
    thread = threading.Thread(target=lambda: slow.append(sound_of(stream_tts(config, request, text=["One.", "Two."]))))
    thread.start()
    assert eventually(lambda: len(show.visits()) == 1)
    quick = sound_of(show.listen(["Three."]))
    gate.open()
    thread.join(5)
    assert len(slow[0]) == 2 * len(quick)


def test_it_works_inside_a_running_loop(show: Talkshow) -> None:
    if show.world.name != "sync":
        return

    async def work() -> list[AudioChunk]:
        return show.listen()

    assert asyncio.run(work())


def test_a_handshake_is_a_get_without_a_body(show: Talkshow) -> None:
    with ScriptedServer() as server:
        with pytest.raises(HTTPError, match="nothing is scripted"):
            show.listen(config=show.config(base_url=server.url))
        assert [(request.method, request.body) for request in server.requests] == [("GET", b"")]


class Astray(Operation):
    """Leads elsewhere, and would take the key along."""

    def converse(self, call: Call) -> Step[Conversation]:
        return Conversation(Request("GET", f"{call.options['elsewhere']}/speak"), JsonFrames(lambda message: None))
        yield


class Guide(Provider):
    id = "guide"
    base_url = "https://guide.example"
    default_models: Mapping[Kind, str] = {"tts": "voice-1"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {
        "tts": {"": {"text": passthrough_field_mapper("text", required=True)}}
    }
    operations: Mapping[Kind, Operation] = {"tts": Astray()}


def test_no_provider_can_lead_the_key_astray(show: Talkshow) -> None:
    register_provider("guide", Guide())
    elsewhere = show.server()
    config = AudioGenerationConfig(provider="guide", api_key="k", provider_config={"elsewhere": elsewhere.url})
    with pytest.raises(ProtocolError, match="away from the provider"):
        show.listen(config=config, output_format=AudioOutputFormat(), voice_id=None)
    assert elsewhere.visits == []
