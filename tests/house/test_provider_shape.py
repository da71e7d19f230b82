"""A provider describes and never acts: how much code each needs, and that none of it sends, sleeps or logs."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.measure_lines import LIMIT, Count, code_lines, counts, function_lengths, modules, provider_folders

LONGEST_MEDIAN = 12

MODULES = {
    *("aiohttp", "asyncio", "concurrent", "fal_client", "http", "httpcore", "httpx", "logging", "multiprocessing"),
    *("requests", "sched", "select", "selectors", "signal", "socket", "ssl", "subprocess", "threading", "time"),
    *("urllib.request", "urllib3", "warnings"),
}
CALLS = {
    *("sleep", "wait", "send", "sendall", "recv", "connect", "urlopen", "getresponse", "communicate"),
    *("print", "getLogger", "log", "debug", "info", "warning", "warn", "critical", "exception"),
    *("Thread", "Client", "AsyncClient", "create_task", "gather", "retry"),
}
HARMLESS = {"math.log"}
COUNTS = counts()


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
        if name in CALLS and ast.unparse(node.func) not in HARMLESS:
            yield f"calls {name}"


def _is_forbidden(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in MODULES)


@pytest.mark.parametrize("count", COUNTS, ids=[count.name for count in COUNTS])
def test_the_code_of_a_provider_is_short(count: Count) -> None:
    print(f"{count.name}: {count.lines} lines without tables, the median function has {count.median:g}")
    assert 0 < count.lines < LIMIT
    assert count.median < LONGEST_MEDIAN


def test_every_provider_is_counted(repository: Path) -> None:
    declared = {
        line.partition("=")[0].strip().replace("-", "_")
        for path in repository.glob("packages/*/pyproject.toml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.endswith(':plugin"')
    }
    assert declared
    assert {count.name.partition(" ")[0] for count in COUNTS} == declared


@pytest.mark.parametrize("folder", provider_folders(), ids=lambda folder: folder.name)
def test_no_provider_sends_sleeps_or_logs(folder: Path) -> None:
    found = {name: deeds(source) for name, source in modules(folder).items()}
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
        *("class One:", "    field: int = 1", '    """What."""', "", "    def two(self) -> int:", "        return 2"),
        *("def one(", "    a: int,", ") -> int:", '    """Why."""', "    table = {", "    }", "    return a"),
    ]
    assert [lines[number - 1] for number in sorted(code_lines("\n".join(lines)))] == [
        *("class One:", "    def two(self) -> int:", "        return 2"),
        *("def one(", "    a: int,", ") -> int:", "    table = {", "    }", "    return a"),
    ]
    assert sorted(function_lengths("\n".join(lines))) == [2, 6]
