"""A provider describes and never acts: how much code fal needs, and that none of it sends, sleeps or logs.

What counts as fal's own code are the lines of functions and classes in the modules that speak fal's protocol (steps,
errors, outputs, uploads, webhooks, what is known of a model). What does not count: imports, docstrings, comments, blank
lines; tables, which are assignments of modules and classes; and the field rules, which stand in for a table of inputs
for each of fal's endpoints: the catalogue, the reader of live schemas, and the rules from either to field mappings.
"""

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

MOST_LINES = 400
FIELD_RULES = {"catalogue.py", "openapi.py", "rules.py", "speech.py", "values.py"}

_LAYOUT = (
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
)

MODULES = {
    *("aiohttp", "asyncio", "concurrent", "fal_client", "http", "httpcore", "httpx", "logging", "multiprocessing"),
    *("requests", "sched", "select", "selectors", "signal", "socket", "ssl", "subprocess", "threading", "time"),
    *("urllib.request", "urllib3", "warnings"),
}
CALLS = {
    *("sleep", "wait", "send", "sendall", "recv", "connect", "urlopen", "request", "getresponse", "communicate"),
    *("print", "write", "getLogger", "log", "debug", "info", "warning", "warn", "critical", "exception"),
    *("Thread", "Client", "AsyncClient", "create_task", "gather", "retry"),
}


def modules(repository: Path) -> dict[str, str]:
    folder = repository / "packages/tarash-fal/src/tarash/providers/fal"
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}


def own_lines(source: str) -> set[int]:
    """The numbers of the lines that count."""
    tree = ast.parse(source)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {line for token in tokens if token.type not in _LAYOUT for line in range(token.start[0], token.end[0] + 1)}
    return lines - {line for node in not_counted(tree) for line in range(node.lineno, (node.end_lineno or 0) + 1)}


def not_counted(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node
        if isinstance(node, ast.Module | ast.ClassDef):
            yield from (one for one in node.body if isinstance(one, ast.Assign | ast.AnnAssign))


def deeds(source: str) -> list[str]:
    """Whatever in a module acts instead of describing."""
    return [f"line {node.lineno}: {what}" for node in ast.walk(ast.parse(source)) for what in _deed(node)]  # type: ignore[attr-defined]


def _deed(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
        yield "awaits"
    if isinstance(node, ast.Import):
        yield from (f"imports {one.name}" for one in node.names if _is_forbidden(one.name))
    if isinstance(node, ast.ImportFrom) and _is_forbidden(node.module or ""):
        yield f"imports {node.module}"
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in CALLS:
            yield f"calls {name}"


def _is_forbidden(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in MODULES)


def test_the_code_of_fal_is_short(repository: Path) -> None:
    counts = {name: len(own_lines(source)) for name, source in modules(repository).items()}
    own = {name: count for name, count in counts.items() if name not in FIELD_RULES}
    print(f"fal's own code: {sum(own.values())} lines {own}; field rules: {sum(counts.values()) - sum(own.values())}")
    assert set(counts) >= FIELD_RULES
    assert sum(own.values()) < MOST_LINES


@pytest.mark.parametrize("part", ["own code", "field rules"])
def test_nothing_of_fal_sends_sleeps_or_logs(repository: Path, part: str) -> None:
    found = {
        name: deeds(source)
        for name, source in modules(repository).items()
        if (name in FIELD_RULES) == (part == "field rules")
    }
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "source",
    [
        *("import time", "import http.client", "from asyncio import sleep", "import urllib.request as net"),
        *("def step(): clock.sleep(1)", "def step(): yield client.send(request)", "def step(): print(1)"),
        *("async def step(): pass", "log.warning('x')", "def step():\n    from logging import getLogger"),
    ],
)
def test_a_deed_would_be_seen(source: str) -> None:
    assert deeds(source)


def test_only_code_is_counted() -> None:
    lines = [
        *('"""Says what."""', "import re", "TABLE = {", "    1: 2,", "}", "# why", ""),
        *("def one(", "    a: int,", ") -> int:", '    """Why."""', "    return a"),
    ]
    assert [lines[number - 1] for number in sorted(own_lines("\n".join(lines)))] == [
        *("def one(", "    a: int,", ") -> int:", "    return a"),
    ]
