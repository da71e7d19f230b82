"""What a step may need beside HTTP: each is asked of the core, so that the step itself stays pure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.messages import AskCaller, ReadFile, Request, Response, Step, TellTime, Watch


def read_file(path: str | Path) -> Step[bytes]:
    """The bytes of a file of this machine. Raises `ValidationError` when it cannot be read."""
    data: Any = yield ReadFile(Path(path))
    return bytes(data)


def read_file_if_any(path: str | Path) -> Step[bytes | None]:
    """As `read_file`; None when there is no such file."""
    data: Any = yield ReadFile(Path(path), optional=True)
    return None if data is None else bytes(data)


def ask_caller(option: str) -> Step[str]:
    """What the caller's function under `option` returns. Raises `ValidationError` when it fails or returns no text."""
    text: Any = yield AskCaller(option)
    return str(text)


def time_of_day() -> Step[float]:
    """Seconds since the epoch."""
    seconds: Any = yield TellTime()
    return float(seconds)


def answer_when(
    ready: Callable[[Response], bool], request: Request, *, pause: float = 2.0, timeout: float = 300.0
) -> Step[Response]:
    """The first answer of a free request that is `ready`, or the last one after `timeout` seconds."""
    return (yield Watch(request, ready, pause, timeout))
