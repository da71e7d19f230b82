"""Desks to call a provider from, in one of the two worlds."""

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from tests.support.purchases import CLASSES
from tests.support.worlds import World

from tarash.testkit.vendor import VendorSimulator

Vendor = TypeVar("Vendor", bound=VendorSimulator)
PROMPT = "a lighthouse at dawn"


def as_input(content: bytes, content_type: str = "image/png") -> dict[str, Any]:
    return {"content": content, "content_type": content_type}


class VendorDesk(Generic[Vendor]):
    """Calls tarash with the address and key of a simulator. `models` and `usual` say what is asked for by kind."""

    models: ClassVar[Mapping[str, str]]
    usual: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "video": {"prompt": PROMPT},
        "image": {"prompt": PROMPT},
        "tts": {"text": "Hello, lighthouse."},
    }

    def __init__(self, world: World, vendor: Vendor) -> None:
        self.world, self.vendor = world, vendor

    def config(self, kind: str, **changes: Any) -> Any:
        return CLASSES[kind][0](**{**self.vendor.settings, "model": self.models[kind], **changes})

    @classmethod
    def request(cls, kind: str, request: Mapping[str, Any] | None = None) -> Any:
        return CLASSES[kind][1](**{**cls.usual[kind], **(request or {})})

    def generate(self, kind: str, request: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        return self.call(f"generate_{kind}", self.config(kind, **changes), self.request(kind, request))

    def submit(self, kind: str, request: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        return self.call(f"submit_{kind}", self.config(kind, **changes), self.request(kind, request))

    def ask(self, function: str, job: Any, *more: Any, **changes: Any) -> Any:
        """`resume`, `poll`, `cancel` or `receive_webhook` for a job."""
        return self.call(function, job, self.config(job.kind, **{"model": job.model, **changes}), *more)

    def call(self, function: str, *arguments: Any) -> Any:
        # Warnings are judged where they are what a test is about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.world.call(function, *arguments)
