"""Playing sound with a program that is installed: tarash itself knows no loudspeaker."""

import contextlib
import shutil
import subprocess
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path

from tarash.tarash_gateway.exceptions import ValidationError

_ANY = frozenset({"mp3", "wav", "flac", "opus", "aac"})
_RAW = "pcm"
_MPV_RAW = ("--demuxer=rawaudio", "--demuxer-rawaudio-format=s16le", "--demuxer-rawaudio-channels=1")


@dataclass(frozen=True)
class Player:
    """A program that plays what it reads from standard input, or from a file (`wants_file`).

    `raw` are its options for samples without a header: 16 bits, mono, at `{rate}` Hz; None where it plays none.
    """

    name: str
    options: tuple[str, ...] = ()
    raw: tuple[str, ...] | None = None
    formats: frozenset[str] = _ANY
    wants_file: bool = False

    def plays(self, form: str) -> bool:
        return self.raw is not None if form == _RAW else form in self.formats


PLAYERS = (
    Player(
        "ffplay",
        ("-nodisp", "-autoexit", "-loglevel", "error"),
        ("-nodisp", "-autoexit", "-loglevel", "error", "-f", "s16le", "-sample_rate", "{rate}"),
    ),
    Player("mpv", ("--no-video", "--really-quiet"), ("--really-quiet", *_MPV_RAW, "--demuxer-rawaudio-rate={rate}")),
    Player("mpg123", ("-q",), formats=frozenset({"mp3"})),
    Player("aplay", ("-q",), ("-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "{rate}"), frozenset({"wav"})),
    Player("afplay", formats=_ANY - {"opus"}, wants_file=True),
)
"""In the order in which they are looked for."""


@dataclass(frozen=True)
class Playback:
    """A player that was found, and how to start it."""

    player: Player
    command: tuple[str, ...]

    @contextlib.contextmanager
    def started(self) -> Generator["Loudspeaker"]:
        """Play what is written while the block runs, and wait for the end of it; an error in the block ends it."""
        # Its standard output is not ours: the sound itself may go there.
        process = subprocess.Popen((*self.command, "-"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603
        speaker = Loudspeaker(process)
        try:
            yield speaker
            speaker.finish()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def play(self, path: Path) -> bool:
        """Play a file to its end. False when the player failed."""
        name = str(path.absolute()) if self.player.wants_file else "-"
        with path.open("rb") as file:
            command = (*self.command, name)
            done = subprocess.run(command, stdin=file, stdout=subprocess.DEVNULL, check=False)  # noqa: S603
            return done.returncode == 0


class Loudspeaker:
    """The input of a running player. A player that ends early is no error: the sound is saved, too."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._pipe = process.stdin
        self.failed = False

    def write(self, data: bytes) -> None:
        if self._pipe is None or self.failed:
            return
        try:
            self._pipe.write(data)
            self._pipe.flush()
        except OSError:
            self.failed = True

    def finish(self) -> None:
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                self._pipe.close()
        self.failed = self._process.wait() != 0 or self.failed


def find_player(form: str, sample_rate: int | None, *, live: bool) -> Playback:
    """The first installed player for a format; a `live` one plays what is still coming.

    Raises `ValidationError` when there is none, or when samples without a header do not tell their rate.
    """
    able = [player for player in PLAYERS if player.plays(form) and not (live and player.wants_file)]
    found = next(((player, path) for player in able if (path := shutil.which(player.name))), None)
    if found is None:
        raise ValidationError(
            f"--play needs a program that plays {form}, and none is installed: install {_listed(able)}, or leave out "
            "--play and open the file. Nothing was sent or paid."
        )
    if form == _RAW and sample_rate is None:
        raise ValidationError(
            '--play of pcm needs its sample rate: -p output_format=\'{"format": "pcm", "sample_rate": 24000}\' instead '
            "of --format. Nothing was sent or paid."
        )
    player, path = found
    options = (player.raw or ()) if form == _RAW else player.options
    return Playback(player, (path, *(option.replace("{rate}", str(sample_rate)) for option in options)))


def _listed(players: Iterable[Player]) -> str:
    return " or ".join(player.name for player in players) or "one"
