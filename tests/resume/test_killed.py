"""Killed while it waits, at every provider and for every kind of work that is waited for: another process goes on (D1).

The simulator's clock stands still until the first process is dead, so that its job cannot have been finished before.
"""

import base64
import json
import subprocess
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.purchases import CLASSES, PURCHASES
from tests.support.worlds import WORLDS

from tarash.tarash_gateway.clock import use_clock
from tarash.tarash_gateway.models import Job
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import wav
from tarash.testkit.simulators import find_simulator

ROOT = Path(__file__).parents[2]
SOUND = f"data:audio/wav;base64,{base64.b64encode(wav().content).decode()}"
NEEDED: dict[str, dict[str, Any]] = {"sts": {"audio": SOUND}}
WAITED_FOR = {
    "azure-openai": ["video"],
    "fal": ["video", "image", "tts", "sts"],
    "google": ["video"],
    "luma": ["video", "image"],
    "openai": ["video"],
    "replicate": ["video", "image"],
    "runway": ["video", "image", "tts", "sts"],
    "xai": ["video"],
}
"""All others answer with the result at once: there is no job that could be lost."""

RUN_SECONDS = 20.0
OTHER = {"sync": "async", "async": "sync"}


@contextmanager
def waiting(order: dict[str, Any]) -> Generator[Job]:
    """A process that has submitted a job and asked for it at least once; killed when the block begins to matter."""
    command = [sys.executable, "-W", "error", "-m", "tests.resume.waiter"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(order))
            process.stdin.close()
            job = Job.from_json(json.loads(process.stdout.readline())["job"])
            assert json.loads(process.stdout.readline())["status"] in ("queued", "processing")
        finally:
            process.kill()
    yield job


@pytest.mark.parametrize("world", list(WORLDS))
@pytest.mark.parametrize(("provider", "kind"), [(name, kind) for name, kinds in WAITED_FOR.items() for kind in kinds])
def test_another_process_finishes_the_job_for_nothing(provider: str, kind: str, world: str, tmp_path: Path) -> None:
    clock, ledger, purchase = VirtualClock(), Ledger(), PURCHASES[provider][kind]
    with find_simulator(provider)(clock=clock, ledger=ledger, run_seconds=RUN_SECONDS) as simulator:
        config = {**simulator.settings, "model": purchase.get("model"), "poll_interval": 0.02}
        request = {**purchase["request"], **NEEDED.get(kind, {})}
        with waiting({"kind": kind, "world": world, "config": config, "request": request}) as job:
            assert (ledger.total_charges, simulator.key in job.to_json()) == (1, False)
            posts = ledger.posts
            clock.advance(2 * RUN_SECONDS)
            other = WORLDS[OTHER[world]]()
            with use_clock(clock), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                response = other.call("resume", job, CLASSES[kind][0](**config))
            assert other.save(response, tmp_path / "made").stat().st_size
            other.close()
    assert response.status == "completed"
    assert (ledger.total_charges, ledger.posts) == (1, posts)
