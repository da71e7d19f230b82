"""What holds for every test: no network but this machine, no keys, proxies or caches of the person who runs it."""

import ipaddress
import itertools
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tarash.testkit.worlds import WORLDS, World, opened_world

_KEPT_VARIABLES = {"NO_PROXY", "no_proxy"}
_PRIVATE_WORDS = ("_API_KEY", "_API_SECRET", "_API_TOKEN", "_PROXY", "_CREDENTIALS")
_PRIVATE_NAMES = {"FAL_KEY", "FAL_KEY_ID", "FAL_KEY_SECRET"}


def _refuse_the_world(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop connections that leave this machine, whatever library tries to open them."""
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_here(arguments[1][0]):
        raise RuntimeError(f"a test tried to reach {arguments[1][0]}")


def _is_here(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified


# An audit hook needs no patched socket; it cannot be taken back, so it stands for the whole run.
sys.addaudithook(_refuse_the_world)


def _is_private(variable: str) -> bool:
    upper = variable.upper()
    return variable not in _KEPT_VARIABLES and (upper in _PRIVATE_NAMES or upper.endswith(_PRIVATE_WORDS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folders tests/docs and tests/vendor have nox sessions of their own, and so markers."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in {"docs", "vendor"}:
            item.add_marker(folder)


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders that nobody has used. pytest's own numbering reads all that it made before, each time."""
    folder = tmp_path_factory.mktemp("caches")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def neutral_environment(monkeypatch: pytest.MonkeyPatch, caches: Iterator[Path]) -> None:
    """Each test starts without keys and proxies, and with an empty cache of its own."""
    for variable in [name for name in os.environ if _is_private(name)]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("TARASH_CACHE_DIR", str(next(caches)))


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> Generator[World]:
    """The sync world, then the async one. No thread may outlive it."""
    with opened_world(request.param) as one:
        yield one


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the source tree."""
    return Path(__file__).parents[1]
