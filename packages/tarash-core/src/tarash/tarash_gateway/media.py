"""Input media as provider steps see it: `load_media` makes one plain value of all forms, before anything is paid."""

import base64
import io
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.media_forms import (
    LINK,
    UNKNOWN_TYPE,
    MediaContent,
    check_media,
    decode_base64,
    decode_data_uri,
)
from tarash.tarash_gateway.messages import File
from tarash.tarash_gateway.sniffing import content_type_for, sniff

INLINE_LIMIT = 32 * 1024 * 1024
"""Files up to this many bytes are read into memory; larger ones are streamed from disk when they are uploaded."""

_HEAD = 65536
_LONGEST_PATH = 4096


@dataclass(frozen=True, slots=True, repr=False)
class Media:
    """One input, in the form that provider steps work with: exactly one of `url`, `data` and `path` is set.

    `size` is in bytes (None for links). A path is opened anew for each attempt, and must then still have the same
    `size` and `modified_ns`.
    """

    url: str | None = None
    data: bytes | None = None
    path: Path | None = None
    content_type: str = UNKNOWN_TYPE
    size: int | None = None
    modified_ns: int | None = None
    name: str | None = None

    def __repr__(self) -> str:
        return f"Media({'link' if self.url else 'file' if self.path else 'bytes'}, {self.content_type}, {self.size})"

    def require_bytes(self) -> bytes:
        """The bytes, for a provider that takes media inside the request. Raises `ValidationError` without them."""
        if self.data is not None:
            return self.data
        if self.path is not None:
            raise ValidationError(
                f"The file is too large to be sent inside a request ({self.size} bytes; the limit is {INLINE_LIMIT}). "
                "Give a link to it instead."
            )
        raise ValidationError("This input is a link, but its bytes are needed here. Give the file itself.")

    def as_file(self, offset: int = 0, length: int | None = None) -> File:
        """A slice of the file on disk, for a body that is streamed. Raises `ValidationError` when there is no file."""
        if self.path is None or self.size is None or self.modified_ns is None:
            raise ValidationError("This input is no file on disk.")
        return File(self.path, self.size, self.modified_ns, offset, length)

    def data_uri(self) -> str:
        return f"data:{self.content_type};base64,{self.as_base64()}"

    def as_base64(self) -> str:
        return base64.b64encode(self.require_bytes()).decode()

    def file_name(self) -> str:
        """A name that is safe to send: never one that the caller's disk gave away, only an extension that fits."""
        kind = sniff(self.data[:_HEAD]) if self.data else None
        extension = kind.extension if kind else (self.path.suffix if self.path else "")
        return f"input{extension if extension.startswith('.') or not extension else '.' + extension}"


def load_media(value: Any) -> Media:
    """Make a `Media` of any accepted form, reading files. Raises `ValidationError` when that cannot be done."""
    if isinstance(value, Media):
        return value
    try:
        return _load(value)
    except ValueError as error:
        raise ValidationError(f"A media input cannot be used: {error}") from None
    except OSError as error:
        raise ValidationError(
            f"{error.filename or 'A media input'} cannot be read: {error.strerror or error}."
        ) from None


def _load(value: Any) -> Media:
    if isinstance(value, Path):
        return _load_path(value)
    if isinstance(value, str):
        if LINK.match(value):
            return Media(url=value, content_type=_type_of_name(value.partition("?")[0]))
        if value[:5].lower() == "data:":
            return from_bytes(*decode_data_uri(value))
        return _load_base64(value)
    if isinstance(value, bytes | bytearray):
        return from_bytes(cast(bytes, check_media(value)))
    if isinstance(value, Mapping):
        content = cast(MediaContent, check_media(value))
        return from_bytes(bytes(content["content"]), content["content_type"])
    if hasattr(value, "read"):
        return _load_file_object(value)
    raise ValueError(f"unknown form {type(value).__name__}")


def _load_base64(text: str) -> Media:
    media = from_bytes(decode_base64(text))
    # The alphabet of base64 holds every character of many a path: what means nothing and looks like one is one.
    if media.content_type == UNKNOWN_TYPE and text.startswith("/") and len(text) < _LONGEST_PATH:
        raise ValueError("text that begins with '/' looks like a path; for a local file pass pathlib.Path")
    return media


def _type_of_name(name: str) -> str:
    return content_type_for(PurePosixPath(name).suffix) or UNKNOWN_TYPE


def from_bytes(data: bytes, content_type: str | None = None, name: str | None = None) -> Media:
    """The bytes decide their type; what the caller declared counts only for formats without a signature."""
    known = sniff(data[:_HEAD])
    declared = content_type or (_type_of_name(name) if name else UNKNOWN_TYPE)
    return Media(data=data, content_type=known.content_type if known else declared, size=len(data), name=name)


def _load_path(path: Path) -> Media:
    with open_file(path) as file:
        status = os.fstat(file.fileno())
        if status.st_size == 0:
            raise ValueError(f"{path} is empty")
        if status.st_size <= INLINE_LIMIT:
            return from_bytes(file.read(), name=path.name)
        known = sniff(file.read(_HEAD))
    return Media(
        path=path,
        content_type=known.content_type if known else _type_of_name(path.name),
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        name=path.name,
    )


def _read_and_rewind(file: IO[bytes]) -> Any:
    """What is left in an open file, which then stands where it stood: the same request may be sent again."""
    seekable = getattr(file, "seekable", None)
    start = file.tell() if seekable and seekable() else None
    data: object = file.read()
    if start is not None:
        file.seek(start)
    return data


def open_file(path: Path) -> IO[bytes]:
    """Open a regular file; a pipe or a device is refused, and not waited for. Raises OSError or ValueError."""
    file = io.BufferedReader(io.FileIO(path, opener=_without_waiting))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise ValueError(f"{path} is not a regular file")
    return file


def _without_waiting(path: str, flags: int) -> int:
    # Opening a pipe must not hang before we can see that it is one.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _load_file_object(file: IO[bytes]) -> Media:
    data = _read_and_rewind(file)
    if not isinstance(data, bytes):
        raise ValueError("the file must be opened in binary mode ('rb')")
    if not data:
        raise ValueError("the open file has nothing left to read; is it at its end?")
    name = getattr(file, "name", None)
    return from_bytes(data, name=name if isinstance(name, str) else None)
