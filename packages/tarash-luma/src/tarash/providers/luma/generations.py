"""Every work at Luma is a generation: created, asked for, fetched. Which interface is asked is told by the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from tarash.providers.luma.agents import Agents
from tarash.providers.luma.dream_machine import DreamMachine
from tarash.providers.luma.errors import failure
from tarash.providers.luma.interfaces import Interface
from tarash.tarash_gateway.exceptions import UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.messages import Cancellation, Done, Json, Pending, Request, Step, WebhookMessage, text_at
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.catalogues import bundled_model
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, find_mapping
from tarash.tarash_gateway.providers.waiting import (
    going_on,
    posted,
    refuse_other_job,
    refuse_other_webhook,
    stored_id,
)

SUBMIT_SECONDS = 300.0
COMPLETED, FAILED = "completed", "failed"
FACTS = ("model", "type", "generation_type", "created_at")

AGENTS, DREAM_MACHINE = Agents(), DreamMachine()
INTERFACES: Mapping[str, Interface] = {one.id: one for one in (AGENTS, DREAM_MACHINE)}
BY_MODEL: Mapping[str, Interface] = {
    "ray-1-6": DREAM_MACHINE,
    "ray-2": DREAM_MACHINE,
    "ray-flash-2": DREAM_MACHINE,
    "photon": DREAM_MACHINE,
    "ray-": AGENTS,
    "uni-": AGENTS,
    "": DREAM_MACHINE,
}
"""By the beginning of the model's id. What looks like no model of Luma goes to the interface of LUMAAI_API_KEY."""


def interface_of(model: str | None, options: Mapping[str, Any]) -> Interface:
    """The interface of a model; None stands for the default model. Raises `ValidationError` for an unknown choice."""
    chosen = options.get("api")
    if chosen is None:
        return AGENTS if model is None else find_mapping(BY_MODEL, model) or DREAM_MACHINE
    if str(chosen) not in INTERFACES:
        raise ValidationError(f"provider_config['api'] is one of {', '.join(INTERFACES)}, not {str(chosen)[:40]!r}.")
    return INTERFACES[chosen]


def called(call: Call) -> Interface:
    return interface_of(call.model, call.options)


class Generations(Operation):
    """Videos and images are made alike."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        interface = called(call)
        task = interface.task_of(call)
        mapping = interface.tasks[call.kind][task]
        known = bundled_model("tarash.providers.luma", call.model)
        if known is None:
            return {name: mapper.lenient() for name, mapper in mapping.items()}
        if task not in known.parameters.get(interface.task_parameter, (task,)):
            raise ValidationError(f"{call.model} has no {interface.task_parameter} {task!r}. Nothing was paid.")
        return mapping
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        interface = called(call)
        path, body = yield from interface.body(call, interface.task_of(call))
        url = f"{call.base_url}/{path}"
        answer = yield Request("POST", url, body=Json(body), billable=True, timeout=SUBMIT_SECONDS)
        generation = answer.object()
        return Pending({"id": text_at(generation, "id")}, event=generation)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        interface = called(call)
        generation = yield from self._ask(call, state)
        told = text_at(generation, "state")
        if told == FAILED:
            raise failure(generation)
        if told == COMPLETED:
            facts = {name: generation[name] for name in FACTS if generation.get(name) is not None}
            metadata = {**facts, **interface.facts(generation)}
            return Done(interface.outputs(call, generation), generation, metadata=metadata)
        return going_on(state, told, interface.waiting, generation)

    def _ask(self, call: Call, state: JsonValue) -> Step[dict[str, Any]]:
        name = stored_id(state, what="generation id")
        answer = yield Request("GET", f"{call.base_url}/generations/{name}")
        generation = answer.object()
        refuse_other_job(generation, name, "Luma")
        return generation

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        """There is no cancelling. It is not known whether deleting ends the work, and it loses the result."""
        if not call.options.get("cancel_by_deleting"):
            return Cancellation.IMPOSSIBLE
        generation = yield from self._ask(call, state)
        if generation.get("state") in (COMPLETED, FAILED):
            return Cancellation.TOO_LATE
        name = stored_id(state, what="generation id")
        yield Request("DELETE", f"{call.base_url}/generations/{name}", accept=frozenset({404}))
        return Cancellation.CANCELLED

    def webhook(self, call: Call, state: JsonValue, message: WebhookMessage) -> Step[Pending | Done]:
        """Callbacks are not signed: what one says is a reason to ask, and nothing more."""
        if called(call) is not DREAM_MACHINE:
            raise UnsupportedOperationError("The Luma Agents API has no callbacks.")
        refuse_other_webhook(posted(message).get("id"), stored_id(state, what="generation id"))
        return (yield from self.poll(call, state))
