"""What Luma's two interfaces have in common, so that one operation can speak to both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.messages import Output, Step
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.base import Call
from tarash.tarash_gateway.providers.field_mappers import FieldMapping

Tasks = Mapping[str, FieldMapping]
"""The tasks of one kind of work by the vendor's name, and which parameters each takes.

A task that the caller must name needs no constant for its name: what he says is sent.
"""


class Interface:
    """One of the two interfaces. Their keys, names and states differ; the way of a generation through them does not."""

    id: ClassVar[str]
    base_url: ClassVar[str]
    key_variables: ClassVar[Sequence[str]]
    base_url_variables: ClassVar[Sequence[str]]
    options: ClassVar[frozenset[str]] = frozenset()
    """The options of `provider_config` that only this interface has."""
    task_parameter: ClassVar[str]
    """The vendor's parameter for what is to be done; it may be chosen in `extra_params`."""
    tasks: ClassVar[Mapping[Kind, Tasks]]
    waiting: ClassVar[Mapping[str, bool]]
    """States of a generation that is not over, each with whether work has begun."""

    def task_of(self, call: Call) -> str:
        """What is to be done. Raises `ValidationError` for what this kind of work cannot do."""
        chosen = call.request.extra_params.get(self.task_parameter)
        if chosen is None:
            return self.usual_task(call)
        offered = self.tasks[call.kind]
        if not isinstance(chosen, str) or chosen not in offered:
            known = ", ".join(offered)
            raise ValidationError(
                f"{self.task_parameter} is one of {known} here, not {str(chosen)[:40]!r}. Nothing was paid."
            )
        return chosen

    def usual_task(self, call: Call) -> str:
        """What the inputs mean where the caller does not say what is to be done."""
        raise NotImplementedError

    def body(self, call: Call, task: str) -> Step[tuple[str, dict[str, Any]]]:
        """Path and body of the paid request. Raises `ValidationError` for what does not go together."""
        raise NotImplementedError
        yield

    def outputs(self, call: Call, generation: Mapping[str, Any]) -> Sequence[Output]:
        """What a finished generation brought forth."""
        raise NotImplementedError

    def facts(self, generation: Mapping[str, Any]) -> Mapping[str, Any]:
        """What there is to tell of a finished generation that only this interface tells."""
        return {}
