"""The simulator in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any


def test_it_tells_its_addresses_and_at_the_end_its_totals(ask: Callable[..., Any]) -> None:
    command = [sys.executable, "-m", "tarash.testkit.fal", "--queue-seconds=0", "--run-seconds=1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        job = ask("POST", f"{told['queue_url']}/fal-ai/veo3", {}, key=told["key"]).json
        states = [ask("GET", job["status_url"], key=told["key"]).json["status"] for _ in range(2)]
        process.stdin.close()
        totals = json.loads(process.stdout.readline())
    assert states == ["IN_PROGRESS", "COMPLETED"]
    assert (totals["charges"], totals["posts"], totals["polls"]) == (1, 1, 2)
    assert process.returncode == 0
