"""A simulator in a process of its own: `python -m tarash.testkit.fal`.

For benchmarks and for measuring memory, where the simulator must not share the interpreter with what is measured. It
writes one line of JSON with its URLs and its key, serves until its standard input ends, and then writes one line of
JSON with what its ledger holds. Its clock moves by `--advance-per-poll` seconds with each status answer.
"""

import argparse
import json
import sys
from collections.abc import Mapping

from tarash.testkit.fal.simulator import FalSimulator


def main() -> None:
    options = _parser().parse_args()
    with FalSimulator(**vars(options)) as simulator:
        _say(_addresses(simulator))
        sys.stdin.read()
        _say(_totals(simulator))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tarash.testkit.fal", description="A simulator of fal.")
    parser.add_argument("--queue-seconds", type=float, default=1.0, help="how long jobs wait (virtual seconds)")
    parser.add_argument("--run-seconds", type=float, default=2.0, help="how long jobs run (virtual seconds)")
    parser.add_argument("--advance-per-poll", type=float, default=1.0, help="seconds that pass with a status answer")
    parser.add_argument("--keep", type=int, default=1000, help="how many requests are remembered")
    parser.add_argument("--separate-hosts", action="store_true", help="one port for each of fal's hosts")
    return parser


def _addresses(simulator: FalSimulator) -> dict[str, str]:
    names = ("queue_url", "run_url", "rest_url", "cdn_url", "openapi_url", "platform_url", "key")
    return {name: getattr(simulator, name) for name in names}


def _totals(simulator: FalSimulator) -> dict[str, int]:
    ledger = simulator.ledger
    counted = ("posts", "polls", "cancels", "uploads", "downloads", "bytes_served")
    return {"charges": ledger.total_charges, **{name: getattr(ledger, name) for name in counted}}


def _say(value: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
