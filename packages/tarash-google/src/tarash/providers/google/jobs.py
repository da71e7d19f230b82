"""What a job remembers, and what is the same for all jobs of Google."""

from __future__ import annotations

from pydantic import JsonValue

from tarash.providers.google.places import on_vertex
from tarash.providers.google.vertex.regions import parent
from tarash.tarash_gateway.exceptions import JobRejectedError
from tarash.tarash_gateway.messages import Done, Pending, Step, WebhookMessage, text_at
from tarash.tarash_gateway.providers.base import Call, Operation


class Job(Operation):
    """A kind of work that is asked for until it is done."""

    def webhook(self, call: Call, state: JsonValue, message: WebhookMessage) -> Step[Pending | Done]:
        """Google's signatures are not documented, so a message is only a hint to ask: the answer comes from Google."""
        if job_id(call, state).rpartition("/")[2].encode() not in message.body:
            raise JobRejectedError("The webhook speaks of another job.")
        return self.poll(call, state)


def job_state(call: Call, job: str) -> dict[str, JsonValue]:
    """What a job remembers. On Vertex AI nothing but the project tells whose it is: there is no key."""
    return {"id": job, "parent": parent(call)} if on_vertex(call) else {"id": job}


def job_id(call: Call, state: JsonValue) -> str:
    """The vendor's id of a job. Raises `JobRejectedError` for a job of another project or location."""
    stored = state if isinstance(state, dict) else {}
    if stored.get("parent") != (parent(call) if on_vertex(call) else None):
        raise JobRejectedError("The job belongs to another Google Cloud project or location than this configuration.")
    return text_at(stored, "id")
