"""The command in an empty folder, and beside it the provider "cinema", installed as any plugin is."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.cli.forking import Forks
from tests.cli.running import KEY, PLUGINS, CinemaServer, Command, add_distribution

from tarash.testkit.server import ScriptedServer

KEPT = ("PATH", "HOME", "TARASH_CACHE_DIR", "SYSTEMROOT")


def kept_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ}


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Generator[Forks]:
    with Forks(tmp_path_factory.mktemp("streams"), kept_environment()) as server:
        yield server


@pytest.fixture
def tarash(tmp_path: Path, forks: Forks) -> Generator[Command]:
    """The command in an empty folder, without keys, and with a state folder of its own."""
    (tmp_path / "here").mkdir()
    own = {"TARASH_STATE_DIR": str(tmp_path / "state"), "COLUMNS": "200", "NO_PROXY": "*"}
    command = Command(tmp_path / "here", {**kept_environment(), **own}, forks)
    yield command
    for process in command.running:
        process.kill()
        process.communicate()


@pytest.fixture
def cinema(tarash: Command, tmp_path: Path) -> Generator[CinemaServer]:
    """The provider "cinema" installed beside the command, its key set, and its server running."""
    add_distribution(tmp_path / "site", "tarash-cinema", entry_points={"cinema": "cinema:plugin"})
    tarash.path += [tmp_path / "site", PLUGINS]
    tarash.environment["CINEMA_KEY"] = KEY
    behind = CinemaServer()
    with ScriptedServer(behind) as server:
        behind.server = server
        yield behind
