"""A process that is killed while it waits for fal; another takes its job over, and nothing is paid twice (D1)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.fal.desk import KINDS, MODELS

ROOT = Path(__file__).parents[2]


class Program:
    """A program that speaks JSON, line by line."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> Any:
        """The next line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return json.loads(line)

    def finish(self) -> list[Any]:
        """All further lines, until the program ends by itself, without any noise."""
        out, noise = self.process.communicate(timeout=20)
        assert (noise, self.process.returncode) == ("", 0)
        return [json.loads(line) for line in out.splitlines()]

    def kill(self) -> None:
        """SIGKILL: it can do nothing more."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[Program]:
    program = Program(*arguments, **environment)
    try:
        yield program
    finally:
        program.kill()


@pytest.mark.parametrize(
    ("first", "then", "kind"),
    [
        ("sync", "async", "video"),
        ("async", "sync", "image"),
        ("sync", "sync", "tts"),
        ("async", "async", "sts"),
    ],
)
def test_a_killed_process_is_taken_over_by_another(first: str, then: str, kind: str, tmp_path: Path) -> None:
    assert kind in KINDS
    with running("tarash.testkit.fal", "--queue-seconds", "3", "--run-seconds", "9") as fal:
        place = fal.hear()
        order = {
            "kind": kind,
            "path": str(tmp_path / "made"),
            "config": {"model": MODELS[kind], "base_url": place["queue_url"], "poll_interval": 0.02},
        }
        with running("tests.fal.child", json.dumps({**order, "world": first}), FAL_KEY=place["key"]) as child:
            job = child.hear()["job"]
            assert [child.hear()["status"] for _ in range(5)] == ["queued"] * 3 + ["processing"] * 2
            child.kill()
        assert not list(tmp_path.iterdir())
        assert place["key"] not in job
        with running(
            "tests.fal.child", json.dumps({**order, "world": then, "job": job}), FAL_KEY=place["key"]
        ) as child:
            *updates, end = child.finish()
        [totals] = fal.finish()
    assert updates[-1] == {"status": "completed"}
    assert end["ids"] == [json.loads(job)["states"][0]["pending"]["id"]]
    assert Path(end["path"]).stat().st_size
    assert (totals["charges"], totals["posts"], totals["cancels"]) == (1, 1, 0)
    assert totals["polls"] == 13
