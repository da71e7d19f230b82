"""The commands that a newcomer meets: the blocks of the README, the script that runs the second, and the scripts."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(ROOT.glob("scripts/*.py"))


def bash_blocks(text: str) -> list[str]:
    return re.findall(r"^```bash[ \t]*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def block(command: str) -> str:
    return f"```bash\n{command}\n```\n"


def run_checks_of(readme: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a copy of .ci/run in a folder with another README."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "README.md").write_text(readme)
    return subprocess.run([folder / ".ci" / "run"], cwd="/", capture_output=True, check=False, text=True)


def test_the_readme_begins_with_two_command_lines() -> None:
    first, second, *_ = bash_blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(first.strip().splitlines()) == 1
    assert len(second.strip().splitlines()) == 1
    assert "--mock" in first
    assert "nox" in second


def test_the_check_script_holds_no_copy_of_the_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "nox" not in script
    assert "pip install" not in script


def test_the_check_script_runs_the_second_block_in_the_root(tmp_path: Path) -> None:
    python = "```python\nprint('no')\n```"
    readme = "\n\n".join([block("echo first"), python, block("echo second && pwd"), block("echo third")])
    result = run_checks_of(readme, tmp_path)
    assert result.stdout.splitlines() == ["second", str(tmp_path.resolve())]
    assert result.returncode == 0


@pytest.mark.parametrize("command", ["false\necho reached", "false | cat\necho reached", "echo $not_set\necho reached"])
def test_the_check_script_fails_with_the_first_fault(tmp_path: Path, command: str) -> None:
    result = run_checks_of(f"{block('echo first')}\n{block(command)}", tmp_path)
    assert result.returncode != 0
    assert "reached" not in result.stdout


def test_the_check_script_says_when_there_is_nothing_to_run(tmp_path: Path) -> None:
    result = run_checks_of(block("echo first"), tmp_path)
    assert result.returncode == 1
    assert "no second bash block" in result.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.name for script in SCRIPTS])
def test_a_script_says_how_it_is_used(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert f"python scripts/{script.name}" in text or f"nox -s {script.stem}" in text


@pytest.mark.parametrize(
    "name", [script.name for script in SCRIPTS if "argparse" in script.read_text(encoding="utf-8")]
)
def test_a_script_explains_its_options(name: str) -> None:
    command = [sys.executable, str(ROOT / "scripts" / name), "--help"]
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert shown.startswith(f"usage: {name}")
