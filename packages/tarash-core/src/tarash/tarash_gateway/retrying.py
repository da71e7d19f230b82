"""When something may be sent again, and when. Values only: nothing here waits."""

from __future__ import annotations

import email.utils
import math
import random
import threading
from collections.abc import Mapping
from datetime import UTC

from tarash.tarash_gateway.messages import number_or_none

MAX_ATTEMPTS = 4
"""A request is sent at most so often in a row."""

HINT_FLOOR, HINT_CEILING = 0.1, 60.0
"""A provider's hint when to poll again is obeyed between these (seconds)."""

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0
_FIRST_POLL = 0.5


def backoff(attempt: int) -> float:
    """Seconds before attempt number `attempt` + 1, spread so that many clients do not come back together."""
    longest = min(_LONGEST_WAIT, math.ldexp(_FIRST_WAIT, attempt))
    return random.uniform(longest / 2, longest)


def poll_wait(poll_number: int, interval: float) -> float:
    """Seconds before poll number `poll_number` (from 0): short at first, for models that are quick, then `interval`."""
    return min(interval, math.ldexp(_FIRST_POLL, min(poll_number, 30)))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait as told by `retry-after-ms` or `Retry-After` (number or date); None when nothing sane is told.

    Zero, negative numbers and dates that are over say nothing: who obeyed them would knock without a pause.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    told = headers.get("retry-after")
    seconds = _number(told) if milliseconds is None else milliseconds / 1000
    if seconds is None and told:
        seconds = _seconds_until(told, now)
    return seconds if seconds is not None and seconds > 0 else None


def _number(text: str | None) -> float | None:
    try:
        return number_or_none(float(text)) if text else None
    except ValueError:
        return None


def _seconds_until(date: str, now: float) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(date)
        # A date without a zone is in UTC, as all dates of HTTP are, and not in the zone of this machine.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None


class RetryBudget:
    """Retries of all jobs at one provider are paid from one purse, so that an outage is not made worse.

    Each request that is answered, with anything but "later", puts a tenth of a retry back.
    """

    CAPACITY = 20.0
    EARNED = 0.1

    def __init__(self) -> None:
        self._left = self.CAPACITY
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def earn(self) -> None:
        # Unlocked read: the common case is a full purse, and being off by one does no harm.
        if self._left < self.CAPACITY:
            with self._lock:
                self._left = min(self.CAPACITY, self._left + self.EARNED)


_budgets: dict[str, RetryBudget] = {}


def budget_for(origin: str) -> RetryBudget:
    """The purse of an origin, shared by the whole process."""
    return _budgets.setdefault(origin, RetryBudget())
