"""Measure what `import tarash.tarash_gateway` costs beside its own dependencies, and what it brings into memory.

    python scripts/measure_import.py [--rounds 15] [--limit 1.25]

The imports are timed in turn, each in a fresh interpreter, and compared by their medians: what disturbs the machine
disturbs all. The yardstick is `import httpx, pydantic` with one model of nine fields. The exit code is 1 when a ratio
is above the limit, or when the import loads what should wait for the first call.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

YARDSTICK = """
import httpx, pydantic
class Model(pydantic.BaseModel):
    a: str; b: str; c: int = 0; d: float = 0.0; e: bool = False
    f: list[str] = []; g: dict[str, str] = {}; h: str | None = None; i: int | None = None
"""
# The second shows that nothing was merely put off to the line after the import.
OURS = {
    "import tarash.tarash_gateway": "import tarash.tarash_gateway",
    "the names of a first program": """
from tarash.tarash_gateway import generate_video
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest
""",
}
TIMED = "import time; begin = time.perf_counter()\n{}\nprint(time.perf_counter() - begin)"
LISTED = "{}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"

# Each of these belongs to the first call, to a provider or to the command line.
LATER = (
    "anyio",
    "asyncio",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "rich",
    "ssl",
    "tarash.cli",
    "tarash.providers",
    "typer",
)


def run_fresh(code: str) -> str:
    """What a new interpreter prints when it runs the code; its own complaint goes to standard error."""
    return subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout


def seconds_of(imports: str) -> float:
    return float(run_fresh(TIMED.format(imports)))


def medians(programs: list[str], rounds: int) -> list[float]:
    """The median seconds of each program, measured in turn after one unmeasured round."""
    measured = [[seconds_of(program) for program in programs] for _ in range(rounds + 1)]
    return [statistics.median(column) for column in zip(*measured[1:], strict=True)]


def loaded_too_early(imports: str) -> list[str]:
    """Modules that the import loads although they should wait for the first call."""
    loaded = json.loads(run_fresh(LISTED.format(imports)))
    return [name for name in loaded if any(name == later or name.startswith(f"{later}.") for later in LATER)]


def judge(rounds: int, limit: float) -> list[str]:
    """Print the figures; return what is wrong with them."""
    yardstick, *ours = medians([YARDSTICK, *OURS.values()], rounds)
    print(f"{'import httpx, pydantic, one model':35} {yardstick * 1000:7.1f} ms")
    for name, seconds in zip(OURS, ours, strict=True):
        print(f"{name:35} {seconds * 1000:7.1f} ms  ratio {seconds / yardstick:.2f}  (limit {limit})")
    faults = [f"{name} is too slow" for name, seconds in zip(OURS, ours, strict=True) if seconds > limit * yardstick]
    early = sorted({module for imports in OURS.values() for module in loaded_too_early(imports)})
    return faults + [f"loaded too early: {module}" for module in early]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each import is measured (default 15)")
    parser.add_argument("--limit", type=float, default=1.25, help="highest allowed ratio (default 1.25)")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    faults = judge(options.rounds, options.limit)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
