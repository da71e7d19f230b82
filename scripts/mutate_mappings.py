"""Remove every line of every field mapping, one at a time, and see whether a test of that provider fails.

    python scripts/mutate_mappings.py [PROVIDER ...]

A line is an entry of a dictionary in a provider's source that has field mappers in it; "schemas" are the rules that
fal and Replicate share. The provider's own tests run against a copy of its package without that line; lines that nobody
misses are printed, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROVIDERS = {
    path.name: path
    for path in sorted(ROOT.glob("packages/*/src/tarash/providers/*"))
    if (path / "__init__.py").exists()
}
PROVIDERS["schemas"] = ROOT / "packages/tarash-core/src/tarash/tarash_gateway/providers/schemas"
TESTED_WITH = {"azure_openai": ["openai"], "schemas": ["replicate", "fal"]}
"""Folders of tests, where they are not called like the provider."""


@dataclass(frozen=True)
class Entry:
    """One line of a mapping: where it stands, and the text of the file without it."""

    file: Path
    line: int
    key: str
    without: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} {self.key}"


def entries_of(package: Path) -> Iterator[Entry]:
    for file in sorted(package.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Dict) and any(is_mapper(value) for value in node.values):
                yield from entries_in(node, file, text)


def is_mapper(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    name = called.id if isinstance(called, ast.Name) else ""
    return name == "FieldMapper" or name.endswith("_mapper")


def entries_in(node: ast.Dict, file: Path, text: str) -> Iterator[Entry]:
    starts = [start_of(key, value, text) for key, value in zip(node.keys, node.values, strict=True)]
    ends = [*starts[1:], place(text, node.end_lineno, node.end_col_offset) - 1]
    for key, start, end in zip(node.keys, starts, ends, strict=True):
        if key is not None:
            yield Entry(file, key.lineno, ast.unparse(key), text[:start] + text[end:])


def start_of(key: ast.expr | None, value: ast.expr, text: str) -> int:
    if key is not None:
        return place(text, key.lineno, key.col_offset)
    return text.rindex("**", 0, place(text, value.lineno, value.col_offset))


def place(text: str, line: int | None, column: int | None) -> int:
    """The index in `text`; columns of `ast` count bytes."""
    assert line is not None
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


def still_passes(package: Path, folders: list[str], entry: Entry | None = None) -> bool:
    """Whether the tests pass against a copy of the package, without the line of `entry` if there is one."""
    source = next(folder for folder in package.parents if folder.name == "src")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "src"
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        if entry is not None:
            (copy / entry.file.relative_to(source)).write_text(entry.without, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        tests = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *folders]
        return subprocess.run(tests, cwd=ROOT, env=environment, capture_output=True).returncode == 0


def folders_of(provider: str) -> list[str]:
    names = TESTED_WITH.get(provider, [provider])
    return [f"tests/{name}" for name in names if (ROOT / "tests" / name).is_dir()]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("providers", nargs="*", choices=[*PROVIDERS, []], help="default: all")
    wanted = parser.parse_args().providers or list(PROVIDERS)
    removed, unnoticed = 0, 0
    for provider in wanted:
        package, folders = PROVIDERS[provider], folders_of(provider)
        if not still_passes(package, folders):
            print(f"The tests of {provider} fail as it is.")
            return 1
        for entry in entries_of(package):
            removed += 1
            if still_passes(package, folders, entry):
                unnoticed += 1
                print(f"nobody misses {entry}", flush=True)
        print(f"{provider}: so far {removed} lines removed one by one, {unnoticed} of them unnoticed", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
