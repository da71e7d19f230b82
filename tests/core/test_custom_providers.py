"""Providers that tarash does not bring: a third party's made of steps, and an in-house one with methods of its own."""

import ast
import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.acme import Acme
from tests.support.bench import REQUEST, Bench
from tests.support.studio import FILM
from tests.support.worlds import World

from tarash.tarash_gateway import (
    get_provider_field_mapping,
    register_provider,
    register_provider_field_mapping,
)
from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    PluginError,
    TarashException,
    TarashWarning,
    UnsupportedOperationError,
)
from tarash.tarash_gateway.models import (
    AudioGenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    Job,
    TTSRequest,
    TTSResponse,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
    VideoGenerationUpdate,
)
from tarash.tarash_gateway.providers.field_mappers import duration_field_mapper, passthrough_field_mapper
from tarash.testkit.steps import Answer

ACME = Path(__file__).parents[1] / "support" / "acme.py"

# --- a third party's provider, made of steps


def test_a_third_partys_provider_is_short() -> None:
    """Under sixty lines, without the blank ones and the imports."""
    tree = ast.parse(ACME.read_text(encoding="utf-8"))
    written = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)]
    text = "\n".join(ast.unparse(node) for node in written)
    lines = [line for line in ACME.read_text(encoding="utf-8").splitlines() if line.strip()]
    imports = sum((node.end_lineno or 0) - node.lineno + 1 for node in tree.body if node not in written)
    assert text.count("class ") == 2
    assert len(lines) - imports < 60


def test_a_third_partys_provider_does_all_that_tarash_promises(bench: Bench, tmp_path: Path) -> None:
    updates: list[VideoGenerationUpdate] = []
    request = VideoGenerationRequest(prompt="x", duration_seconds=5, seed=1)
    with pytest.warns(TarashWarning, match="seed is ignored"):
        response = bench.generate(updates.append, request)
    assert [update.status for update in updates] == ["processing", "processing", "completed"]
    assert {one.field: one.outcome for one in response.parameters} == {
        "prompt": "sent",
        "duration_seconds": "rounded",
        "seed": "ignored",
    }
    assert bench.world.save(response, tmp_path / "film").read_bytes() == FILM

    job = Job.from_json(bench.submit().to_json())
    assert bench.world.call("poll", job, bench.config()).status == "processing"
    assert bench.world.call("cancel", job, bench.config()) == "cancelled"
    assert bench.resume(bench.submit()).status == "completed"
    assert bench.charges == 3


def test_its_errors_are_its_own(bench: Bench) -> None:
    bench.on_submit(Answer(400, json={"problem": "forbidden content"}))
    assert bench.fails(ContentModerationError).model == "film-1"
    assert bench.posts == 1


# --- an in-house provider, with methods


def made(text: str = "https://media.example/1.mp4", **fields: Any) -> VideoGenerationResponse:
    return VideoGenerationResponse(request_id="own", video=text, **fields)


class InHouse:
    """Both halves of two kinds of work. Remembers how it was called, and in which thread."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any, Any, Any]] = []
        self.threads: list[threading.Thread] = []

    def _note(self, name: str, *arguments: Any) -> None:
        self.calls.append((name, *arguments))
        self.threads.append(threading.current_thread())

    def generate_video(self, config: Any, request: Any, on_progress: Any = None) -> VideoGenerationResponse:
        self._note("video", config, request, on_progress)
        return made()

    async def generate_video_async(self, config: Any, request: Any, on_progress: Any = None) -> VideoGenerationResponse:
        self._note("video_async", config, request, on_progress)
        return made()

    def generate_image(self, config: Any, request: Any, on_progress: Any = None) -> ImageGenerationResponse:
        self._note("image", config, request, on_progress)
        return ImageGenerationResponse(request_id="own", images=["YWJj"])


class OnlyPlain:
    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def generate_video(self, config: Any, request: Any, on_progress: Any = None) -> VideoGenerationResponse:
        self.threads.append(threading.current_thread())
        if on_progress:
            on_progress(VideoGenerationUpdate(request_id="own", status="processing"))
        return made("https://media.example/plain")


class OnlyAwaited:
    def __init__(self) -> None:
        self.loops: list[asyncio.AbstractEventLoop] = []

    async def generate_video_async(self, config: Any, request: Any, on_progress: Any = None) -> VideoGenerationResponse:
        self.loops.append(asyncio.get_running_loop())
        await asyncio.to_thread(lambda: None)
        return made("https://media.example/awaited")


CONFIG = VideoGenerationConfig(provider="in-house", model="own-1", timeout=7)


def generate(world: World, handler: Any, callback: Any = None, config: VideoGenerationConfig = CONFIG) -> Any:
    register_provider("in-house", handler)
    return world.call("generate_video", config, REQUEST, callback)


def test_the_half_of_the_callers_world_is_called_with_what_the_caller_gave(world: World) -> None:
    handler = InHouse()
    callback: Callable[[Any], None] = lambda update: None  # noqa: E731
    response = generate(world, handler, callback)
    name = "video" if world.name == "sync" else "video_async"
    assert handler.calls == [(name, CONFIG, REQUEST, callback)]
    assert response.execution_metadata.attempts[0].model == "own-1"
    assert response.execution_metadata.successful_attempt == 1


def test_the_missing_half_is_bridged(world: World) -> None:
    plain, awaited = OnlyPlain(), OnlyAwaited()
    updates: list[Any] = []
    assert generate(world, plain, updates.append).video == "https://media.example/plain"
    assert len(updates) == 1
    assert generate(world, awaited).video == "https://media.example/awaited"
    # A plain method never blocks an event loop, and an async one never meets a loop that is not its own.
    assert (plain.threads[0] is threading.current_thread()) == (world.name == "sync")


def test_an_async_half_is_bridged_inside_a_running_loop() -> None:
    handler = OnlyAwaited()

    async def notebook() -> None:
        assert generate(SYNC, handler).video == "https://media.example/awaited"
        assert handler.loops[0] is not asyncio.get_running_loop()

    asyncio.run(notebook())


class Sync:
    name = "sync"

    def call(self, function: str, *arguments: Any) -> Any:
        from tarash import tarash_gateway

        return getattr(tarash_gateway, function)(*arguments)


SYNC: Any = Sync()


def test_only_some_kinds_of_work(world: World) -> None:
    register_provider("in-house", InHouse())
    image = ImageGenerationConfig(provider="in-house")
    assert world.call("generate_image", image, ImageGenerationRequest(prompt="x")).images == ["YWJj"]
    with pytest.raises(UnsupportedOperationError, match="generate_tts"):
        world.call("generate_tts", AudioGenerationConfig(provider="in-house"), TTSRequest(text="x"))


@pytest.mark.parametrize("work", ["submit_video", "resume", "poll", "cancel"])
def test_methods_of_its_own_have_no_jobs(world: World, work: str, bench: Bench) -> None:
    register_provider("in-house", InHouse())
    given = REQUEST if work == "submit_video" else bench.submit().model_copy(update={"provider": "in-house"})
    arguments = (CONFIG, given) if work == "submit_video" else (given, CONFIG)
    with pytest.raises(UnsupportedOperationError):
        world.call(work, *arguments)


def test_a_handler_takes_its_place_in_a_chain(world: World) -> None:
    class Fails:
        def generate_video(self, config: Any, request: Any, on_progress: Any = None) -> Any:
            raise GenerationFailedError("not today")

    register_provider("failing", Fails())
    register_provider("in-house", InHouse())
    chain = VideoGenerationConfig(provider="failing", fallback_configs=[CONFIG])
    metadata = world.call("generate_video", chain, REQUEST).execution_metadata
    assert [one.status for one in metadata.attempts] == ["failed", "success"]


def test_what_a_method_does_not_implement_is_said_with_the_providers_name(world: World) -> None:
    class Half:
        def generate_video(self, config: Any, request: Any, on_progress: Any = None) -> Any:
            raise NotImplementedError("no films here")

    with pytest.raises(NotImplementedError, match=r"in-house.*no films here") as caught:
        generate(world, Half())
    assert isinstance(caught.value, TarashException)


# --- registering


@pytest.mark.parametrize("handler", [None, 3, "acme", object(), {}, Acme, InHouse, TTSResponse])
def test_what_cannot_be_a_handler_is_refused_at_once(handler: Any) -> None:
    with pytest.raises(PluginError, match="in-house"):
        register_provider("in-house", handler)


def test_registering_again_replaces(world: World) -> None:
    assert generate(world, OnlyPlain()).video == "https://media.example/plain"
    assert generate(world, OnlyAwaited()).video == "https://media.example/awaited"


def test_a_handler_that_is_false_is_a_handler_all_the_same(world: World) -> None:
    class Empty(OnlyPlain):
        def __len__(self) -> int:
            return 0

    assert generate(world, Empty()).video == "https://media.example/plain"


# --- field mappings

MAPPINGS = {
    "film": {"text": passthrough_field_mapper("prompt", required=True)},
    "film-9": {
        "prompt": passthrough_field_mapper("prompt", required=True),
        "num_seconds": duration_field_mapper(field_type="int"),
    },
}


def test_a_registered_mapping_is_given_back_and_used_by_exact_id_or_longest_prefix(bench: Bench) -> None:
    name = f"acme-mapped-{bench.world.name}"
    assert get_provider_field_mapping(name) is None
    register_provider(name, Acme())
    register_provider_field_mapping(name, MAPPINGS)
    found = get_provider_field_mapping(name)
    assert found is not None
    assert {model: found[model] for model in MAPPINGS} == MAPPINGS
    assert found[""] == Acme.mappings["video"][""]

    sent, request = {}, VideoGenerationRequest(prompt="x", duration_seconds=8)
    for model in ("film", "film-9", "film-9-fast", "film-1", "clip"):
        bench.generate(None, request, provider=name, model=model, unsupported_params="ignore")
        sent[model] = bench.server.requests.matching("POST")[-1].json
    own = {"prompt": "x", "num_seconds": 8}
    assert sent == {
        "film": {"text": "x"},
        "film-9": own,
        "film-9-fast": own,
        "film-1": {"text": "x"},
        "clip": {"prompt": "x", "seconds": 8},
    }


def test_mappings_are_added_one_by_one_and_the_last_wins() -> None:
    first, second = {"a": passthrough_field_mapper("prompt")}, {"b": passthrough_field_mapper("prompt")}
    register_provider_field_mapping("added", {"one": first, "two": first})
    register_provider_field_mapping("added", {"two": second})
    assert get_provider_field_mapping("added") == {"one": first, "two": second}


def test_what_is_given_back_is_a_copy() -> None:
    register_provider_field_mapping("copied", {"one": {"a": passthrough_field_mapper("prompt")}})
    found = get_provider_field_mapping("copied")
    assert found is not None
    found["one"].clear()
    found.clear()
    again = get_provider_field_mapping("copied")
    assert again is not None
    assert list(again["one"]) == ["a"]
