"""Vendors with several interfaces for one kind of work: each model is sent to the one that it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from tarash.tarash_gateway.messages import Cancellation, Done, Pending, Step, Streaming, WebhookMessage
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, find_mapping


class ByModel(Operation):
    """`operations` by model id or prefix, the longest that fits; "" is for all others. `name_of` gives the id."""

    def __init__(self, operations: Mapping[str, Operation], name_of: Callable[[str], str] = str) -> None:
        self._operations = operations
        self._name_of = name_of

    def _of(self, call: Call) -> Operation:
        return find_mapping(self._operations, self._name_of(call.model)) or Operation()

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        return self._of(call).describe(call)

    def submit(self, call: Call) -> Step[Pending | Done]:
        return self._of(call).submit(call)

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        return self._of(call).poll(call, state)

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        return self._of(call).cancel(call, state)

    def stream(self, call: Call) -> Step[Streaming]:
        return self._of(call).stream(call)

    def webhook(self, call: Call, state: JsonValue, message: WebhookMessage) -> Step[Pending | Done]:
        return self._of(call).webhook(call, state, message)
