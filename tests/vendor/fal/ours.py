"""The half of the comparison that speaks tarash, in a process of its own.

It believes to talk to fal's own hosts; proxy, trust and key come from the environment. Each line of its standard input
is an order, each line that it prints the account of one.
"""

import json
import sys
import warnings
from typing import Any

from tests.fal.desk import CONFIGS, REQUESTS
from tests.support.worlds import WORLDS, World
from tests.vendor.fal.cases import ALL

from tarash.tarash_gateway.clock import use_clock
from tarash.tarash_gateway.exceptions import TarashException
from tarash.testkit.clock import VirtualClock


def carry_out(world: World, order: dict[str, Any]) -> dict[str, Any]:
    case = ALL[order["case"]]
    options = {"live_schema": bool(order.get("live")), **case.options}
    config = CONFIGS[case.kind](provider="fal", model=case.endpoint, provider_config=options)
    request = REQUESTS[case.kind](**case.fields)
    if order["work"] == "cancel":
        job = world.call(f"submit_{case.kind}", config, request)
        return {"cancel": world.call("cancel", job, config)}
    response = world.call(f"generate_{case.kind}", config, request)
    return {"parameters": [(one.field, one.outcome) for one in response.parameters]}


def main() -> None:
    warnings.simplefilter("ignore")
    worlds = {name: make() for name, make in WORLDS.items()}
    with use_clock(VirtualClock()):
        for line in sys.stdin:
            order = json.loads(line)
            try:
                told = carry_out(worlds[order["world"]], order)
            except TarashException as error:
                told = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(told), flush=True)
    for world in worlds.values():
        world.close()


if __name__ == "__main__":
    main()
