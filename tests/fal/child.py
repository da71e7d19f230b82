"""A process of its own that uses fal by way of tarash, for tests that kill it while it waits.

Its order comes as JSON in the arguments, the key in FAL_KEY. It prints one line of JSON for each thing that happens:
the job once it is accepted, each update of its progress, and the response.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from tests.fal.desk import CONFIGS, REQUESTS, USUAL
from tests.support.worlds import WORLDS

from tarash.tarash_gateway.models import Job


def say(value: Mapping[str, Any]) -> None:
    print(json.dumps(value), flush=True)


def main() -> None:
    order = json.loads(sys.argv[1])
    kind, world = order["kind"], WORLDS[order["world"]]()
    config = CONFIGS[kind](provider="fal", **order["config"])
    if "job" in order:
        job = Job.from_json(order["job"])
    else:
        job = world.call(f"submit_{kind}", config, REQUESTS[kind](**USUAL[kind]))
        say({"job": job.to_json()})
    response = world.call("resume", job, config, lambda update: say({"status": update.status}))
    path = world.save(response, order["path"])
    say({"path": str(path), "ids": response.job.provider_ids, "made": len(response.outputs())})
    world.close()


if __name__ == "__main__":
    main()
