"""Many commands, each a process of its own, without the start of an interpreter and the import of libraries for each.

One process has imported the libraries of others, and nothing of tarash. It forks for each command.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS = 30
"""A command that takes longer is killed."""

SERVE = """
import asyncio, gc, json, os, runpy, signal, sys
import httpx, pluggy, pydantic.main, pydantic.types, rich.live, typer.testing

gc.freeze()  # what the collector does not touch stays shared with the forks
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    os._exit(0)
job = json.loads(line)
signal.alarm(job["seconds"])
os.chdir(job["folder"])
for number, (path, flags) in enumerate([("in", os.O_RDONLY), ("out", os.O_WRONLY), ("err", os.O_WRONLY)]):
    opened = os.open(os.path.join(job["streams"], path), flags)
    os.dup2(opened, number)
    os.close(opened)
os.environ.clear()
os.environ.update(job["environment"])
sys.path[:1] = [job["folder"], *filter(None, job["environment"].get("PYTHONPATH", "").split(os.pathsep))]
sys.stdin = open(0, closefd=False)
sys.argv = ["tarash", *job["words"]]
runpy.run_module("tarash.cli", run_name="__main__", alter_sys=True)
"""


class Forks:
    """Runs `tarash` in forks of one process, for one `with` block. `streams` is a folder for their input and output.

    What an interpreter reads when it starts (`PYTHONUTF8`, the locale) is that of the one process.
    """

    def __init__(self, streams: Path, environment: Mapping[str, str]) -> None:
        self._streams = streams
        self._environment = dict(environment)

    def __enter__(self) -> Self:
        command = [sys.executable, "-c", SERVE]
        pipe = subprocess.PIPE
        self._server = subprocess.Popen(command, env=self._environment, stdin=pipe, stdout=pipe, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.communicate(timeout=SECONDS)

    def run(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], given: bytes
    ) -> "subprocess.CompletedProcess[bytes]":
        files = {name: self._streams / name for name in ("in", "out", "err")}
        for name, path in files.items():
            path.write_bytes(given if name == "in" else b"")
        assert self._server.stdin
        assert self._server.stdout
        job = {"words": words, "folder": str(folder), "environment": dict(environment), "streams": str(self._streams)}
        print(json.dumps({**job, "seconds": SECONDS}), file=self._server.stdin, flush=True)
        code = int(self._server.stdout.readline())
        return subprocess.CompletedProcess(words, code, files["out"].read_bytes(), files["err"].read_bytes())
