"""Speech that is written, and played, while it is still being made."""

import contextlib
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tarash.cli import documents
from tarash.cli.exits import ExitCode
from tarash.cli.observing import AttemptObserver, observed_by
from tarash.cli.orders import Order
from tarash.cli.output import seconds_text, shown, shown_path, size_text
from tarash.cli.playing import Loudspeaker, Playback, find_player
from tarash.cli.targets import STANDARD_OUTPUT, Target, free_path
from tarash.cli.work import Reporter
from tarash.tarash_gateway import stream_tts
from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.hookspecs import hookimpl
from tarash.tarash_gateway.models import AttemptMetadata, AudioChunk, Timing
from tarash.tarash_gateway.saving import with_extension


@dataclass(eq=False)
class Story:
    """What has been heard so far. `first` is the time until the first sound, in seconds."""

    started: float = field(default_factory=time.monotonic)
    attempts: list[AttemptMetadata] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    bytes: int = 0
    chunks: int = 0
    content_type: str | None = None
    first: float | None = None

    @hookimpl
    def tarash_attempt_finished(self, attempt: AttemptMetadata) -> None:
        self.attempts.append(attempt)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def add(self, chunk: AudioChunk) -> None:
        self.timings += chunk.timings
        if chunk.audio:
            self.first = self.seconds if self.first is None else self.first
            self.content_type = chunk.content_type or self.content_type
            self.bytes, self.chunks = self.bytes + len(chunk.audio), self.chunks + 1


class SpeechFile:
    """A file that appears with the first sound, and grows with the others. The sound decides its extension."""

    def __init__(self, target: Target) -> None:
        self.path = target.path
        self._overwrite = target.overwrite
        self._file: IO[bytes] | None = None

    def write(self, chunk: AudioChunk) -> None:
        if self._file is None:
            self._file = self._opened(chunk)
        self._file.write(chunk.audio)

    def _opened(self, chunk: AudioChunk) -> IO[bytes]:
        self.path = with_extension(self.path, chunk.audio, chunk.content_type)
        if self._overwrite:
            self.path.unlink(missing_ok=True)
        try:
            return self.path.open("xb", buffering=0)
        except FileExistsError:
            # Somebody took the name meanwhile, and the sound is being paid for.
            self.path = free_path(self.path)
            return self.path.open("xb", buffering=0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def facts(self) -> list[dict[str, Any]]:
        return [] if self._file is None else [documents.file_facts(self.path)]


def speak_live(order: Order, reporter: Reporter) -> int:
    """Carry out `tarash speak --stream`."""
    playback = playback_for(order, live=True)
    story = Story()
    if order.target is STANDARD_OUTPUT:
        return _to_standard_output(order, reporter, playback, story)
    file = SpeechFile(order.target)
    with contextlib.closing(file):
        try:
            _speak(order, reporter, playback, story, file.write)
        except (TarashException, KeyboardInterrupt) as error:
            if story.bytes:
                reporter.note(f"What was heard until then is in {shown_path(file.path)}")
            return reporter.failed(error, file.facts)
        reporter.result(_lines(story, file.path), _facts(story, order, reporter, file))
    return ExitCode.DONE


def _to_standard_output(order: Order, reporter: Reporter, playback: Playback | None, story: Story) -> int:
    """A reader that goes away ends the speech: nothing more is asked for."""
    with contextlib.suppress(BrokenPipeError):
        _speak(order, reporter, playback, story, lambda chunk: reporter.write_bytes(chunk.audio))
    for line in _lines(story, None):
        reporter.note(line)
    return ExitCode.DONE


def playback_for(order: Order, *, live: bool) -> Playback | None:
    """The player that the order wants. Raises `ValidationError` when there is none."""
    wanted = order.request.output_format if order.play else None
    return find_player(wanted.format, wanted.sample_rate, live=live) if wanted else None


def _speak(
    order: Order, reporter: Reporter, playback: Playback | None, story: Story, write: Callable[[AudioChunk], None]
) -> None:
    config: Any = order.config
    chunks: Any = stream_tts(config, order.request)
    with (
        reporter.progress(order.attempts) as progress,
        observed_by(AttemptObserver(progress), story),
        _loudspeaker(playback, reporter) as speaker,
        contextlib.closing(chunks),
    ):
        for chunk in chunks:
            if story.first is None:
                progress.step("speaking")
            story.add(chunk)
            write(chunk)
            if speaker is not None:
                speaker.write(chunk.audio)


@contextlib.contextmanager
def _loudspeaker(playback: Playback | None, reporter: Reporter) -> Generator[Loudspeaker | None]:
    if playback is None:
        yield None
        return
    with playback.started() as speaker:
        yield speaker
    if speaker.failed:
        reporter.warn(f"{playback.player.name} did not play to the end.")


def _lines(story: Story, path: Path | None) -> list[str]:
    by = ":".join(shown(name) for name in documents.winner(story.attempts) if name)
    first = f"first sound after {seconds_text(story.first)}" if story.first is not None else ""
    about = [by, seconds_text(story.seconds), first, shown(story.content_type or "")]
    name = shown_path(path) if path else "standard output"
    return [f"{name}  ({size_text(story.bytes)})", "  " + ", ".join(word for word in about if word)]


def _facts(story: Story, order: Order, reporter: Reporter, file: SpeechFile) -> dict[str, Any]:
    who, mocked = documents.winner(story.attempts), order.config.mock is not None
    return {
        **documents.completed(*who, is_mock=mocked, seconds=story.seconds, files=file.facts),
        "first_sound_seconds": None if story.first is None else round(story.first, 3),
        "bytes": story.bytes,
        "chunks": story.chunks,
        "content_type": story.content_type,
        "timings": [{"text": one.text, "start": one.start, "end": one.end, "unit": one.unit} for one in story.timings],
        "attempts": [documents.attempt_facts(attempt) for attempt in story.attempts],
        "warnings": reporter.warnings,
    }
