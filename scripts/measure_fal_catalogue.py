"""Measure what the bundled catalogue of fal's endpoints weighs, and what the first call waits for it.

    python scripts/measure_fal_catalogue.py [--rounds 15]

The file is timed in fresh interpreters, after the import: reading, decompressing and parsing it, and making the
description of one endpoint. The exit code is 1 when it is larger than 100 kB or takes longer than 15 ms (median).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

from tarash.providers.fal import catalogue

LARGEST_BYTES = 100_000
LONGEST_MILLISECONDS = 15.0
TIMED = """
import time
from tarash.providers.fal import catalogue
begin = time.perf_counter()
assert catalogue.find("fal-ai/veo3.1/fast")
print((time.perf_counter() - begin) * 1000)
"""


def milliseconds() -> float:
    """What the first question costs a new interpreter."""
    done = subprocess.run([sys.executable, "-c", TIMED], check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often it is measured (default 15)")
    rounds = parser.parse_args().rounds
    size = catalogue.DATA.stat().st_size
    median = statistics.median(milliseconds() for _ in range(rounds))
    print(f"{sum(1 for _ in catalogue.endpoints())} endpoints in {size} bytes (limit {LARGEST_BYTES})")
    print(f"first question answered in {median:.1f} ms, median of {rounds} (limit {LONGEST_MILLISECONDS:g} ms)")
    return 0 if size <= LARGEST_BYTES and median <= LONGEST_MILLISECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
