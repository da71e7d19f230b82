"""How a vendor's refusals become exceptions: the words that are the same for every vendor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPError,
    InsufficientCreditsError,
    TarashException,
    ValidationError,
)

WRONG_REQUEST = frozenset({400, 413, 415, 422})
NOTHING_PAID = " Nothing was paid."
NO_REASON = "no reason given"


def as_sentence(*parts: object, code: object = None, joint: str = ": ") -> str:
    """A vendor's words with one full stop, its code in brackets behind them. Empty parts are left out."""
    words = [word for part in parts if part and (word := str(part).strip().rstrip("."))]
    told = joint.join(words) or NO_REASON
    return f"{told} ({code})." if code and str(code) != told else f"{told}."


@dataclass(frozen=True)
class Refusals:
    """One vendor's refusals. `hints` are sentences by status, with {vendor}; `no_credit` has {text}, too.

    The vendor's own `text` is a sentence with its full stop; `raw` is what the vendor answered.
    """

    vendor: str
    hints: Mapping[int, str] = field(default_factory=dict)
    no_credit: str = "The {vendor} account has no money left: {text} Top it up; trying again will not help."

    def moderated(self, text: str, raw: Mapping[str, Any]) -> ContentModerationError:
        return ContentModerationError(f"{self.vendor} refused the content: {text}", raw_response=dict(raw))

    def without_credit(self, text: str, raw: Mapping[str, Any], status: int | None) -> InsufficientCreditsError:
        message = self.no_credit.format(vendor=self.vendor, text=text)
        return InsufficientCreditsError(message, raw_response=dict(raw), status_code=status)

    def wrong(self, text: str, raw: Mapping[str, Any], note: str = NOTHING_PAID) -> ValidationError:
        return ValidationError(f"{self.vendor} refused the request: {text}{note}", raw_response=dict(raw))

    def failed(self, text: str, raw: Mapping[str, Any]) -> GenerationFailedError:
        """A job that was accepted and came to nothing."""
        return GenerationFailedError(f"{self.vendor} could not finish the job: {text}", raw_response=dict(raw))

    def by_status(self, text: str, raw: Mapping[str, Any], status: int) -> TarashException:
        """What the status alone tells."""
        if status in WRONG_REQUEST:
            return self.wrong(text, raw)
        return self.http(text, raw, status)

    def http(self, text: str, raw: Mapping[str, Any], status: int) -> HTTPError:
        hint = self.hints.get(status, "").format(vendor=self.vendor)
        message = f"{self.vendor} answered HTTP {status}: {text}{hint}"
        return HTTPError(message, raw_response=dict(raw), status_code=status)
