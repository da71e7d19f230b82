"""Providers that differ from acme in one point each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from pydantic import JsonValue
from tests.support.acme import Acme, Videos

from tarash.tarash_gateway.messages import Bytes, Done, Json, Pending, Request, Step, text_at
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, passthrough_field_mapper


class PatientAcme(Acme):
    """Documents 503 as "not accepted, come back later"."""

    not_accepted = frozenset({429, 503})


class GuardedVideos(Videos):
    """The films are behind the key."""

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        answer = yield from super().poll(call, state)
        if isinstance(answer, Done):
            return replace(answer, outputs=[replace(output, authenticated=True) for output in answer.outputs])
        return answer


class GuardedAcme(Acme):
    """Serves results only to whoever shows the key."""

    operations: Mapping[Kind, Operation] = {"video": GuardedVideos()}


class Voices(Videos):
    """Speech that is made like a film, and fetched when it is done."""


class SpeakingAcme(Acme):
    """Speaks, too."""

    default_models: Mapping[Kind, str] = {"tts": "voice-1"}
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {
        "tts": {"": {"text": passthrough_field_mapper("text"), "voice": passthrough_field_mapper("voice_id")}}
    }
    operations: Mapping[Kind, Operation] = {"tts": Voices()}


class UploadingVideos(Videos):
    """Wants something free of charge before the paid request."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        yield Request("PUT", f"{call.base_url}/uploads/reference", body=Bytes(b"reference"))
        return (yield from super().submit(call))


class UploadingAcme(Acme):
    """Uploads before it submits."""

    operations: Mapping[Kind, Operation] = {"video": UploadingVideos()}


class LinkedVideos(Videos):
    """Asks where the answer to the submit says, whatever that is."""

    def submit(self, call: Call) -> Step[Pending | Done]:
        answer = yield Request("POST", f"{call.base_url}/videos/{call.model}", body=Json(call.payload), billable=True)
        return Pending({"id": text_at(answer.object(), "id"), "url": text_at(answer.object(), "status_url")})

    def _url(self, call: Call, state: JsonValue) -> str:
        return text_at(state if isinstance(state, dict) else {}, "url")


class LinkedAcme(Acme):
    """Trusts every link that it is given."""

    operations: Mapping[Kind, Operation] = {"video": LinkedVideos()}
