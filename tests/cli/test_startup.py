"""What the command costs before it does anything."""

import re
import subprocess
import sys

import pytest
from tests.cli.running import Command

LIST_MODULES = """
import sys
from tarash.cli.app import run
code = run(sys.argv[1:])
print("MODULES", *sys.modules)
sys.exit(code)
"""


@pytest.mark.parametrize("words", [["--help"], ["video", "--help"], ["jobs", "resume", "-h"], ["--version"]])
def test_help_does_not_import_the_core(tarash: Command, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, *words], env=tarash.env(), capture_output=True, check=True, text=True
    )
    loaded = set(done.stdout.rpartition("MODULES ")[2].split())
    assert "tarash.cli.app" in loaded
    assert loaded & {"httpx", "httpx2", "pluggy", "tarash.tarash_gateway"} == set()


def test_the_version(tarash: Command) -> None:
    assert re.fullmatch(r"tarash \d+\.\d+\S* \(tarash-core \d+\.\d+\S*\)\n", tarash("--version").stdout)


@pytest.mark.parametrize("columns", ["1", "20", "300"])
def test_help_fits_every_terminal(tarash: Command, columns: str) -> None:
    done = tarash("video", "--help", env={"COLUMNS": columns, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "--aspect-ratio" in done.stdout.replace("\n", "")


def test_no_command_at_all(tarash: Command) -> None:
    done = tarash()
    assert done.returncode in (0, 2)  # a matter of the versions of typer and click
    assert "convert-voice" in done.stdout + done.stderr
