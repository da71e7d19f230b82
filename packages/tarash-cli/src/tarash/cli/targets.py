"""Where results are saved: decided and checked before anything is paid, and never over another file by accident."""

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tarash.cli.output import shown_path
from tarash.tarash_gateway.exceptions import ValidationError

_SLUG_LENGTH = 48
_MOST_NUMBERS = 100_000


@dataclass(frozen=True)
class Target:
    """The path of the first output; further ones are numbered."""

    path: Path
    overwrite: bool = False

    def numbered(self, index: int) -> Path:
        return self.path if index == 0 else self.path.with_stem(f"{self.path.stem}-{index + 1}")


STANDARD_OUTPUT = Target(Path("-"))
"""Where a stream may go instead of into a file."""


def slug(text: str, fallback: str) -> str:
    """A file name made of a text: its first words in lower case."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text[:400]).lower())
    name = ""
    for word in words:
        if len(name) + len(word) + 1 > _SLUG_LENGTH:
            break
        name = f"{name}-{word}" if name else word
    return _encodable(name or "".join(words[:1])[:_SLUG_LENGTH]) or fallback


def _encodable(name: str) -> str:
    """The name as far as the file system's encoding can spell it."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        return re.sub(r"-+", "-", plain).strip("-")
    return name


def choose_target(output: str | None, name: str, extension: str, count: int, overwrite: bool) -> Target:
    """Decide where `count` outputs go. Raises `ValidationError` when they cannot be written there."""
    if output is None or Path(output).is_dir():
        folder = Path(output) if output else Path()
        _check_folder(folder)
        return Target(_free_path(folder, name, extension, count))
    if output in ("", "-") or output.endswith(("/", os.sep)):
        raise ValidationError(
            f"The output {shown_path(output)!r} is neither the name of a file nor an existing folder."
        )
    target = Target(Path(output), overwrite)
    _check_folder(target.path.parent)
    for index in range(count):
        _check_path(target.numbered(index), overwrite)
    return target


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ValidationError(f"The folder {shown_path(folder)} does not exist; create it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValidationError(f"There is no permission to write into {shown_path(folder)}.")


def _check_path(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise ValidationError(f"{shown_path(path)} is a folder; name a file in it.")
    if not overwrite and os.path.lexists(path):
        raise ValidationError(f"{shown_path(path)} is there already; choose another name or give --force.")


def _free_path(folder: Path, name: str, extension: str, count: int, first: int = 1) -> Path:
    """A path whose stem nobody has, whatever the extension: the bytes of the result decide that.

    It is the name with a number, `first` or the next that is free; number 1 is not written.
    """
    taken = {entry.name.lower().partition(".")[0] for entry in folder.iterdir()} if _readable(folder) else set()
    for stem in _stems(name, first):
        path = folder / f"{stem}{extension}"
        target = Target(path)
        stems = {target.numbered(index).stem.lower() for index in range(count)}
        if not stems & taken and not os.path.lexists(path):
            return path
    raise ValidationError(f"There is no free name like {name!r} left in {shown_path(folder)}; give --output.")


def free_path(path: Path) -> Path:
    """A path like this one that nobody has."""
    return _free_path(path.parent, path.stem, path.suffix, 1)


def _readable(folder: Path) -> bool:
    return os.access(folder, os.R_OK)


def _stems(name: str, first: int) -> Iterator[str]:
    return (name if number == 1 else f"{name}-{number}" for number in range(first, _MOST_NUMBERS))


def save_output(response: Any, target: Target, index: int) -> Path:
    """Save one output. When its name was taken meanwhile, or by its true extension, it gets a number.

    Raises what `save` raises.
    """
    wanted = target.numbered(index)
    try:
        saved: Path = response.save(wanted, index=index, overwrite=target.overwrite)
    except ValidationError:
        if not wanted.parent.is_dir():
            raise
        free = _free_path(wanted.parent, target.path.stem, wanted.suffix, 1, first=index + 2)
        saved = response.save(free, index=index)
    return saved
