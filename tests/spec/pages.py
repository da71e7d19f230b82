"""Python snippets out of pages, also out of those that lost their fences and indentation when they were saved."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TEXT = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|#.*")
_BLOCK = re.compile(r"(?:async )?(?P<kind>class|def) (?P<name>\w+)")


def snippets(page: Path) -> list[str]:
    """The snippets of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return FENCED.findall(text) or ["\n".join(indented(statements(lines))) for lines in unfenced(text.splitlines())]


def unfenced(lines: Sequence[str]) -> Iterator[list[str]]:
    """Runs of lines that begin with an import, and end where the page goes on in words or with a table."""
    found: list[str] = []
    for line in lines:
        ends = line.startswith(("Source code", "|"))
        if found and ends:
            yield found
            found = []
        elif found or line.startswith(("from tarash", "import ")):
            found.append(line)


def statements(lines: Sequence[str]) -> Iterator[str]:
    """Lines joined to statements: one ends where all of its brackets are closed."""
    open_lines: list[str] = []
    depth = 0
    for line in lines:
        code = _TEXT.sub("", line)
        depth += sum(code.count(bracket) for bracket in "([{") - sum(code.count(bracket) for bracket in ")]}")
        open_lines.append(line)
        if depth == 0:
            yield "\n".join(open_lines)
            open_lines = []


def indented(plain: Iterator[str]) -> Iterator[str]:
    """Statements with the indentation that they must have had.

    A class holds definitions only, a definition inside another block has a single statement, and one at the top ends
    where it is called.
    """
    blocks: list[tuple[str, str, int]] = []
    for statement in plain:
        while blocks and not _holds(blocks, statement):
            blocks.pop()
        yield textwrap.indent(statement, "    " * len(blocks))
        if blocks:
            kind, name, count = blocks[-1]
            blocks[-1] = kind, name, count + 1
        opened = _BLOCK.match(statement)
        if opened and statement.endswith(":"):
            blocks.append((opened["kind"], opened["name"], 0))


def _holds(blocks: list[tuple[str, str, int]], statement: str) -> bool:
    kind, name, count = blocks[-1]
    if kind == "class":
        return bool(re.match(r"(async )?def ", statement))
    if len(blocks) > 1:
        return count == 0
    return f"{name}(" not in statement
