"""What installed distributions say they installed (their RECORD files), and whether it is still so.

The namespaces `tarash` and `tarash.providers` are shared by many distributions. One that ships an `__init__.py` there
hides the others; one that ships a file of another's overwrites it in silence.
"""

import base64
import csv
import functools
import hashlib
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

NAMESPACE_FILES = ("tarash/__init__.py", "tarash/providers/__init__.py")
_TREE = "tarash/"
_GROUP = "tarash.providers"


@dataclass(frozen=True)
class Installed:
    """One distribution. `files` are those paths of its RECORD that may concern tarash, with their hashes."""

    name: str
    version: str
    root: Path
    files: dict[str, str]
    is_editable: bool
    has_providers: bool

    @property
    def is_ours(self) -> bool:
        """Whether it belongs to tarash, or adds to it."""
        in_tree = any(file.startswith(_TREE) for file in self.files)
        return in_tree or self.has_providers or self.key.startswith("tarash-")

    @property
    def key(self) -> str:
        return re.sub(r"[-_.]+", "-", self.name).lower()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@functools.cache
def installed() -> tuple[Installed, ...]:
    """Every distribution on the import path, in its order, as it was when this was first asked."""
    return tuple(_read(found) for found in distributions() if _name(found))


def _name(found: Distribution) -> str | None:
    """None for what an interrupted installation left behind: a folder without metadata."""
    try:
        return found.metadata["Name"]
    except (KeyError, LookupError, OSError, TypeError):
        return None


def _read(found: Distribution) -> Installed:
    lines = (found.read_text("RECORD") or "").splitlines()
    # Only what may concern tarash: the RECORDs of an environment can have a hundred thousand lines.
    record = csv.reader(line for line in lines if _TREE in line or ".pth" in line)
    return Installed(
        name=found.metadata["Name"],
        version=found.version,
        root=Path(str(found.locate_file(""))),
        files={row[0]: row[1] if len(row) > 1 else "" for row in record if row},
        is_editable=_is_editable(found),
        has_providers=any(entry.group == _GROUP for entry in found.entry_points),
    )


def _is_editable(found: Distribution) -> bool:
    try:
        origin = json.loads(found.read_text("direct_url.json") or "{}")
    except ValueError:
        return False
    return bool(isinstance(origin, dict) and origin.get("dir_info", {}).get("editable"))


def namespace_faults(found: Iterable[Installed], search_path: Iterable[str] | None = None) -> Iterator[str]:
    """Files that turn a shared namespace into somebody's own, or that run code at every start of Python."""
    owners = {one.root / file: str(one) for one in found for file in one.files if file in NAMESPACE_FILES}
    folders = {Path(folder or ".") for folder in (sys.path if search_path is None else search_path)}
    strays = {folder / file: "no distribution" for folder in folders for file in NAMESPACE_FILES}
    for path, owner in sorted({**strays, **owners}.items()):
        if path.is_file():
            yield f"{path} (from {owner}) hides the packages of other distributions; remove it."
    for one in found:
        # An editable install is a .pth by nature.
        for file in (file for file in one.files if one.is_ours and not one.is_editable and file.endswith(".pth")):
            yield f"{one} ships {file}, which runs at every start of Python; it should not."


def shared_files(found: Iterable[Installed]) -> Iterator[str]:
    """Files that two distributions say are theirs: the one installed last has overwritten the other's."""
    owners: defaultdict[Path, set[str]] = defaultdict(set)
    for one in found:
        for file in one.files:
            if file.startswith(_TREE):
                owners[one.root / file].add(str(one))
    for path, names in sorted(owners.items()):
        if len(names) > 1:
            yield f"{path} belongs to {' and to '.join(sorted(names))}: one has overwritten the other; reinstall one."


def changed_files(found: Iterable[Installed]) -> Iterator[str]:
    """Files that are not (any more) what their distribution installed."""
    for one in found:
        for file, recorded in one.files.items():
            algorithm, _, expected = recorded.partition("=")
            if not file.startswith(_TREE) or not expected or algorithm not in hashlib.algorithms_guaranteed:
                continue
            path = one.root / file
            if not path.is_file():
                yield f"{path} of {one} is missing; reinstall it."
            elif _digest(path, algorithm) != expected:
                yield f"{path} is not what {one} installed: something has overwritten it; reinstall it."


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, algorithm).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def twice_installed(found: Iterable[Installed]) -> Iterator[str]:
    """Distributions of ours that are on the import path more than once: the first one hides the others."""
    places: defaultdict[str, dict[Path, str]] = defaultdict(dict)
    for one in found:
        if one.is_ours:
            places[one.key].setdefault(one.root.resolve(), one.version)
    for name, where in sorted(places.items()):
        if len(where) > 1:
            listed = ", ".join(f"{version} in {root}" for root, version in where.items())
            yield f"{name} is installed {len(where)} times ({listed}); the first one is used."
