"""A process of its own that submits a job and waits for it, for tests that kill it meanwhile.

Its order comes as JSON on the standard input. It prints the job once it is accepted, and a line for each update.
"""

import json
import sys
import warnings

from tests.support.purchases import CLASSES
from tests.support.worlds import WORLDS


def main() -> None:
    warnings.simplefilter("ignore", UserWarning)
    order = json.load(sys.stdin)
    new_config, new_request = CLASSES[order["kind"]]
    world, config = WORLDS[order["world"]](), new_config(**order["config"])
    job = world.call(f"submit_{order['kind']}", config, new_request(**order["request"]))
    print(json.dumps({"job": job.to_json()}), flush=True)
    world.call("resume", job, config, lambda update: print(json.dumps({"status": update.status}), flush=True))


if __name__ == "__main__":
    main()
