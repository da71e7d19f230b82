"""Every work at Runway is a task: created, asked for, cancelled.

Source: wire of runwayml 5.24.0 (PyPI) and the vendor's pages on tasks, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import JsonValue

from tarash.providers.runway.bodies import dressed
from tarash.providers.runway.catalogue import find
from tarash.providers.runway.endpoints import endpoint_of
from tarash.providers.runway.errors import task_error
from tarash.providers.runway.mappings import row_mapping
from tarash.providers.runway.service import api
from tarash.providers.runway.uploads import place
from tarash.tarash_gateway.messages import Cancellation, Done, Json, Output, Pending, Step, number_or_none, text_at
from tarash.tarash_gateway.providers.base import Call, Operation, place_media
from tarash.tarash_gateway.providers.field_mappers import FieldMapping
from tarash.tarash_gateway.providers.reading import list_of, object_of, present
from tarash.tarash_gateway.providers.waiting import going_on, refuse_other_job, stored_id

SUBMIT_SECONDS = 300.0

# Throttled: the account has reached the number of tasks at once that it may have, and this one waits in line.
WAITING = {"PENDING": False, "THROTTLED": False, "RUNNING": True}
FAILED = frozenset({"FAILED", "CANCELLED", "CANCELED"})
FINISHED = FAILED | {"SUCCEEDED"}


def visual_mapping(call: Call) -> FieldMapping:
    """The mapping of the endpoint that suits the request. Limits of models that are unknown here only warn."""
    model = find(call.model, call.kind)
    mapping = row_mapping(model.endpoints[endpoint_of(call)])
    if model.info.id == call.model:
        return mapping
    return {name: mapper.lenient() for name, mapper in mapping.items()}


class Tasks(Operation):
    """One kind of work; `mapping` tells what becomes of the fields of its requests."""

    def __init__(self, mapping: Callable[[Call], FieldMapping]) -> None:
        self._mapping = mapping

    def mapping(self, call: Call) -> FieldMapping | None:
        return self._mapping(call)

    def submit(self, call: Call) -> Step[Pending | Done]:
        endpoint = endpoint_of(call)
        row = find(call.model, call.kind).endpoints[endpoint]
        body = yield from place_media(dressed(call.payload, row), partial(place, call))
        paid = Json({"model": call.model, **body})
        answer = yield api(call, "POST", endpoint, paid, billable=True, timeout=SUBMIT_SECONDS)
        task = answer.object()
        return Pending({"id": text_at(task, "id")}, event=task)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        task = yield from self._ask(call, state)
        status = text_at(task, "status")
        if status in FAILED:
            raise task_error(task, status)
        if status == "SUCCEEDED":
            return _done(task)
        return going_on(state, status, WAITING, task, progress=_percent(task))

    def _ask(self, call: Call, state: JsonValue) -> Step[dict[str, Any]]:
        name = stored_id(state, what="task id")
        answer = yield api(call, "GET", f"tasks/{name}")
        task = answer.object()
        refuse_other_job(task, name, "Runway")
        return task

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        """The same request cancels a task and deletes a finished one, with its result: so its state is looked at."""
        task = yield from self._ask(call, state)
        if task.get("status") in FINISHED:
            return Cancellation.TOO_LATE
        # Not found: somebody else has cancelled it in between.
        yield api(call, "DELETE", f"tasks/{stored_id(state)}", accept=frozenset({404}))
        return Cancellation.CANCELLED


def _done(task: dict[str, Any]) -> Done:
    outputs = [Output(url=link) for link in list_of(task.get("output")) if isinstance(link, str)]
    paid = number_or_none(object_of(task.get("cost")).get("credits"))
    facts = {"created_at": task.get("createdAt"), "credits": paid}
    return Done(outputs, task, {}, present(facts, *facts))


def _percent(task: dict[str, Any]) -> float | None:
    progress = number_or_none(task.get("progress"))
    return None if progress is None else round(100 * progress)
