"""A process of its own that uses tarash, for tests that kill it, starve it, interrupt it or let it fork.

`Child(...)` starts one; the process itself runs the module as a program, carries out one order and prints one report.
"""

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from tests.support.acme import Acme
from tests.support.worlds import WORLDS, World

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.clock import use_clock
from tarash.tarash_gateway.exceptions import HTTPConnectionError
from tarash.tarash_gateway.models import Job, VideoGenerationConfig, VideoGenerationRequest
from tarash.testkit.clock import VirtualClock
from tarash.testkit.server import refused_port

ROOT = Path(__file__).parents[2]


class Child:
    """A running child. `finish` waits for its end and returns its report, without which the test fails."""

    def __init__(self, world: str, work: str, config: VideoGenerationConfig, **order: Any) -> None:
        order |= {"world": world, "work": work, "config": config.model_dump(exclude_unset=True)}
        # The key never stands in a dump, so it travels the way it does in life.
        environment = {**os.environ, "ACME_KEY": str(config.api_key or "")}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.support.child", json.dumps(order)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, with no chance to do anything more."""
        self.process.kill()
        self.process.wait()

    def finish(self) -> dict[str, Any]:
        out, noise = self.process.communicate(timeout=20)
        assert not noise, noise
        assert self.process.returncode == 0
        report: dict[str, Any] = json.loads(out.splitlines()[-1])
        return report


# --- inside the child


@contextlib.contextmanager
def no_descriptors() -> Iterator[None]:
    """As long as the block lasts this process can open no file and no socket."""
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)


@contextlib.contextmanager
def small_files(limit: int) -> Iterator[None]:
    """As long as the block lasts no file can grow beyond `limit` bytes, which is how a full disk looks from here."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def _generate(world: World, config: VideoGenerationConfig, order: dict[str, Any]) -> Any:
    request = VideoGenerationRequest(prompt="a lighthouse at dawn")
    if order.get("starved"):
        # Whatever is imported on first use has been imported in a process that lived long enough to starve.
        with refused_port() as port, contextlib.suppress(HTTPConnectionError):
            world.call("generate_video", config.model_copy(update={"base_url": f"http://127.0.0.1:{port}"}), request)
    with no_descriptors() if order.get("starved") else contextlib.nullcontext():
        return world.call("generate_video", config, request)


def _submit(world: World, config: VideoGenerationConfig, order: dict[str, Any]) -> Any:
    return world.call("submit_video", config, VideoGenerationRequest(prompt="a lighthouse at dawn"))


def _resume(world: World, config: VideoGenerationConfig, order: dict[str, Any]) -> Any:
    return world.call("resume", Job.from_json(order["job"]), config)


def _save(world: World, config: VideoGenerationConfig, order: dict[str, Any]) -> Any:
    response = _generate(world, config, {})
    if order.get("user"):
        os.setuid(order["user"])
    named = {"overwrite": True} if order.get("overwrite") else {}
    with small_files(order["file_limit"]) if "file_limit" in order else contextlib.nullcontext():
        return world.save(response, Path(order["path"]), **named)


def _fork(world: World, config: VideoGenerationConfig, order: dict[str, Any]) -> Any:
    """Use tarash, fork, and use it in both processes at once. The forked one reports by its exit code."""
    _generate(world, config, {})
    forked = os.fork()
    if not forked:
        code = 1
        with contextlib.suppress(Exception):
            code = 0 if _generate(WORLDS[order["world"]](), config, {}).video else 2
        os._exit(code)
    response = _generate(world, config, {})
    _, status = os.waitpid(forked, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "the forked process failed"
    return response


def _leave(world: World, config: VideoGenerationConfig, order: dict[str, Any]) -> Any:
    """End the process while another thread waits for a job."""
    asked = threading.Event()
    # Each thread has a context of its own, so this one waits in real time.
    waiting = threading.Thread(
        target=lambda: WORLDS[order["world"]]().call(
            "generate_video", config, VideoGenerationRequest(prompt="x"), lambda update: asked.set()
        ),
        daemon=True,
    )
    waiting.start()
    assert asked.wait(10)
    return None


WORK: dict[str, Callable[[World, VideoGenerationConfig, dict[str, Any]], Any]] = {
    "generate": _generate,
    "submit": _submit,
    "resume": _resume,
    "save": _save,
    "fork": _fork,
    "leave": _leave,
}


def _told(result: Any) -> dict[str, Any]:
    job = result if isinstance(result, Job) else getattr(result, "job", None)
    return {
        "result": type(result).__name__,
        "job": job.to_json() if job else None,
        "path": str(result) if isinstance(result, Path) else None,
    }


def _told_of(error: BaseException) -> dict[str, Any]:
    notes: list[str] = []
    link: BaseException | None = error
    while link is not None:
        notes += getattr(link, "__notes__", [])
        link = link.__cause__ or link.__context__
    job = getattr(error, "job", None)
    return {
        "error": type(error).__name__,
        "message": str(error),
        "notes": notes,
        "job": job.to_json() if job else None,
        "request_sent": getattr(error, "request_sent", None),
        "url": getattr(error, "url", None),
    }


def main() -> None:
    # A test run in the background ignores SIGINT, and so would the processes it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    order = json.loads(sys.argv[1])
    register_provider("acme", Acme())
    config = VideoGenerationConfig(**order["config"])
    world = WORLDS[order["world"]]()
    with use_clock(VirtualClock()) if order.get("virtual") else contextlib.nullcontext():
        try:
            report = _told(WORK[order["work"]](world, config, order))
        except BaseException as error:  # noqa: BLE001 - it is what the test wants to know
            report = _told_of(error)
    world.close()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
