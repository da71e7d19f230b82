"""The size of things, and words that do not belong here."""

import ast
import os
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

LONGEST_MODULE = 400
LONGEST_FUNCTION = 45
MEDIAN_FUNCTION = 12

SKIPPED_FOLDERS = {".git", ".hypothesis", ".nox", ".venv", "__pycache__", "build", "dist", "node_modules", "venv"}
TEXT = {"", ".cfg", ".in", ".ini", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}

# Each says something about a machine or about the making, never about the project.
FOREIGN = [
    r"(?<![\w.])/(work|root|opt)/\w",
    r"(?<![\w.])/(home|Users)/\w",
    r"\.\./shared\b",
    r"\b(DESIGN|faults|exemplars)\.md\b",
    r"\bfiles\.pythonhosted\.org\b",
    r"\bpypi\.org/simple\b",
    r"\bregistry\.npmjs\.org\b",
    r"(?i)\b(claude|chatgpt|copilot|sub-?agents?)\b",
    r"(?i)\bAI[- ](assistant|agent|generated|written)\b",
    r"(?i)\bco-authored-by\b",
]


def sources(repository: Path) -> list[Path]:
    return sorted(repository.glob("packages/*/src/**/*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def texts(repository: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(repository):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS and not name.endswith("_cache")]
        yield from (Path(folder, name) for name in files if Path(name).suffix in TEXT)


def test_no_module_is_longer_than_a_reader_bears(repository: Path) -> None:
    lengths = {
        path.relative_to(repository): len(path.read_text(encoding="utf-8").splitlines()) for path in sources(repository)
    }
    assert {path: count for path, count in lengths.items() if count > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen(repository: Path) -> None:
    long = [
        f"{path.relative_to(repository)}:{function.lineno} {function.name} has {length(function)} lines"
        for path in sources(repository)
        for function in functions(path)
        if length(function) > LONGEST_FUNCTION
    ]
    assert long == []


def test_the_median_function_is_short(repository: Path) -> None:
    lengths = [length(function) for path in sources(repository) for function in functions(path)]
    median = statistics.median(lengths)
    print(f"{len(lengths)} functions, median {median} lines, longest {max(lengths)}")
    assert median < MEDIAN_FUNCTION


@pytest.mark.parametrize("pattern", FOREIGN)
def test_the_project_speaks_of_the_project_only(repository: Path, pattern: str) -> None:
    found = [
        f"{path.relative_to(repository)}:{number}: {line.strip()[:120]}"
        for path in texts(repository)
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == []
