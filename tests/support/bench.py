"""A test bench: one world, one studio of acme on the wire, and what every test of a fault looks at in the end."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from tests.support.studio import AcmeStudio
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.models import Job, VideoGenerationConfig, VideoGenerationRequest, VideoGenerationResponse
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Step

KEY = "acme-key-5f0c77d1e2"
REQUEST = VideoGenerationRequest(prompt="a lighthouse at dawn")

Failure = TypeVar("Failure", bound=TarashException)


class Bench:
    """Calls tarash in one world, and counts what came over the wire."""

    def __init__(self, world: World, server: ScriptedServer, studio: AcmeStudio) -> None:
        self.world = world
        self.server = server
        self.studio = studio
        self.ledger: Ledger = server.ledger
        self.clock: VirtualClock = server.clock
        self.allowed_origins = [server.url]
        self.most_connections = 2

    # --- calling tarash

    def config(self, **changes: Any) -> VideoGenerationConfig:
        return VideoGenerationConfig(
            **{"provider": "acme", "api_key": KEY, "base_url": self.server.url, "timeout": 300, **changes}
        )

    def generate(
        self, callback: Callable[[Any], Any] | None = None, request: VideoGenerationRequest = REQUEST, **changes: Any
    ) -> VideoGenerationResponse:
        response: VideoGenerationResponse = self.world.call("generate_video", self.config(**changes), request, callback)
        return response

    def submit(self, request: VideoGenerationRequest = REQUEST, **changes: Any) -> Job:
        job: Job = self.world.call("submit_video", self.config(**changes), request)
        return job

    def resume(self, job: Job | None, callback: Callable[[Any], Any] | None = None, **changes: Any) -> Any:
        """Resume a job as another process would: from its JSON."""
        assert job is not None
        return self.world.call("resume", Job.from_json(job.to_json()), self.config(**changes), callback)

    def fails(self, expected: type[Failure], **changes: Any) -> Failure:
        """Generate, and return the error, which must be exactly `expected`."""
        with self.failing(expected) as caught:
            self.generate(**changes)
        return caught[0]

    @contextmanager
    def failing(self, expected: type[Failure]) -> Iterator[list[Failure]]:
        """The block must raise exactly `expected`, in words fit for people, and never with the key in it."""
        caught: list[Failure] = []
        with pytest.raises(TarashException) as info:
            yield caught
        error = info.value
        assert type(error) is expected, f"{type(error).__name__}: {error}"
        assert error.provider is None or error.provider.endswith("acme")
        assert len(error.message) > 10
        self.assert_no_key(error)
        caught.append(error)

    @staticmethod
    def assert_no_key(error: BaseException) -> None:
        told = ["".join(traceback.format_exception(error)), repr(error)]
        for value in vars(error).values():
            told += [repr(value), value.to_json() if isinstance(value, Job) else str(value)]
        assert not [text for text in told if KEY in text]

    # --- scripting and counting

    def on_submit(self, *steps: Step, times: int | None = 1) -> None:
        self.server.script("POST", "/videos/*", *steps, times=times)

    def on_poll(self, *steps: Step, times: int | None = 1) -> None:
        self.server.script("GET", "/jobs/*", *steps, times=times)

    def on_cancel(self, *steps: Step, times: int | None = 1) -> None:
        self.server.script("DELETE", "/jobs/*", *steps, times=times)

    def on_film(self, *steps: Step, times: int | None = 1) -> None:
        self.server.script("GET", "/films/*", *steps, times=times)

    def _count(self, method: str, path: str = "*") -> int:
        return len(self.server.requests.matching(method, path))

    @property
    def posts(self) -> int:
        return self._count("POST")

    @property
    def polls(self) -> int:
        return self._count("GET", "/jobs/*")

    @property
    def cancels(self) -> int:
        return self._count("DELETE")

    @property
    def downloads(self) -> int:
        return self._count("GET", "/films/*")

    @property
    def charges(self) -> int:
        return self.ledger.total_charges
