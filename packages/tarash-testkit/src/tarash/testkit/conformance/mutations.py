"""Answers with one thing wrong: each place of a JSON value in turn, and bodies that are wrong as a whole."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tarash.testkit.steps import Answer
from tarash.testkit.vendor import proxy_page

Path = tuple[str | int, ...]
_RAW = "\ue000"
_DEPTH = 20_000

ANYTHING: dict[str, str] = {
    "null": "null",
    "nothing": '""',
    "seven": "7",
    "an empty list": "[]",
    "an empty object": "{}",
    "true": "true",
    "a list of null": "[null]",
    "an object": '{"id": {"url": []}}',
    "a word": '"never-seen"',
    "negative": "-1",
    "too large": "1e400",
    "not a number": "NaN",
    "infinity": "-Infinity",
    "long digits": "9" * 5000,
    "a long text": json.dumps("x" * 100_000),
    "deep lists": "[" * _DEPTH + "]" * _DEPTH,
    "deep objects": '{"a":' * _DEPTH + "1" + "}" * _DEPTH,
    "200 lists": "[" * 150 + "]" * 150,
    "half a character": '"\\ud800"',
    "NUL": '"a\\u0000b"',
    "control characters": '"\\u202e\\u001b[31m\\r\\n"',
    "a list of lists": "[[[]], [{}]]",
    "false": "false",
    "a number as text": '"1e400"',
}
"""What may stand in any place, as raw JSON, or as what only resembles it."""


@dataclass(frozen=True)
class Mutation:
    """`apply` makes another body of a true one; the same body where it does not have the place in question."""

    name: str
    apply: Callable[[bytes], bytes]
    path: Path | None = None
    leads_away: bool = False
    """A link is replaced: what it leads to is looked at as well."""


def places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf and every container of a JSON value but the value itself, each with its path."""
    children: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        children = iter(value.items())
    elif isinstance(value, list):
        children = iter(enumerate(value))
    for name, child in children:
        yield (*path, name), child
        yield from places(child, (*path, name))


def mutations_at(path: Path, value: Any, ids: Sequence[str], evil: str) -> list[Mutation]:
    """All that can be wrong in one place, where the true answer has `value`.

    `ids` are what jobs are called; `evil` is the address of a host that is nobody's business.
    """
    made = [_replaced(path, name, raw) for name, raw in ANYTHING.items()]
    made += [_removed(path), _doubled(path, last=True), _doubled(path, last=False)]
    if isinstance(value, str) and value.startswith("http"):
        made += [_replaced(path, link, json.dumps(link), leads_away=True) for link in _links(value, evil)]
    elif isinstance(value, str) and any(one in value for one in ids):
        made += [_replaced(path, f"id {one!r}", json.dumps(one)) for one in _other_ids(value)]
    elif isinstance(value, str):
        made += [_replaced(path, repr(word), json.dumps(word)) for word in (value.swapcase(), f" {value}", value[:-1])]
    return made


def _links(link: str, evil: str) -> list[str]:
    scheme, _, rest = link.partition("://")
    host, _, path = rest.partition("/")
    return [
        f"{evil}/{path}",
        f"{evil}\\@{rest}",
        f"http://{host}@{evil.removeprefix('http://')}/{path}",
        f"//{evil.removeprefix('http://')}/{path}",
        f"https://127.0.0.1:1/{path}",
        f"file:///{path}",
        "javascript:alert(1)",
        f"/{path}",
        "http://10.0.0.1/x",
        "http://[::1",
        "http://127.0.0.1:99999/x",
        "http://",
        f"{link}\r\nX-Header: x",
        f"{scheme}://user:password@{rest}",
        "data:text/html,<p>",
        "http://\ue001\ue002.example/" + "x" * 70_000,
    ]


def _other_ids(value: str) -> list[str]:
    """The true value is that of an earlier job, which is over."""
    tricks = ["another", "../../admin", f"{value}/cancel", f"{value}?a=b#c", "%2e%2e", f"{value}\n", ".", "é", "a b"]
    return [value, *tricks]


# --- how one place is changed


def _replaced(path: Path, name: str, raw: str, leads_away: bool = False) -> Mutation:
    def apply(body: bytes) -> bytes:
        return _with_raw(body, path, lambda _: raw)

    return Mutation(f"{_shown(path)} = {name[:60]}", apply, path, leads_away)


def _doubled(path: Path, *, last: bool) -> Mutation:
    """The name twice, once with null: before or after the true value."""

    def raw(value: Any) -> str:
        name, true = json.dumps(str(path[-1])), json.dumps(value)
        if isinstance(path[-1], int):
            return f"null, {true}" if last else f"{true}, null"
        return f"null, {name}: {true}" if last else f"{true}, {name}: null"

    return Mutation(f"{_shown(path)} twice", lambda body: _with_raw(body, path, raw), path)


def _removed(path: Path) -> Mutation:
    def apply(body: bytes) -> bytes:
        value = json.loads(body)
        holder = _at(value, path[:-1])
        if not _has(holder, path[-1]):
            return body
        del holder[path[-1]]
        return json.dumps(value).encode()

    return Mutation(f"{_shown(path)} missing", apply, path)


def _with_raw(body: bytes, path: Path, raw: Callable[[Any], str]) -> bytes:
    value = json.loads(body)
    holder = _at(value, path[:-1])
    if not _has(holder, path[-1]):
        return body
    text = raw(holder[path[-1]])
    holder[path[-1]] = _RAW
    return json.dumps(value, ensure_ascii=False).replace(f'"{_RAW}"', text).encode()


def _at(value: Any, path: Path) -> Any:
    for name in path:
        value = value[name] if _has(value, name) else None
    return value


def _has(holder: Any, name: str | int) -> bool:
    if isinstance(holder, dict):
        return name in holder
    return isinstance(holder, list) and isinstance(name, int) and name < len(holder)


def _shown(path: Path) -> str:
    return ".".join(map(str, path))


def replaced(answer: Answer, path: Path, value: Any) -> Answer:
    """The same JSON answer with another value in one place, where it has that place."""
    headers = [(name, text) for name, text in answer.header_items if name.lower() != "content-length"]
    body = _with_raw(answer.content, path, lambda _: json.dumps(value))
    return Answer(answer.status, [*headers, ("Content-Type", "application/json")], body=body)


# --- what is wrong as a whole

BODIES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda body: b"",
    "HTML": lambda body: proxy_page().content,
    "null": lambda body: b"null",
    "a list": lambda body: b"[]",
    "the object in a list": lambda body: b"[" + body + b"]",
    "a text": lambda body: b'"completed"',
    "a number": lambda body: b"1e400",
    "an empty object": lambda body: b"{}",
    "an error": lambda body: b'{"error": {"code": "oops", "message": "It broke."}}',
    "an error in another way": lambda body: b'{"status": "error", "detail": [{"msg": "It broke."}]}',
    "half": lambda body: body[: len(body) // 2],
    "all but the end": lambda body: body[:-1],
    "more behind": lambda body: body + b"[]",
    "a mark before": lambda body: b"\xef\xbb\xbf" + body,
    "not UTF-8": lambda body: body.replace(b'"', b'"\xff\xfe', 3),
    "UTF-16": lambda body: body.decode("latin-1").encode("utf-16"),
    "deep": lambda body: b"[" * _DEPTH,
    "deep and closed": lambda body: b'{"a":' * _DEPTH + b"1" + b"}" * _DEPTH,
    "zeros": lambda body: bytes(1000),
    "blanks": lambda body: b" " * 1000,
    "twice": lambda body: body + b"\n" + body,
}


def mutations_of_body() -> list[Mutation]:
    return [Mutation(f"body: {name}", apply) for name, apply in BODIES.items()]
