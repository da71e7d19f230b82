"""What goes to the terminal: text that can only be shown, and streams that may break without breaking the work."""

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from typing import IO, Any, TextIO

_LONGEST_SENTENCE = 160


def one_line(text: object) -> str:
    """Text of unknown origin as one line without control characters: an escape sequence is shown, never obeyed."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())


def shown(text: object) -> str:
    """`one_line` without what stands behind the '?' of links: signatures live there."""
    from tarash.tarash_gateway.secrets import without_query

    return without_query(one_line(text))


def first_sentence(text: object) -> str:
    """What happened, in short: the first sentence of a message, or as much of it as fits in a line."""
    sentence = re.split(r"(?<=[.!?]) ", shown(text), maxsplit=1)[0]
    return sentence if len(sentence) <= _LONGEST_SENTENCE else f"{sentence[: _LONGEST_SENTENCE - 3]}..."


def shown_path(path: object) -> str:
    """A path as text that can be copied, unless its name has characters that a terminal would obey."""
    text = os.fsencode(str(path)).decode("utf-8", "replace")
    return text if text.isprintable() else one_line(text)


def prepare_streams() -> None:
    """Characters that a terminal's encoding lacks become question marks instead of errors."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def emit(stream: TextIO | None, text: str) -> None:
    """Write results. A reader that went away (`tarash models | head`) is no error; a full disk is one: OSError."""
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        mute(stream)
        if not isinstance(error, BrokenPipeError):
            raise


def mute(stream: IO[str]) -> None:
    """Lead what is still in the buffer nowhere, or the interpreter would complain when it exits."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class SteadyStream:
    """Standard error, for progress: a paid job must not fail because nobody can read how it goes."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "ascii"

    def write(self, text: str) -> int:
        return self._try("write", text) or 0

    def flush(self) -> None:
        self._try("flush")

    def isatty(self) -> bool:
        return bool(self._try("isatty"))

    def fileno(self) -> int:
        if self._stream is None:
            raise OSError("there is no such stream")
        return self._stream.fileno()

    def _try(self, method: str, *arguments: Any) -> Any:
        if self._stream is None:
            return None
        try:
            return getattr(self._stream, method)(*arguments)
        except (OSError, ValueError):
            mute(self._stream)
            self._stream = None
            return None


def document(value: Mapping[str, Any]) -> str:
    """One JSON document. Pure ASCII, so that no encoding of a terminal or pipe can spoil it."""
    # Twice, because Python writes NaN and infinities, which are no JSON.
    plain = json.loads(json.dumps(value, default=str), parse_constant=lambda constant: None)
    return json.dumps(plain, indent=2) + "\n"


def columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows as lines with aligned columns; what a terminal cannot hold it wraps itself."""
    kept = [tuple(one_line(cell) for cell in row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*kept, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in kept]


def seconds_text(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d} min"


def size_text(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    size, unit = count / 1000, "kB"
    for larger in ("MB", "GB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.1f} {unit}"
