"""Count each provider's lines of code without its tables.

    python scripts/measure_lines.py [--files]

A line counts when a function or class stands on it, or a statement of one. These do not count:

- blank lines, comments, docstrings, and the strings below attributes that describe them;
- imports;
- tables: the assignments of modules and classes, which say what is (models, values, mappings, names), not what is done.

A table that is built inside a function counts like the rest of the function, because it depends on something. Data
files are no code. A provider is a folder below packages/*/src/tarash/providers. A folder inside it is an interface of
its own: it is counted together with the modules that stand beside it, which all interfaces of the provider share.
So Google counts as two providers: the methods of the Gemini API and those of Vertex AI (predictions, operations, OAuth)
have different paths, bodies and answers, and no module of one folder is used by the other.

The exit code is 1 when a provider has as many lines as the limit, or more.
"""

from __future__ import annotations

import argparse
import ast
import io
import statistics
import sys
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LIMIT = 400
ROOT = Path(__file__).resolve().parents[1]
PROVIDERS = "packages/*/src/tarash/providers/*"

_LAYOUT = (
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
)


@dataclass(frozen=True)
class Count:
    """One provider, or one interface of a provider with several: lines by file, and lines of each function."""

    name: str
    files: Mapping[str, int]
    functions: Sequence[int]

    @property
    def lines(self) -> int:
        return sum(self.files.values())

    @property
    def median(self) -> float:
        """Of the lines of its functions."""
        return statistics.median(self.functions) if self.functions else 0


def code_lines(source: str) -> set[int]:
    """The numbers of the lines that count."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {line for token in tokens if token.type not in _LAYOUT for line in range(token.start[0], token.end[0] + 1)}
    return lines - {line for node in _not_counted(ast.parse(source)) for line in _lines_of(node)}


def function_lengths(source: str) -> list[int]:
    """How many lines of each function count, the functions inside it included."""
    counted = code_lines(source)
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return [len(counted & set(_lines_of(function))) for function in functions]


def _not_counted(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node
        if isinstance(node, ast.Module | ast.ClassDef):
            yield from (one for one in node.body if isinstance(one, ast.Assign | ast.AnnAssign))


def _lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def modules(folder: Path) -> dict[str, str]:
    """The sources of a provider, by their path inside its folder."""
    paths = sorted(folder.rglob("*.py"))
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def provider_folders(root: Path = ROOT) -> list[Path]:
    return sorted(path for path in root.glob(PROVIDERS) if (path / "__init__.py").is_file())


def counts(root: Path = ROOT) -> list[Count]:
    """One for each provider, or for each interface of a provider that has folders for them."""
    return [count for folder in provider_folders(root) for count in _counts_of(folder)]


def _counts_of(folder: Path) -> Iterator[Count]:
    sources = modules(folder)
    shared = {name: source for name, source in sources.items() if "/" not in name}
    interfaces = sorted({name.partition("/")[0] for name in sources.keys() - shared.keys()})
    for interface in interfaces or [""]:
        own = {name: source for name, source in sources.items() if interface and name.startswith(f"{interface}/")}
        yield _count(f"{folder.name} {interface}".strip(), {**shared, **own})


def _count(name: str, sources: Mapping[str, str]) -> Count:
    files = {file: len(code_lines(source)) for file, source in sources.items()}
    return Count(name, files, [length for source in sources.values() for length in function_lengths(source)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", action="store_true", help="show the lines of each file, too")
    arguments = parser.parse_args()
    print(f"{'provider':<18}{'lines':>6}{'functions':>11}{'median':>8}   limit {LIMIT}")
    found = counts()
    for count in found:
        print(f"{count.name:<18}{count.lines:>6}{len(count.functions):>11}{count.median:>8g}")
        for file, lines in count.files.items() if arguments.files else ():
            print(f"    {file:<28}{lines:>6}")
    return 1 if any(count.lines >= LIMIT for count in found) else 0


if __name__ == "__main__":
    sys.exit(main())
