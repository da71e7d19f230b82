"""A desk to call fal from, in one of the two worlds, and what every test of fal looks at in the end."""

import contextlib
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    Job,
    STSRequest,
    TTSRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import FalSimulator
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import png, wav

Failure = TypeVar("Failure", bound=TarashException)

KINDS = ("video", "image", "tts", "sts")
CONFIGS: dict[str, Any] = {
    "video": VideoGenerationConfig,
    "image": ImageGenerationConfig,
    "tts": AudioGenerationConfig,
    "sts": AudioGenerationConfig,
}
REQUESTS: dict[str, Any] = {
    "video": VideoGenerationRequest,
    "image": ImageGenerationRequest,
    "tts": TTSRequest,
    "sts": STSRequest,
}
USUAL: dict[str, dict[str, Any]] = {
    "video": {"prompt": "a lighthouse at dawn"},
    "image": {"prompt": "a lighthouse at dawn"},
    "tts": {"text": "Hello, lighthouse."},
    "sts": {"audio": "https://media.example/voice.mp3", "voice_id": "https://media.example/sample.mp3"},
}
KLING = "fal-ai/kling-video/v3/pro/text-to-video"
MODELS = {
    "video": KLING,
    "image": "fal-ai/flux/dev",
    "tts": "fal-ai/minimax/speech-2.8-hd",
    "sts": "fal-ai/chatterbox/speech-to-speech",
}
PICTURE = png(64, 48)
SOUND = wav()


class Desk:
    """Calls tarash with the address and key of a simulator, and counts what came over the wire."""

    def __init__(self, world: World, fal: FalSimulator) -> None:
        self.world, self.fal = world, fal
        self.ledger: Ledger = fal.ledger
        self.clock: VirtualClock = fal.clock
        self.key_origins = {fal.queue_url, fal.rest_url}
        self.warnings: list[str] = []

    # --- calling tarash

    def config(self, kind: str = "video", **changes: Any) -> Any:
        """A configuration for the simulator. `options` are laid over the usual `provider_config`."""
        options = {"rest_url": self.fal.rest_url, **changes.pop("options", {})}
        usual = {
            "provider": "fal",
            "model": MODELS[kind],
            "api_key": self.fal.key,
            "base_url": self.fal.queue_url,
            "poll_interval": 2,
            "provider_config": options,
        }
        return CONFIGS[kind](**{**usual, **changes})

    @staticmethod
    def request(kind: str = "video", **fields: Any) -> Any:
        return REQUESTS[kind](**{**USUAL[kind], **fields})

    def generate(self, kind: str = "video", request: Any = None, callback: Any = None, **changes: Any) -> Any:
        request = request or self.request(kind)
        return self.call(f"generate_{kind}", self.config(kind, **changes), request, callback)

    def submit(self, kind: str = "video", request: Any = None, **changes: Any) -> Job:
        job: Job = self.call(f"submit_{kind}", self.config(kind, **changes), request or self.request(kind))
        return job

    def ask(self, function: str, job: Job | None, *more: Any, **changes: Any) -> Any:
        """`resume`, `poll`, `cancel` or `receive_webhook`, as another process would: with the job's JSON."""
        assert job is not None
        return self.call(function, Job.from_json(job.to_json()), self.config(job.kind, **changes), *more)

    def save(self, response: Any, path: Path, **named: Any) -> Path:
        return self.world.save(response, path, **named)

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a public function; the warnings of all calls are kept in `warnings`."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                return self.world.call(function, *arguments)
            finally:
                self.warnings += [str(one.message) for one in caught]

    # --- judging

    def fails(self, expected: type[Failure], kind: str = "video", **changes: Any) -> Failure:
        """Generate, and return the error, which must be exactly `expected`."""
        with self.failing(expected) as caught:
            self.generate(kind, **changes)
        return caught[0]

    @contextlib.contextmanager
    def failing(self, expected: type[Failure]) -> Iterator[list[Failure]]:
        """The block must raise exactly `expected`, in words fit for people, and never with the key in it."""
        caught: list[Failure] = []
        with pytest.raises(TarashException) as info:
            yield caught
        error = info.value
        assert type(error) is expected, f"{type(error).__name__}: {error}"
        assert error.provider == "fal"
        assert len(error.message) > 10
        self.assert_no_key(error)
        caught.append(error)

    def assert_no_key(self, error: BaseException) -> None:
        told = ["".join(traceback.format_exception(error)), repr(error)]
        for value in vars(error).values():
            told += [repr(value), value.to_json() if isinstance(value, Job) else str(value)]
        assert not [text for text in told if self.fal.key in text]

    def check_the_wire(self) -> None:
        """Whatever happened: nothing was charged twice, nothing was malformed, and no key strayed."""
        assert not [problem for server in self.fal.servers for problem in server.malformed]
        assert all(self.ledger.charges(job) == 1 for job in self.ledger.charged_jobs)
        if any("authorization" in request.headers for request in self.fal.requests()):
            self.ledger.assert_key_only_at(self.key_origins, self.fal.key)

    # --- counting

    @property
    def submits(self) -> int:
        return len(self.fal.requests("submit"))

    @property
    def charges(self) -> int:
        return self.ledger.total_charges

    def sent(self, number: int = 0) -> Any:
        """The input of a submit."""
        return self.fal.requests("submit")[number].json
