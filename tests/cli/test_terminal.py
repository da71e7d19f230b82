"""Terminals, pipes and encodings: whatever reads the output, the work goes on and nothing crashes."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import CinemaServer, Command, interrupt

from tarash.testkit.steps import Answer, Gate, Hang, Hold, Normal

FILM = ("video", "A boat", "-m", "cinema:film-1", "--poll-interval", "0")
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
HOSTILE = "[red]gone[/red] \x1b]0;owned\x07\x1b[2J\x9b31m \u202etxt"


@dataclass
class Terminal:
    """A pseudo terminal of some width; `text` is all that was written to it so far."""

    columns: int = 80
    text: str = ""
    ends: tuple[int, int] = field(default_factory=pty.openpty)

    def __post_init__(self) -> None:
        fcntl.ioctl(self.ends[1], termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.columns, 0, 0))

    def read_until(self, wanted: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while wanted not in self.text:
            ready, _, _ = select.select([self.ends[0]], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{wanted!r} does not come: {self.text!r}"
            self.text += os.read(self.ends[0], 65536).decode("utf-8", "replace")

    def read_all(self, process: "subprocess.Popen[str]") -> str:
        """What is written until the process ends."""
        while process.poll() is None or select.select([self.ends[0]], [], [], 0)[0]:
            if select.select([self.ends[0]], [], [], 0.02)[0]:
                self.text += os.read(self.ends[0], 65536).decode("utf-8", "replace")
        return self.text

    def close(self) -> None:
        for end in self.ends:
            os.close(end)


@pytest.fixture
def terminal(request: pytest.FixtureRequest) -> Generator[Terminal]:
    made = Terminal(getattr(request, "param", 80))
    yield made
    made.close()


def start_on(terminal: Terminal, tarash: Command, *words: str, **env: str) -> "subprocess.Popen[str]":
    environment = {"TERM": "xterm-256color", "COLUMNS": "", "LANG": "C.UTF-8", **env}
    return tarash.start(*words, env=environment, stderr=terminal.ends[1])


def test_a_terminal_shows_one_live_line(tarash: Command, cinema: CinemaServer, terminal: Terminal) -> None:
    gate = Gate()
    cinema.answers = [{"state": "running", "percent": 40}]
    cinema.server.script("GET", "/jobs/job-1", Normal())
    cinema.server.script("GET", "/jobs/job-1", Hold(gate), Normal())
    process = start_on(terminal, tarash, *FILM, *cinema.url, "--resolution", "720p")
    terminal.read_until("processing 40 %  attempt 1 of 1  cinema film-1")
    gate.open()
    shown = terminal.read_all(process)
    assert process.returncode == 0
    assert "Warning: cinema film-1: resolution is ignored" in shown
    assert COLOUR.search(shown)
    # The cursor is back and the line erased: what follows begins on a clean line.
    assert shown.rstrip("\r\n").endswith("\x1b[2K")
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert process.stdout is not None
    assert process.stdout.read().startswith("a-boat.mp4")


@pytest.mark.parametrize("terminal", [1, 30], indirect=True)
def test_a_narrow_terminal_without_colour_gets_one_row(
    tarash: Command, cinema: CinemaServer, terminal: Terminal
) -> None:
    cinema.answers = [{"state": "running", "percent": 40}] * 3
    process = start_on(terminal, tarash, *FILM, *cinema.url, NO_COLOR="1")
    shown = terminal.read_all(process)
    assert process.returncode == 0
    rows = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))
    assert not COLOUR.search(shown)
    assert [row for row in rows if len(row) > terminal.columns and "hello" not in row] == []


def test_a_dumb_terminal_gets_lines(tarash: Command, cinema: CinemaServer, terminal: Terminal) -> None:
    process = start_on(terminal, tarash, *FILM, *cinema.url, TERM="dumb")
    shown = terminal.read_all(process)
    assert process.returncode == 0
    assert "\x1b" not in shown
    assert "submitting  attempt 1 of 1  cinema film-1\r\n" in shown


def test_an_interrupt_leaves_the_terminal_as_it_was(tarash: Command, cinema: CinemaServer, terminal: Terminal) -> None:
    cinema.server.script("GET", "/jobs/job-1", Hang())
    process = start_on(terminal, tarash, *FILM, *cinema.url)
    cinema.wait_for("GET", "/jobs/job-1")
    interrupt(process)
    shown = terminal.read_all(process)
    assert process.returncode == 130
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert "The job was cancelled at the provider" in shown


@pytest.mark.parametrize("on_terminal", [True, False])
def test_text_of_a_provider_is_shown_as_text(
    tarash: Command, cinema: CinemaServer, terminal: Terminal, on_terminal: bool
) -> None:
    cinema.answers = [{"state": "failed", "reason": HOSTILE}]
    if on_terminal:
        process = start_on(terminal, tarash, *FILM, *cinema.url)
        shown = terminal.read_all(process)
    else:
        done = tarash(*FILM, *cinema.url)
        shown = done.stdout + done.stderr
        assert "\x1b" not in shown
    assert "[red]gone[/red] ]0;owned [2J 31m txt" in shown
    for char in ("\x07", "\x1b]", "\x1b[2J", "\x9b", "\u202e"):
        assert char not in shown


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
def test_an_encoding_may_lack_characters(tarash: Command, cinema: CinemaServer, encoding: str) -> None:
    cinema.server.script("POST", "/jobs", Answer(422, json={"problem": "光が足りない ☠"}))
    done = tarash(*FILM, *cinema.url, "--json", env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert done.returncode == 3


def test_plain_c_locale(tarash: Command) -> None:
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = tarash("video", "Über 東京", "--mock", env=locale)
    assert done.returncode == 0
    assert tarash.files == ["uber.mp4"]


# --- streams that are closed, full or missing


def closed_pipe() -> int:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("words", [["--help"], ["models"], ["video", "x", "--mock", "-q"]])
def test_nobody_reads_the_output(tarash: Command, cinema: CinemaServer, words: list[str]) -> None:
    pipe = closed_pipe()
    process = tarash.start(*words, stdout=pipe)
    os.close(pipe)
    _, err = process.communicate(timeout=20)
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
    assert process.returncode == 0
    assert ("x.mp4" in tarash.files) == ("video" in words)


def test_nobody_reads_the_progress(tarash: Command, cinema: CinemaServer) -> None:
    cinema.answers = [{"state": "running", "percent": percent} for percent in (10, 50, 90)]
    pipe = closed_pipe()
    process = tarash.start(*FILM, *cinema.url, stderr=pipe)
    os.close(pipe)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out.startswith("a-boat.mp4")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_the_output_is_told(tarash: Command) -> None:
    with Path("/dev/full").open("w") as full:
        process = tarash.start("video", "x", "--mock", "--json", stdout=full)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "No space left" in err
    assert "Traceback" not in err
    assert tarash.files == ["x.mp4"]


def test_no_streams_at_all(tarash: Command) -> None:
    script = f'exec "{sys.executable}" -m tarash.cli video x --mock <&- >&- 2>&-'
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tarash.folder, env=tarash.env(), check=False, timeout=30
    )
    assert done.returncode == 0
    assert tarash.files == ["x.mp4"]


def test_a_job_from_no_standard_input(tarash: Command) -> None:
    script = f'exec "{sys.executable}" -m tarash.cli jobs resume - <&-'
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tarash.folder, env=tarash.env(), check=False, capture_output=True, text=True
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
