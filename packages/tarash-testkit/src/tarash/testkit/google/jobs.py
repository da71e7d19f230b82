"""Jobs of the simulator, and how they go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tarash.testkit.media import Media


@dataclass(frozen=True)
class Outcome:
    """How a job or call goes, on the simulator's clock.

    `media` are the results (None: what fits the request). `failure` is a `{code, message}` with which the job ends.
    `filtered` are reasons that Veo or Imagen give for results that they keep back; with `media=()` all of them are.
    `block_reason` refuses a prompt, `finish_reason` ends a candidate without media, `text` is what the model says.
    `statuses` are told to the first polls in place of the truth. A job that is not `cancellable` refuses.
    """

    media: Sequence[Media] | None = None
    failure: Mapping[str, Any] | None = None
    filtered: Sequence[str] = ()
    block_reason: str | None = None
    finish_reason: str | None = None
    text: str | None = None
    statuses: Sequence[str] = ()
    end_status: str = "completed"
    run_seconds: float | None = None
    cancellable: bool = True


@dataclass(eq=False)
class Job:
    """One accepted job. Times are readings of the monotonic clock."""

    id: str
    model: str
    body: Mapping[str, Any]
    outcome: Outcome
    accepted_at: float
    run_seconds: float
    origin: str
    vertex: bool
    cancelled: bool = False
    told: int = 0

    def finished(self, now: float) -> bool:
        return self.cancelled or now >= self.accepted_at + self.run_seconds
