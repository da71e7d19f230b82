"""Build the catalogue of endpoints that ships with tarash-fal, from fal's own JavaScript client.

    python scripts/build_fal_catalogue.py [--newest PACKAGE] [--older PACKAGE] [--output FILE]

The npm package `@fal-ai/client` (MIT licence, Copyright (c) fal - Features & Labels Inc.) carries a TypeScript map of
fal's endpoints. Only bare facts are taken from it: for each endpoint the names of its inputs and outputs, their types,
their allowed values and whether they are required. No description, no default value and no code is taken.

A PACKAGE is what `npm pack` takes, or a packed .tgz. Two versions are read, because the map of 1.10 has one type stand
for many endpoints and shows all of them the values of one (it gives every Kokoro language the Hindi voices). The older
map tells where that happened, and knows endpoints that the newer one left out.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "packages/tarash-fal/src/tarash/providers/fal/catalogue.json.zlib"
NEWEST, OLDER = "@fal-ai/client", "@fal-ai/client@1.9.3"
MEMBER = "package/src/types/endpoints.d.ts"
ENDPOINTS = "EndpointTypeMap"

INTEGERS = (
    ("*", "bitrate"),
    ("*", "channel"),
    ("*", "fps"),
    ("*", "rank"),
    ("*", "sample_rate"),
    ("*", "sample_rate_hertz"),
    ("*", "texture_size"),
    ("fal-ai/ltx-2*", "duration"),
    ("fal-ai/magi*", "num_inference_steps"),
    ("fal-ai/pika/*", "duration"),
    ("fal-ai/sora-2/*", "duration"),
    ("fal-ai/trellis*", "resolution"),
    ("fal-ai/vidu/*", "duration"),
)
"""Endpoints (pattern) and inputs whose allowed values are integers. The map prints every enumeration as strings; these
are integers on the models' pages, or plain numbers wherever a sibling in the map does not enumerate them."""


@dataclass(frozen=True)
class Literal:
    """One value in quotes."""

    value: str | int | float


@dataclass(frozen=True)
class Reference:
    """A named type, built in or declared in the map."""

    name: str


@dataclass(frozen=True)
class Listing:
    """An array."""

    item: Node


@dataclass(frozen=True)
class Union:
    """Any of several types."""

    options: tuple[Node, ...]


@dataclass(frozen=True)
class Record:
    """An object: for each field its type, and whether it is required."""

    fields: Mapping[str, tuple[Node, bool]]


Node = Literal | Reference | Listing | Union | Record

LETTERS = {"string": "s", "number": "n", "boolean": "b", "Blob": "f", "Record": "o"}

TOKEN = re.compile(
    r"""(?P<blank>\s+|/\*.*?\*/|//[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<word>[A-Za-z_$][\w$]*)
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<mark>[{}\[\]<>()|;:,?=])""",
    re.DOTALL | re.VERBOSE,
)


def tokens_of(source: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each token. Raises ValueError for text that is none."""
    place = 0
    while place < len(source):
        match = TOKEN.match(source, place)
        if match is None:
            raise ValueError(f"no TypeScript that is known here: {source[place : place + 60]!r}")
        place = match.end()
        if match.lastgroup and match.lastgroup != "blank":
            yield match.lastgroup, match.group()
    yield "end", ""


class Parser:
    """Reads the declarations `export type Name = ...;`. Raises ValueError for anything else."""

    def __init__(self, source: str) -> None:
        self.tokens = list(tokens_of(source))
        self.place = 0

    @property
    def next(self) -> str:
        return self.tokens[self.place][1]

    def take(self, *wanted: str) -> tuple[str, str]:
        kind, text = self.tokens[self.place]
        if kind == "end" or (wanted and text not in wanted):
            around = " ".join(text for _, text in self.tokens[max(self.place - 8, 0) : self.place + 1])
            raise ValueError(f"expected {' or '.join(wanted) or 'more'} at the end of: {around}")
        self.place += 1
        return kind, text

    def skip(self, *unwanted: str) -> bool:
        """Pass over the next token when it is one of these; tell whether it was."""
        found = self.next in unwanted
        self.place += found
        return found

    def declarations(self) -> dict[str, Node]:
        types: dict[str, Node] = {}
        while self.next:
            if self.skip(";", "{", "}", "export", "declare"):
                continue
            self.take("type")
            _, name = self.take()
            self.take("=")
            types[name] = self.union()
        return types

    def union(self) -> Node:
        self.skip("|")
        options = [self.postfix()]
        while self.skip("|"):
            options.append(self.postfix())
        return options[0] if len(options) == 1 else Union(tuple(options))

    def postfix(self) -> Node:
        node = self.primary()
        while self.skip("["):
            self.take("]")
            node = Listing(node)
        return node

    def primary(self) -> Node:
        kind, text = self.take()
        if kind in ("string", "number"):
            return Literal(json.loads(text))
        if text == "{":
            return self.record()
        if text == "[":  # a pair such as [number, number] counts as an array of the first
            return Listing(self.sequence("]")[0])
        if text == "(":
            return self.sequence(")")[0]
        if kind != "word":
            raise ValueError(f"no type begins with {text!r}")
        return self.named(text)

    def named(self, name: str) -> Node:
        """A named type; of generic ones only arrays say what is in them."""
        inside = self.sequence(">") if self.skip("<") else []
        return Listing(inside[0]) if name == "Array" and inside else Reference(name)

    def sequence(self, end: str) -> list[Node]:
        nodes = [self.union()]
        while self.skip(","):
            nodes.append(self.union())
        self.take(end)
        return nodes

    def record(self) -> Node:
        fields: dict[str, tuple[Node, bool]] = {}
        while not self.skip("}"):
            kind, name = self.take()
            optional = self.skip("?")
            self.take(":")
            fields[json.loads(name) if kind == "string" else name] = (self.union(), not optional)
            self.skip(";", ",")
        return Record(fields)


class TypeMap:
    """The types of one version of the client, and the inputs and outputs of its endpoints."""

    def __init__(self, source: str) -> None:
        self.types = Parser(source).declarations()
        self.endpoints: dict[str, tuple[Node, Node]] = {}
        self.users: dict[str, list[str]] = defaultdict(list)
        for endpoint, (sides, _) in _record(self.types[ENDPOINTS]).items():
            self.endpoints[endpoint] = _record(sides)["input"][0], _record(sides)["output"][0]
            for name in self.names(self.endpoints[endpoint][0])[-1:]:
                self.users[name].append(endpoint)

    def names(self, node: Node) -> list[str]:
        """The names a type goes through until it is spelled out."""
        names: list[str] = []
        while isinstance(node, Reference) and node.name in self.types and node.name not in names:
            names.append(node.name)
            node = self.types[node.name]
        return names

    def resolve(self, node: Node) -> Node:
        names = self.names(node)
        return self.types[names[-1]] if names else node

    def inputs(self, endpoint: str) -> Mapping[str, tuple[Node, bool]]:
        return _record(self.resolve(self.endpoints[endpoint][0])) if endpoint in self.endpoints else {}

    def choices(self, endpoint: str, name: str) -> frozenset[Literal] | None:
        """The values that an input is limited to; None when it is not limited."""
        node = self.resolve(self.inputs(endpoint).get(name, (Reference("string"), False))[0])
        options = node.options if isinstance(node, Union) else (node,)
        literals = frozenset(option for option in options if isinstance(option, Literal))
        return literals if literals and len(literals) == len(options) else None


def _record(node: Node | None) -> Mapping[str, tuple[Node, bool]]:
    return node.fields if isinstance(node, Record) else {}


def corrected_inputs(newest: TypeMap, older: TypeMap, endpoint: str) -> Mapping[str, tuple[Node, bool]]:
    """The inputs of an endpoint, with values from the older map where the newest shows those of another endpoint."""
    inputs = newest.inputs(endpoint)
    names = newest.names(newest.endpoints[endpoint][0])
    if len(names) < 2 or endpoint not in older.endpoints:
        return inputs
    wrong = [name for name in inputs if _is_mistaken(newest, older, endpoint, name)]
    before = {name: (older.resolve(older.inputs(endpoint)[name][0]), inputs[name][1]) for name in wrong}
    return {**inputs, **before}


def _is_mistaken(newest: TypeMap, older: TypeMap, endpoint: str, name: str) -> bool:
    """Whether the values are another endpoint's: they differ from the older ones, and not because all were changed."""
    now, before = newest.choices(endpoint, name), older.choices(endpoint, name)
    if now is None or before is None or now == before:
        return False
    users = newest.users[newest.names(newest.endpoints[endpoint][0])[-1]]
    owners = [user for user in users if len(newest.names(newest.endpoints[user][0])) == 1]
    is_one_family = len({tuple(user.split("/")[:3]) for user in users}) == 1
    was_changed = any(older.choices(owner, name) == before for owner in owners)
    return not was_changed and not (is_one_family and now > before)


class Tables:
    """The catalogue: types, fields and shapes are stored once, and named by their place in a list.

    A type is a letter (string, number, integer, boolean, file, object, array, unknown), or a list of the letter, the
    allowed values (or 0), and what is inside: the shape of an object, or the type that an array holds.
    """

    def __init__(self) -> None:
        self.types: dict[str, int] = {}
        self.fields: dict[tuple[str, int, int], int] = {}
        self.shapes: dict[tuple[int, ...], int] = {}
        self.endpoints: dict[str, list[int]] = {}

    def add(self, endpoint: str, types: TypeMap, inputs: Mapping[str, tuple[Node, bool]]) -> None:
        outputs = _record(types.resolve(types.endpoints[endpoint][1]))
        shapes = [Writer(self, types, endpoint).shape(inputs), Writer(self, types, endpoint, True).shape(outputs)]
        self.endpoints[endpoint] = shapes

    def data(self, sources: list[str]) -> dict[str, Any]:
        return {
            "sources": sources,
            "types": [json.loads(text) for text in self.types],
            "fields": [[name, place, needed] for name, place, needed in self.fields],
            "shapes": list(self.shapes),
            "endpoints": dict(sorted(self.endpoints.items())),
        }


@dataclass
class Writer:
    """Writes the types of one endpoint into the tables. In outputs, an object with a link is a file."""

    tables: Tables
    map: TypeMap
    endpoint: str
    is_output: bool = False

    def shape(self, fields: Mapping[str, tuple[Node, bool]], path: tuple[str, ...] = ()) -> int:
        places = [self.field(name, node, needed, path) for name, (node, needed) in sorted(fields.items())]
        return self.tables.shapes.setdefault(tuple(places), len(self.tables.shapes))

    def field(self, name: str, node: Node, needed: bool, path: tuple[str, ...]) -> int:
        key = (name, self.type(name, node, path), int(needed))
        return self.tables.fields.setdefault(key, len(self.tables.fields))

    def type(self, name: str, node: Node, path: tuple[str, ...]) -> int:
        text = json.dumps(self.described(name, node, path), separators=(",", ":"))
        return self.tables.types.setdefault(text, len(self.tables.types))

    def described(self, name: str, node: Node, path: tuple[str, ...]) -> Any:
        names = self.map.names(node)
        if set(names) & set(path):
            return "o"
        node, path = self.map.resolve(node), (*path, *names)
        if isinstance(node, Listing):
            return ["a", 0, self.type(name, node.item, path)]
        if isinstance(node, Record):
            is_file = self.is_output and "url" in node.fields
            return "f" if is_file else ["o", 0, self.shape(node.fields, path)]
        if isinstance(node, Literal | Union):
            return self.alternatives(name, node, path)
        return LETTERS.get(node.name, "u")

    def alternatives(self, name: str, node: Literal | Union, path: tuple[str, ...]) -> Any:
        """A union: its literals are the allowed values, unless any string or number will do beside them."""
        options = node.options if isinstance(node, Union) else (node,)
        values = [option.value for option in options if isinstance(option, Literal)]
        others = [self.described(name, option, path) for option in options if not isinstance(option, Literal)]
        if "f" in others:
            return "f"
        if not others:
            return self.enumeration(name, values)
        inside = min(others, key=lambda other: "snboa".find(other[0]))
        if not values or inside in ("s", "n"):
            return inside
        return [inside[0], values, *inside[2:]]

    def enumeration(self, name: str, values: list[Any]) -> Any:
        listed = any(name == field and fnmatch.fnmatchcase(self.endpoint, pattern) for pattern, field in INTEGERS)
        if listed and all(re.fullmatch(r"-?\d+", str(value)) for value in values):
            return ["i", [int(value) for value in values]]
        return ["s" if all(isinstance(value, str) for value in values) else "n", values]


def build(newest: TypeMap, older: TypeMap) -> Tables:
    """All endpoints of the newest map, and those that only the older one has."""
    tables = Tables()
    for endpoint in newest.endpoints:
        tables.add(endpoint, newest, corrected_inputs(newest, older, endpoint))
    for endpoint in sorted(older.endpoints.keys() - newest.endpoints.keys()):
        tables.add(endpoint, older, older.inputs(endpoint))
    return tables


def read_package(package: str) -> tuple[str, str]:
    """The type map of a package and what to call it. Raises OSError, CalledProcessError or ValueError."""
    if Path(package).is_file():
        return _unpacked(Path(package))
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", package, "--silent", "--pack-destination", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return _unpacked(next(Path(folder).glob("*.tgz")))


def _unpacked(path: Path) -> tuple[str, str]:
    with tarfile.open(path) as archive:
        files = {name: archive.extractfile(name) for name in (MEMBER, "package/package.json")}
        texts = {name: file.read().decode() for name, file in files.items() if file is not None}
    about = json.loads(texts["package/package.json"])
    return texts[MEMBER], f"{about['name']} {about['version']}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--newest", default=NEWEST, metavar="PACKAGE", help=f"default {NEWEST}")
    parser.add_argument("--older", default=OLDER, metavar="PACKAGE", help=f"default {OLDER}")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the file to write")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    (newest, newest_name), (older, older_name) = read_package(options.newest), read_package(options.older)
    tables = build(TypeMap(newest), TypeMap(older))
    text = json.dumps(tables.data([newest_name, older_name]), separators=(",", ":"), ensure_ascii=False)
    options.output.write_bytes(zlib.compress(text.encode(), 9))
    counts = f"{len(tables.endpoints)} endpoints, {len(tables.types)} types, {len(tables.fields)} fields"
    print(f"{counts}: {len(text.encode())} bytes, {options.output.stat().st_size} compressed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
