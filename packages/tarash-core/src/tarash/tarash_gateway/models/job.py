"""The handle of a paid remote job."""

from __future__ import annotations

from pydantic import ConfigDict, Field, JsonValue
from pydantic import ValidationError as PydanticValidationError

from tarash.tarash_gateway.exceptions import JobRejectedError
from tarash.tarash_gateway.models.base import Kind, Model

JOB_VERSION = 1
MAX_JOB_BYTES = 64 * 1024 * 1024


class Job(Model):
    """A paid remote job, as plain JSON: enough to resume, poll or cancel it from any process, sync or async.

    It holds the provider's ids, never a key or a request. `created_at` is in seconds since the epoch (UTC).
    `states` has one entry for each remote submit, written by the provider's own steps. `signature` is made with the
    account's key: a job that was altered, or that belongs to another account, is refused before any request.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = JOB_VERSION
    request_id: str
    provider: str
    model: str
    kind: Kind
    base_url: str
    created_at: float = Field(allow_inf_nan=False)
    states: list[JsonValue] = Field(min_length=1)
    is_mock: bool = False
    account: str = ""
    signature: str = ""

    @property
    def provider_ids(self) -> list[str]:
        """The vendor's own ids of the remote jobs, as webhooks and dashboards show them."""
        pending = [state.get("pending") for state in self.states if isinstance(state, dict)]
        return [str(state["id"]) for state in pending if isinstance(state, dict) and "id" in state]

    def to_json(self) -> str:
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str | bytes) -> Job:
        """Read a job back. Raises `JobRejectedError` when the text is not a job of this or an older tarash."""
        if not isinstance(text, str | bytes | bytearray):
            raise JobRejectedError(f"A job is read from JSON text, not from {type(text).__name__}.")
        if len(text) > MAX_JOB_BYTES:
            raise JobRejectedError("This is too large to be a tarash job.")
        try:
            job = cls.model_validate_json(text)
        except PydanticValidationError as error:
            newer = _version_of(text)
            if newer is not None and newer > JOB_VERSION:
                raise JobRejectedError(_NEWER.format(newer)) from None
            fields = ", ".join(sorted({".".join(map(str, detail["loc"])) or "text" for detail in error.errors()}))
            raise JobRejectedError(f"This is not a tarash job (wrong: {fields}).") from None
        if job.version != JOB_VERSION:
            raise JobRejectedError(_NEWER.format(job.version))
        return job


_NEWER = "This job has schema version {}, which this tarash does not know. Update tarash-core."


def _version_of(text: str | bytes) -> int | None:
    from pydantic_core import from_json

    try:
        value = from_json(text)
    except ValueError:
        return None
    version = value.get("version") if isinstance(value, dict) else None
    return version if isinstance(version, int) else None
