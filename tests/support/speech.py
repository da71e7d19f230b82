"""What every vendor of speech is asked in the same way, against its simulator.

A simulator of speech has the operations "tts", "stream", "sts" (where the vendor has it) and "voices".
"""

import base64
import contextlib
import functools
import io
import itertools
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import av
import pytest
from tests.support.worlds import AsyncWorld, World

from tarash import tarash_gateway as tarash
from tarash.tarash_gateway.exceptions import SubmitOutcomeUnknownError
from tarash.tarash_gateway.models import (
    AudioChunk,
    AudioGenerationConfig,
    AudioOutputFormat,
    ExecutionMetadata,
    STSRequest,
    STSResponse,
    TTSRequest,
    TTSResponse,
)
from tarash.testkit.ledger import Ledger
from tarash.testkit.scripts import Script
from tarash.testkit.server import ScriptedServer
from tarash.testkit.sounds import sound
from tarash.testkit.steps import (
    Answer,
    Close,
    CutBody,
    Hang,
    Reset,
    Step,
)

TEXT = "The lighthouse keeper sleeps."
RECORDING: dict[str, Any] = {"content": sound("wav", 16_000, seconds=1.0), "content_type": "audio/wav"}
REQUESTS: dict[str, Any] = {"tts": TTSRequest, "sts": STSRequest}


class SpeechSimulator(Protocol):
    """What the tests here want of a simulator."""

    key: str
    server: ScriptedServer
    ledger: Ledger

    @property
    def base_url(self) -> str: ...

    def fail_next(self, operation: str, *steps: Step, times: int | None = 1, charged: bool = False) -> Script: ...


@dataclass(frozen=True)
class SpeechDesk:
    """Calls one provider with the address and key of its simulator, in one of the two worlds.

    `usual` are the fields that each request of a kind has; a test's own are laid over them.
    """

    world: World
    provider: str
    vendor: SpeechSimulator
    usual: Mapping[str, Mapping[str, Any]]
    options: Mapping[str, Any] = field(default_factory=dict)

    def config(self, **changes: Any) -> AudioGenerationConfig:
        where = {"provider": self.provider, "api_key": self.vendor.key, "base_url": self.vendor.base_url}
        return AudioGenerationConfig(**{**where, **self.options, **changes})

    def request(self, kind: str, **fields: Any) -> Any:
        return REQUESTS[kind](**{**self.usual[kind], **fields})

    def generate(self, kind: str, fields: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        """The response to a request of `kind` with these fields; `changes` are of the configuration."""
        return self.world.call(f"generate_{kind}", self.config(**changes), self.request(kind, **(fields or {})))

    def order(self, kind: str, fields: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        """`generate`, or `listen` where `kind` is "stream"."""
        return self.listen(fields, **changes) if kind == "stream" else self.generate(kind, fields, **changes)

    def listen(self, fields: Mapping[str, Any] | None = None, **changes: Any) -> list[AudioChunk]:
        """All chunks of a streamed speech."""
        chunks: list[AudioChunk] = []
        self.attend(chunks.append, fields, **changes)
        return chunks

    def attend(
        self, heard: Callable[[AudioChunk], object], fields: Mapping[str, Any] | None = None, **changes: Any
    ) -> None:
        """Hand each chunk of a streamed speech to `heard`; a true answer leaves the stream early."""
        config, request = self.config(**changes), self.request("tts", **(fields or {}))
        if self.world.name == "sync":
            with contextlib.closing(tarash.stream_tts(config, request)) as chunks:  # type: ignore[type-var]
                any(heard(chunk) for chunk in chunks)
            return

        async def work() -> None:
            async with contextlib.aclosing(tarash.stream_tts_async(config, request)) as chunks:
                async for chunk in chunks:
                    if heard(chunk):
                        return

        assert isinstance(self.world, AsyncWorld)
        self.world.run(work)

    def posts(self, call: Callable[[], Any]) -> int:
        """How many POSTs the vendor was sent by a call, whether it ends well or not."""
        before = self.vendor.ledger.posts
        try:
            call()
        except Exception as error:  # noqa: BLE001 - of any SDK; only the requests are counted
            print(f"  {type(error).__name__}")
        return self.vendor.ledger.posts - before


# --- what goes out


# --- what comes out

_HEADERLESS = {"pcm": "s16le", "ulaw": "mulaw", "alaw": "alaw"}
_CODECS = {"mp3float": "mp3", "pcm_s16le": "pcm", "pcm_mulaw": "ulaw", "pcm_alaw": "alaw"}


class Heard(NamedTuple):
    """What decoded audio is: container and codec, Hz, channels, seconds."""

    container: str
    codec: str
    sample_rate: int
    channels: int
    seconds: float


def heard(audio: bytes, form: str, sample_rate: int = 0) -> Heard:
    """Decode the whole of `audio`. Headerless forms ("pcm", "ulaw", "alaw") must be told with their sample rate.

    Raises an error of PyAV for what does not decode.
    """
    container = _HEADERLESS.get(form)
    options = {"sample_rate": str(sample_rate)} if container else {}
    with av.open(io.BytesIO(audio), "r", format=container, options=options) as reader:
        frames = list(reader.decode(audio=0))
        codec = reader.streams.audio[0].codec_context.name
        seconds = sum(frame.samples / frame.sample_rate for frame in frames)
        channels = frames[0].layout.nb_channels
        return Heard(reader.format.name, _CODECS.get(codec, codec), frames[0].sample_rate, channels, seconds)


CONTAINERS = {
    "mp3": ("mp3", "mp3", "audio/mpeg"),
    "wav": ("wav", "pcm", "audio/wav"),
    "pcm": ("s16le", "pcm", "audio/pcm"),
    "flac": ("flac", "flac", "audio/flac"),
    "opus": ("ogg", "opus", "audio/ogg"),
}
"""For each of our formats: container, codec, content type."""


def assert_sounds(response: TTSResponse | STSResponse, form: str, sample_rate: int) -> None:
    """The audio of a response decodes, is of this format, and lasts as long as the response says."""
    container, codec, content_type = CONTAINERS[form]
    found = heard(base64.b64decode(response.audio), form, sample_rate)
    assert (found.container, found.codec, found.sample_rate, found.channels) == (container, codec, sample_rate, 1)
    assert (response.content_type or "").partition(";")[0] == content_type
    assert response.duration == pytest.approx(found.seconds, abs=0.15)


def silence(megabytes: int) -> bytes:
    """A WAV file of about this size, at 48,000 Hz in stereo."""
    head = sound("wav", 48_000, seconds=0.01, channels=2)
    return head[: head.index(b"data") + 4] + (0x7FFFFFFF).to_bytes(4, "little") + bytes(megabytes * 10**6)


RATES = (None, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
BITRATES = (32, 48, 64, 96, 128, 160, 192, 320)
FORMATS = [
    *(AudioOutputFormat(format=form, sample_rate=rate) for form in CONTAINERS for rate in RATES),
    *(AudioOutputFormat(format=form, bitrate=bitrate) for form in ("mp3", "opus") for bitrate in BITRATES),
    *(
        AudioOutputFormat(format=form, sample_rate=rate, bitrate=bitrate)
        for form, rate, bitrate in itertools.product(("mp3", "opus"), (22_050, 24_000, 44_100), (32, 128, 320))
    ),
]
"""Every format in every usual sample rate; the compressed ones in every usual bit rate, and some in both."""


def format_name(wanted: AudioOutputFormat) -> str:
    """For the ids of tests: mp3-44100-128."""
    return "-".join(str(part or "any") for part in (wanted.format, wanted.sample_rate, wanted.bitrate))


# --- the promised pages

FOLDER = Path(os.environ.get("TARASH_SPEC_DIR") or Path(__file__).parents[3] / "shared" / "spec")
PROMISED: dict[str, dict[str, Any]] = {
    "AudioGenerationConfig": {
        "provider": None,
        "model": None,
        "api_key": None,
        "timeout": 240,
        "mock": None,
        "fallback_configs": None,
        "provider_config": {},
    },
    "TTSRequest": {
        "text": TEXT,
        "voice_id": None,
        "output_format": AudioOutputFormat(format="mp3", sample_rate=44_100, bitrate=128),
        "language_code": None,
        "voice_settings": None,
        "extra_params": {},
    },
    "STSRequest": {
        "audio": RECORDING,
        "voice_id": None,
        "output_format": AudioOutputFormat(format="mp3", sample_rate=44_100, bitrate=128),
        "voice_settings": None,
        "extra_params": {},
    },
}
"""The fields of the page, in its order, each with a value: its default, or what every vendor takes."""
RESPONSE: dict[str, Any] = {
    "request_id": str,
    "audio": str,
    "content_type": str,
    "duration": float,
    "status": str,
    "is_mock": bool,
    "raw_response": dict,
    "execution_metadata": ExecutionMetadata,
}


def promised_fields(model: str) -> list[str]:
    """The names of a model's fields on the page of the models. Skips the test when the page is not there."""
    page = FOLDER / "models-with-audio.md"
    if not page.is_file():
        pytest.skip(f"{page} is not there; set TARASH_SPEC_DIR to the folder of the promised pages")
    table = rf"^{model}\n\n(?:[^\n]+\n\n)?Field Type [^\n]*\n(.*?)\n\n"
    section = re.search(table, page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert section, f"the page has no table of {model}"
    return [line.split()[0] for line in section[1].splitlines()]


def assert_kept(desk: SpeechDesk, kind: str) -> None:
    """A request with every promised field, called as promised, brings a response with every promised field."""
    name = kind.upper()
    for model in ("AudioGenerationConfig", f"{name}Request"):
        assert promised_fields(model) == list(PROMISED[model])
    assert promised_fields(f"{name}Response") == list(RESPONSE)
    where = {"provider": desk.provider, "api_key": desk.vendor.key, "model": desk.options.get("model")}
    config = AudioGenerationConfig(
        **{**PROMISED["AudioGenerationConfig"], **where, "base_url": desk.vendor.base_url}  # a test's own address
    )
    request = REQUESTS[kind](**{**PROMISED[f"{name}Request"], **desk.usual[kind]})
    before = desk.vendor.ledger.posts
    response = desk.world.call(f"generate_{kind}", config, request, lambda update: None)
    for field_name, type_ in RESPONSE.items():
        assert isinstance(getattr(response, field_name), type_), field_name
    assert (response.status, response.is_mock, desk.vendor.ledger.posts - before) == ("completed", False, 1)
    assert response.execution_metadata.successful_attempt == 1
    heard(base64.b64decode(response.audio), "mp3")


# --- money

LATE = 0.3
PAGE = {"Content-Type": "text/html", "Retry-After": "1", "Retry-After-Ms": "10"}
"""Headers of a gateway that asks for another try, which SDKs obey: some the seconds, some the milliseconds."""
LOSSES: dict[str, Step] = {
    "drop": Close(),
    "reset": Reset(),
    "cut": CutBody(20),
    "500": Answer(500, PAGE, "<html>"),
    "504": Answer(504, PAGE, "<html>"),
    "late": Hang(),
}
"""How the answer to a paid request may be lost after the vendor has done the work."""


def assert_paid_once(desk: SpeechDesk, kind: str, loss: str, **changes: Any) -> None:
    """A lost answer to a "tts", "sts" or "stream" is never asked for again, and the error says that it may cost."""
    script = desk.vendor.fail_next(kind, LOSSES[loss], times=None, charged=loss != "cut")
    call = desk.listen if kind == "stream" else functools.partial(desk.generate, kind)
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        call(**{"timeout": LATE if loss == "late" else 60, **changes})
    assert caught.value.possibly_billed
    assert (script.played, desk.vendor.ledger.posts, desk.vendor.ledger.total_charges) == (1, 1, 1)
    assert desk.vendor.key not in str(caught.value)


def count_posts(
    desk: SpeechDesk,
    operation: str,
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    losses: Iterable[str] = tuple(LOSSES),
) -> dict[str, tuple[int, int]]:
    """For each loss the POSTs of the vendor's SDK and of tarash, which are also printed.

    Where "late" is among the losses, both calls must give up by themselves without an answer.
    """
    table = {}
    for loss in losses:
        script = desk.vendor.fail_next(operation, LOSSES[loss], times=None, charged=loss != "cut")
        table[loss] = desk.posts(theirs), desk.posts(ours)
        script.remaining = 0
    for loss, (their_posts, our_posts) in table.items():
        print(f"{desk.provider} {operation:6} {loss:6} SDK {their_posts}  tarash {our_posts}")
    return table
