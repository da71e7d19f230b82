"""What happened on the way to a response: attempts, timings, and the account of parameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, computed_field

from tarash.tarash_gateway.models.base import Model
from tarash.tarash_gateway.models.job import Job

OutcomeName = Literal["sent", "renamed", "converted", "rounded", "ignored", "refused"]


@dataclass(frozen=True, slots=True)
class ParameterOutcome:
    """What became of one field that the caller set.

    `field` is the name in the request, `parameter` the vendor's (None when nothing was sent), `given` and `used` the
    values where they differ and are short, `reason` a sentence for people.
    """

    field: str
    outcome: OutcomeName
    parameter: str | None = None
    given: Any = None
    used: Any = None
    reason: str | None = None


class AttemptMetadata(Model):
    """One provider of the chain. Times are UTC.

    `possibly_billed`: money may have been spent here without a result. `job`: the handle of a job that was accepted
    here and left behind; `resume` it with the configuration of this provider.
    """

    provider: str
    model: str
    attempt_number: int
    started_at: datetime
    ended_at: datetime | None = None
    status: Literal["success", "failed", "skipped"]
    error_type: str | None = None
    error_message: str | None = None
    is_retryable: bool | None = None
    request_id: str | None = None
    possibly_billed: bool = False
    job: Job | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def elapsed_seconds(self) -> float | None:
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


class ExecutionMetadata(Model):
    """All attempts of one call, in order."""

    total_attempts: int
    successful_attempt: int | None = None
    attempts: list[AttemptMetadata] = Field(default_factory=list)
    fallback_triggered: bool = False
    configs_in_chain: int = 1

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total_elapsed_seconds(self) -> float:
        return sum(attempt.elapsed_seconds or 0.0 for attempt in self.attempts)
