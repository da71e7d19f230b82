"""A process that is killed while it waits for the older interface; the current one is in tests/resume."""

from pathlib import Path

import pytest
from tests.luma.desk import OLDER_MODELS
from tests.resume.test_killed import RUN_SECONDS, waiting
from tests.support.desks import PROMPT
from tests.support.purchases import CLASSES
from tests.support.worlds import World

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.luma import LumaSimulator


@pytest.mark.parametrize("kind", list(OLDER_MODELS))
def test_another_process_finishes_the_job_for_nothing(
    world: World, virtual_clock: VirtualClock, ledger: Ledger, kind: str, tmp_path: Path
) -> None:
    with LumaSimulator(clock=virtual_clock, ledger=ledger, run_seconds=RUN_SECONDS) as simulator:
        config = {**simulator.dream_machine_settings, "model": OLDER_MODELS[kind], "poll_interval": 0.02}
        order = {"kind": kind, "world": world.name, "config": config, "request": {"prompt": PROMPT}}
        with waiting(order) as job:
            assert simulator.dream_machine_key not in job.to_json()
            virtual_clock.advance(2 * RUN_SECONDS)
            response = world.call("resume", job, CLASSES[kind][0](**config))
        assert world.save(response, tmp_path / "made").stat().st_size
    assert (ledger.total_charges, ledger.posts) == (1, 1)
