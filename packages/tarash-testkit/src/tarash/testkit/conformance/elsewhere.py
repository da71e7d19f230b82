"""Another process, which knows of a job what `Job.to_json` tells, and of its provider what the code says."""

import os
import pickle
import subprocess
import sys

import pytest

from tarash.tarash_gateway import register_provider, resume
from tarash.tarash_gateway.clock import use_clock
from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.models import Job
from tarash.tarash_gateway.plugins import registry
from tarash.testkit.clock import VirtualClock
from tarash.testkit.conformance.shop import Shop

CODE = f"from {__name__} import finish; finish()"
UNMADE = 3
SECONDS = 60.0


def finished_elsewhere(shop: Shop, job: Job) -> str:
    """How the job ends when a new process resumes it: its status, or the error in words.

    Skips the test where the provider cannot be made over there.
    """
    config = shop.config()
    options = {name: str(one) if isinstance(one, str) else one for name, one in config.provider_config.items()}
    # Secrets do not travel in a configuration.
    secrets = {"api_key": str(shop.purchase.key), "provider_config": options}
    try:
        task = pickle.dumps((shop.provider, _class_to_register(shop.provider), job.to_json(), config, secrets))
    except (AttributeError, TypeError, pickle.PicklingError) as error:
        pytest.skip(f"another process cannot be told of the provider: {error}")
    done = subprocess.run(  # noqa: S603 - this interpreter, with this module
        [sys.executable, "-c", CODE],
        input=task,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    said = done.stderr.decode().strip()
    if done.returncode == UNMADE:
        pytest.skip(f"another process cannot make the provider: {said}")
    assert not done.returncode, said
    return done.stdout.decode().splitlines()[-1]


def _class_to_register(provider: str) -> type | None:
    """None for an installed provider, which is found over there as it is here."""
    return None if registry.owners(provider) else type(registry.handler(provider))


def finish() -> None:
    """In the other process: resumes the job that comes in at its standard input."""
    try:
        provider, kind, job, config, secrets = pickle.load(sys.stdin.buffer)  # noqa: S301 - of the test's own process
        if kind is not None:
            register_provider(provider, kind())
    except (AttributeError, ImportError, TypeError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - for the process that waits
        sys.exit(UNMADE)
    with use_clock(VirtualClock()):
        try:
            ended = str(resume(Job.from_json(job), config.model_copy(update=secrets)).status)
        except TarashException as error:
            ended = f"{type(error).__name__}: {error}"
    print(ended)  # noqa: T201 - for the process that waits
