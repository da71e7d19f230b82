"""Progress: telling a caller's callback, which may be plain or async and may fail, without ever losing a result."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Pending, number_or_none
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.responses import build_update
from tarash.tarash_gateway.runtime import Runtime

log = logging.getLogger("tarash")


def check_callback(callback: Any) -> None:
    """Raise `ValidationError` for a callback that cannot be called with one update, before anything is paid."""
    if callback is None:
        return
    if not callable(callback):
        raise ValidationError(f"on_progress must be callable, not {type(callback).__name__}.")
    try:
        inspect.signature(callback).bind(object())
    except TypeError as error:
        raise ValidationError(f"on_progress must take one argument, the update: {error}.") from None
    except ValueError:
        return  # A callable written in C has no signature to judge.


def percentage(told: Any) -> int | None:
    """What a provider told, as a whole number from 0 to 100; None for anything that is no number."""
    number = number_or_none(told)
    return None if number is None else min(100, max(0, int(number)))


def _is_its_own(error: BaseException) -> bool:
    """True for what concerns the callback alone: its errors, and that something which it awaited was cancelled."""
    if isinstance(error, Exception):
        return True
    import asyncio

    if not isinstance(error, asyncio.CancelledError):
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return True  # Without an event loop nobody is cancelled.
    return task is None or not task.cancelling()


class Progress:
    """Reports one job to one callback. Percentages never decrease, and a terminal status is the last."""

    def __init__(self, runtime: Runtime, kind: Kind, request_id: str, callback: Callable[[Any], Any] | None) -> None:
        self._runtime = runtime
        self._kind: Kind = kind
        self._request_id = request_id
        self._callback = callback
        self._best: int | None = None
        self._running = False
        self._warned = False

    async def pending(self, pending: Pending) -> None:
        if self._callback is None:
            return
        self._running = self._running or pending.running
        self._best = self._higher(pending.progress)
        status = "processing" if self._running else "queued"
        await self._tell(status, progress=self._best, event=pending.event)

    def _higher(self, told: Any) -> int | None:
        number = percentage(told)
        return self._best if number is None else max(self._best or 0, number)

    async def completed(self, response: Any) -> None:
        if self._callback is not None:
            await self._tell("completed", progress=100, event=response.raw_response, result=response)

    async def failed(self, error: BaseException) -> None:
        if self._callback is not None:
            await self._tell("failed", progress=self._best, error=str(error))

    async def _tell(self, status: str, **details: Any) -> None:
        assert self._callback is not None
        update = build_update(self._kind, self._request_id, status, **details)
        try:
            await self._runtime.notify(self._callback, update)
        except BaseException as error:
            if not _is_its_own(error):
                raise
            if not self._warned:
                self._warned = True
                log.warning("on_progress raised %s; the generation goes on.", type(error).__name__, exc_info=True)
