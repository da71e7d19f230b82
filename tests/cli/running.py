"""Running the real command as a process of its own, and the server behind the provider "cinema"."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.forking import SECONDS, Forks

from tarash.testkit import media
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Played

KEY = "cinema-key-5f1c9e"
PLUGINS = Path(__file__).parent / "plugins"
SIGNATURE = "signature=abcdef0123456789"

# A test run in the background ignores SIGINT, and so would the processes it starts.
START = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("tarash.cli", run_name="__main__", alter_sys=True)
"""


def add_distribution(
    site: Path,
    name: str,
    *,
    entry_points: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    recorded: Mapping[str, str] | None = None,
) -> None:
    """Install a distribution by hand: its files, and a RECORD of them (`recorded` stands in it without a file)."""
    about = site / f"{name.replace('-', '_')}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n")
    points = "".join(f"{provider} = {target}\n" for provider, target in (entry_points or {}).items())
    (about / "entry_points.txt").write_text(f"[tarash.providers]\n{points}")
    for path, text in (files or {}).items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    rows = [f"{path},{record_hash(text)},{len(text)}" for path, text in {**(files or {}), **(recorded or {})}.items()]
    (about / "RECORD").write_text("\n".join([*rows, f"{about.name}/RECORD,,"]) + "\n")


def record_hash(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Command:
    """Runs `tarash` in `folder`. `path` is put on the import path of the process."""

    folder: Path
    environment: dict[str, str]
    forks: Forks
    path: list[Path] = field(default_factory=list)
    running: list["subprocess.Popen[str]"] = field(default_factory=list)

    def __call__(
        self, *words: str, given: str | bytes | None = None, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        environment, given = self.env(env), given.encode() if isinstance(given, str) else given or b""
        if any(name.startswith(("LC_", "PYTHON")) for name in env or {}):
            done = self._run_alone(words, environment, given)
        else:
            done = self.forks.run(words, self.folder, environment, given)
        out, err = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def _run_alone(
        self, words: Sequence[str], environment: Mapping[str, str], given: bytes
    ) -> "subprocess.CompletedProcess[bytes]":
        """For what an interpreter reads when it starts."""
        command = [sys.executable, "-m", "tarash.cli", *words]
        return subprocess.run(
            command, cwd=self.folder, env=environment, input=given, capture_output=True, check=False, timeout=SECONDS
        )

    def start(self, *words: str, env: Mapping[str, str] | None = None, **popen: Any) -> "subprocess.Popen[str]":
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(
            [sys.executable, "-c", START, *words],
            cwd=self.folder,
            env=self.env(env),
            **{"text": True, **pipes, **popen},
        )
        self.running.append(process)
        return process

    def env(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        path = os.pathsep.join(str(folder) for folder in self.path)
        return {**self.environment, **({"PYTHONPATH": path} if path else {}), **(more or {})}

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    @property
    def kept(self) -> list[Path]:
        """The job files that are kept in the state folder."""
        return sorted(Path(self.environment["TARASH_STATE_DIR"]).glob("jobs/*"))


class CinemaServer:
    """The service behind "cinema". `answers` are given one per poll; then a job is done, if it is not `endless`."""

    def __init__(self) -> None:
        self.server: ScriptedServer
        self.answers: list[Mapping[str, Any]] = []
        self.endless: set[str] = set()
        self.outputs = 1
        self.file = Answer(body=media.mp4().content, headers={"Content-Type": "video/mp4"})

    def __call__(self, request: RecordedRequest) -> Played:
        if request.path.startswith("/files/"):
            return self.file
        if request.method == "POST":
            return Answer(json={"id": f"job-{len(self.posts)}"})
        if request.method == "DELETE":
            return Answer(json={})
        if request.path in self.endless:
            return Answer(json={"state": "running"})
        return Answer(json=self.answers.pop(0) if self.answers else self.done)

    @property
    def done(self) -> Mapping[str, Any]:
        return {"state": "done", "urls": [f"{self.link}&n={number}" for number in range(self.outputs)]}

    @property
    def link(self) -> str:
        return f"{self.server.url}/files/film.mp4?{SIGNATURE}"

    @property
    def url(self) -> tuple[str, str]:
        return "--base-url", self.server.url

    @property
    def posts(self) -> list[RecordedRequest]:
        return self.server.requests.matching("POST")

    def wait_for(self, method: str, path: str = "*") -> None:
        wait_for_request(self.server, method, path)


def wait_for_request(server: ScriptedServer, method: str, path: str, count: int = 1) -> None:
    """Until so many such requests have come."""
    seen = 0
    while len(server.requests.matching(method, path)) < count:
        seen += 1
        server.requests.wait_for(seen)


def interrupt(process: "subprocess.Popen[str]", number: int = signal.SIGINT) -> tuple[str, str]:
    """Send a signal and return what the process printed until its end."""
    process.send_signal(number)
    return process.communicate(timeout=20)


def json_of(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """The one document on standard output."""
    value: dict[str, Any] = json.loads(done.stdout)
    return value
