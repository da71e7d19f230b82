from collections.abc import Generator

import pytest
from tests.support.conversing import Talkshow
from tests.support.worlds import WORLDS, World

from tarash.testkit.ledger import Ledger


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> Generator[World]:
    """Both worlds. A thread may still stand in the caller's own iterator of text, so none is looked for."""
    one = WORLDS[request.param]()
    yield one
    one.close()


@pytest.fixture
def show(world: World, ledger: Ledger) -> Generator[Talkshow]:
    with Talkshow(world, ledger) as one:
        yield one
