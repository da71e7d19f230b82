"""Throwaway distributions: a module beside the metadata that an installer would have written."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GOOD = """
from tarash.tarash_gateway.hookspecs import hookimpl
from tarash.tarash_gateway.models import VideoGenerationResponse

class Handler:
    def generate_video(self, config, request, on_progress=None):
        return VideoGenerationResponse(request_id="own", video="https://media.example/" + config.provider)

@hookimpl
def tarash_providers():
    return {"good": Handler()}
"""

CHILD = """
import asyncio, json, sys
from tarash.tarash_gateway import generate_video, generate_video_async, register_provider
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest

REQUEST = VideoGenerationRequest(prompt="x")

def told(error):
    names = [kind.__name__ for kind in type(error).__mro__]
    depth, tb = 0, error.__traceback__
    while tb:
        depth, tb = depth + 1, tb.tb_next
    return {"error": type(error).__name__, "mro": names, "message": str(error), "depth": depth,
            "provider": getattr(error, "provider", None)}

def outcome(work):
    try:
        return {"video": work().video}
    except BaseException as error:
        return told(error)

def both(provider):
    config = VideoGenerationConfig(provider=provider)
    return [outcome(lambda: generate_video(config, REQUEST)),
            outcome(lambda: asyncio.run(generate_video_async(config, REQUEST)))]

def tell(value):
    print("TOLD", json.dumps(value), file=sys.stderr)
"""


def distribution(folder: Path, name: str, entries: Mapping[str, str], **modules: str) -> None:
    """Put a distribution with these entry points (provider id to object) and modules into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for module, code in modules.items():
        (folder / f"{module}.py").write_text(code)
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{provider} = {target}" for provider, target in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[tarash.providers]", *lines, ""]))
    (info / "RECORD").write_text("".join(f"{module}.py,,\n" for module in modules))


def run_child(code: str, *folders: Path) -> Any:
    """Run `code` after CHILD in a process that sees the distributions in `folders`, and return what it told last."""
    done = start_child(code, *folders)
    told = [line for line in done.stderr.splitlines() if line.startswith("TOLD ")]
    assert told, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    return json.loads(told[-1].removeprefix("TOLD "))


def start_child(code: str, *folders: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([*map(str, folders), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-c", CHILD + code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
