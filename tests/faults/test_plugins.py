"""Plugins that do not work: the others do, and the error says whose fault it is."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.faults.distributions import GOOD, distribution, run_child, start_child
from tests.support.acme import Acme, Videos
from tests.support.bench import REQUEST, Bench
from tests.support.worlds import World

from tarash.tarash_gateway import generate_video, register_provider
from tarash.tarash_gateway.exceptions import (
    PluginError,
    ProviderNotFoundError,
    SubmitOutcomeUnknownError,
    TarashException,
    TarashWarning,
)
from tarash.tarash_gateway.hookspecs import hookimpl
from tarash.tarash_gateway.messages import Cancellation, Done, Output, Pending, Step
from tarash.tarash_gateway.models import (
    ImageGenerationResponse,
    Kind,
    VideoGenerationConfig,
    VideoGenerationResponse,
)
from tarash.tarash_gateway.plugins import registry
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.testkit.steps import Answer

# --- G1: what happens on import, and after it

HOOK = "from tarash.tarash_gateway.hookspecs import hookimpl\n@hookimpl\ndef tarash_providers(): "
MINE = GOOD.replace('"good"', "'broken'")
PROVIDER = "from tarash.tarash_gateway.providers.base import Provider\n"

BROKEN: dict[str, str] = {
    "a missing dependency": "import a_library_that_nobody_has",
    "an exception": "raise RuntimeError('no luck today')",
    "a syntax error": "def broken(:",
    "an exit": "import sys; sys.exit()",
    "an exit with a status": "import sys; sys.exit(3)",
    "an exit in words": "raise SystemExit('bye')",
    "a base exception": "class Odd(BaseException): ...\nraise Odd('odd')",
    "a generator's end": "raise GeneratorExit",
    "endless recursion": "def again(): again()\nagain()",
    "an exit in the hook": f"{HOOK}raise SystemExit('bye')",
    "an exception in the hook": f"{HOOK}raise KeyError('no luck today')",
    "no hook": "x = 1",
    "nothing": f"{HOOK}return None",
    "an empty table": f"{HOOK}return {{}}",
    "another provider": f"{HOOK}return {{'other': 1}}",
    "a list": f"{HOOK}return ['broken']",
    "text": f"{HOOK}return 'broken'",
    "no handler": f"{HOOK}return {{'broken': None}}",
    "a number": f"{HOOK}return {{'broken': 7}}",
    "an object without methods": f"{HOOK}return {{'broken': object()}}",
    "a class": f"{PROVIDER}class Mine(Provider): id, base_url = 'broken', ''\n{HOOK}return {{'broken': Mine}}",
    "half a provider": f"{PROVIDER}class Mine(Provider): ...\n{HOOK}return {{'broken': Mine()}}",
    "a hook with other parameters": f"{HOOK.replace('()', '(wrong)')}return {{}}",
    "mappings that are none": f"{HOOK}return {{}}\n@hookimpl\ndef tarash_field_mappings(): return 3",
    **{
        f"mappings like {wrong}": f"{MINE}\n@hookimpl\ndef tarash_field_mappings(): return {wrong}"
        for wrong in (
            *("{'good': 5}", "{'good': {'': 5}}", "{'good': {'': {'prompt': 5}}}", "{'good': {5: {}}}"),
            "{'good': {'': {}}, 'other': 5}",
        )
    },
}


def test_each_broken_plugin_is_an_error_of_its_own_provider_alone(tmp_path: Path) -> None:
    names = [f"broken-{number}" for number in range(len(BROKEN))]
    for name, code in zip(names, BROKEN.values(), strict=True):
        module = name.replace("-", "_")
        distribution(tmp_path, f"dist-{name}", {name: module}, **{module: code.replace("'broken'", f"'{name}'")})
    distribution(tmp_path, "dist-missing", {"missing": "no_such_module"})
    distribution(tmp_path, "dist-nameless", {"nameless": "good_module:no_such_object"})
    distribution(tmp_path, "dist-good", {"good": "good_module"}, good_module=GOOD)
    names += ["missing", "nameless"]
    told = run_child(
        "from tarash.tarash_gateway.plugins import registry\n"
        f"told = {{name: both(name) + both(name) for name in {[*names, 'good']}}}\n"
        "tell(told | {'mappings': registry.mappings('good')})",
        tmp_path,
    )
    assert told["mappings"] is None
    assert told["good"] == [{"video": "https://media.example/good"}] * 4
    for name in names:
        about = [(one["error"], f"dist-{name}" in one["message"], one["provider"]) for one in told[name]]
        assert about == [("PluginError", True, name)] * 4, told[name]
        assert "TarashException" in told[name][0]["mro"]
        # Told again, the error is a new one: nothing grows.
        assert told[name][0]["depth"] <= told[name][2]["depth"] + 5
        assert told[name][2]["depth"] <= told[name][0]["depth"]


def test_a_plugin_is_not_imported_before_it_is_asked_for(tmp_path: Path) -> None:
    noisy = "print('here I am'); import sys; sys.modules['was_imported'] = sys\n" + GOOD.replace('"good"', '"noisy"')
    distribution(tmp_path, "dist-noisy", {"noisy": "noisy_module"}, noisy_module=noisy)
    distribution(tmp_path, "dist-good", {"good": "good_module"}, good_module=GOOD)
    done = start_child(
        "from tarash.tarash_gateway.plugins import registry\n"
        "before = ['noisy' in registry.ids(), registry.owners('noisy'), both('good')[0]]\n"
        "before.append('noisy_module' in sys.modules)\n"
        "print('ASKING')\n"
        "tell([*before, both('noisy'), both('good')])",
        tmp_path,
    )
    told = done.stderr.splitlines()[-1]
    assert told.startswith('TOLD [true, ["dist-noisy"], {"video": "https://media.example/good"}, false, [{"video"')
    assert told.count("https://media.example/noisy") == 2
    # What it prints is its own affair, but it prints it once, and only when it is asked for.
    assert done.stdout == "ASKING\nhere I am\n"


SLOW = "import builtins\nbuiltins.importing.set()\nassert builtins.gate.wait(30)\n"


def test_a_slow_plugin_keeps_nobody_from_using_another(tmp_path: Path) -> None:
    distribution(tmp_path, "dist-slow", {"slow": "slow_module"}, slow_module=SLOW + GOOD.replace('"good"', '"slow"'))
    distribution(tmp_path, "dist-good", {"good": "good_module"}, good_module=GOOD)
    told = run_child(
        """
import builtins, threading
builtins.importing, builtins.gate = threading.Event(), threading.Event()
results = []
thread = threading.Thread(target=lambda: results.append(both("slow")[0]))
thread.start()
builtins.importing.wait(30)
tell(both("good"))
builtins.gate.set()
thread.join()
tell([*both("good"), *results, *both("slow")])
""",
        tmp_path,
    )
    assert [one["video"].rpartition("/")[2] for one in told] == ["good", "good", "slow", "slow", "slow"]


def test_a_slow_plugin_does_not_stop_the_event_loop(tmp_path: Path) -> None:
    distribution(tmp_path, "dist-slow", {"slow": "slow_module"}, slow_module=SLOW + GOOD.replace('"good"', '"slow"'))
    told = run_child(
        """
import builtins, threading
builtins.importing, builtins.gate = threading.Event(), threading.Event()

async def others_work():
    await asyncio.to_thread(builtins.importing.wait, 30)
    builtins.gate.set()

async def main():
    slow = generate_video_async(VideoGenerationConfig(provider="slow"), REQUEST)
    response, _ = await asyncio.gather(slow, others_work())
    return response.video

tell(asyncio.run(main()))
""",
        tmp_path,
    )
    assert told == "https://media.example/slow"


NEW_MODELS = """
from tarash.tarash_gateway.hookspecs import hookimpl
from tarash.tarash_gateway.plugins import registry
from tarash.tarash_gateway.providers.base import ModelInfo

@hookimpl
def tarash_models():
"""
MODELS: dict[str, tuple[str, bool]] = {
    "nothing": ("return None", False),
    "a number": ("return 5", True),
    "a list of numbers": ("return [5]", True),
    "half a pair": ("return [('good',)]", True),
    "no model": ("return [('good', 'new-1')]", True),
    "an exception": ("raise RuntimeError('no luck today')", True),
    "an exit": ("raise SystemExit(3)", True),
    "an exception in the middle": ("yield 'good', ModelInfo('half', ('video',))\n    raise KeyError('no')", True),
    "an empty list": ("return []", False),
    "its own": ("return [('good', ModelInfo('new-1', ('video',)))]", False),
}
"""What a plugin tells of models, and whether it is wrong."""


def test_a_plugin_that_cannot_tell_of_models_is_warned_of_once_and_others_are_heard(tmp_path: Path) -> None:
    names = [f"teller_{number}" for number in range(len(MODELS))]
    for name, (code, _) in zip(names, MODELS.values(), strict=True):
        module = GOOD.replace('"good"', repr(name)) + NEW_MODELS + f"    {code}\n"
        distribution(tmp_path, f"dist-{name}", {name: name}, **{name: module})
    distribution(tmp_path, "dist-good", {"good": "good_module"}, good_module=GOOD)
    told = run_child(
        f"""
import warnings
from tarash.tarash_gateway.plugins import registry
for name in {names}:
    registry.handler(name)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    models = [[info.id for info in registry.models("good")] for _ in range(2)]
tell([models, [[type(one.message).__name__, str(one.message)] for one in caught]])
""",
        tmp_path,
    )
    models, caught = told
    assert models == [["new-1"], ["new-1"]]
    wrong = [f"dist-{name}" for name, (_, is_wrong) in zip(names, MODELS.values(), strict=True) if is_wrong]
    assert sorted(next(one for one in wrong if f"{one} " in message) for _, message in caught) == sorted(wrong)
    assert {kind for kind, _ in caught} == {"TarashWarning"}


def test_a_provider_that_cannot_tell_of_its_own_models_is_blamed() -> None:
    registry.register("their-own", Wrong(known_models=fails))
    with pytest.raises(PluginError, match=r"their-own.*ZeroDivisionError"):
        list(registry.models("their-own"))


def test_what_an_application_tells_of_models_is_judged_in_the_same_way() -> None:
    class Teller:
        @hookimpl
        def tarash_models(self) -> Any:
            return [5]

    registry.register("their-own", Acme())
    teller = Teller()
    registry.hooks.register(teller)
    try:
        with pytest.warns(TarashWarning, match="Teller"):
            assert list(registry.models("their-own")) == []
    finally:
        registry.hooks.unregister(teller)


# --- G2: two for one id


def test_two_distributions_that_claim_one_id_are_both_named(tmp_path: Path) -> None:
    distribution(tmp_path, "dist-first", {"claimed": "first_module"}, first_module=GOOD)
    distribution(tmp_path, "dist-second", {"claimed": "second_module", "good": "second_module"}, second_module=GOOD)
    told = run_child(
        """
before = both("claimed")
class Own:
    def generate_video(self, config, request, on_progress=None):
        from tarash.tarash_gateway.models import VideoGenerationResponse
        return VideoGenerationResponse(request_id="own", video="https://own.example/")
register_provider("claimed", Own())
tell([before, both("good"), both("claimed"), "first_module" in sys.modules])
""",
        tmp_path,
    )
    claimed, good, registered, imported = told
    assert [one["error"] for one in claimed] == ["PluginError"] * 2
    assert all("dist-first" in one["message"] and "dist-second" in one["message"] for one in claimed)
    assert good == [{"video": "https://media.example/good"}] * 2
    assert registered == [{"video": "https://own.example/"}] * 2
    assert imported is False


def test_one_distribution_found_twice_is_one(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        distribution(tmp_path / folder, "dist-good", {"good": "good_module"}, good_module=GOOD)
    folders = [tmp_path / "first", tmp_path / "second", tmp_path / "first"]
    assert run_child("tell(both('good'))", *folders) == [{"video": "https://media.example/good"}] * 2


def test_an_installed_provider_can_be_replaced_by_the_application(tmp_path: Path) -> None:
    distribution(tmp_path, "dist-good", {"good": "good_module"}, good_module="raise RuntimeError('never imported')")
    told = run_child(
        GOOD + "register_provider('good', Handler())\ntell([both('good'), 'good_module' in sys.modules])", tmp_path
    )
    assert told == [[{"video": "https://media.example/good"}] * 2, False]


# --- G4: handlers


def response() -> VideoGenerationResponse:
    return VideoGenerationResponse(request_id="own", video="https://media.example/1")


RETURNS: dict[str, Any] = {
    "nothing": None,
    "a dict": {"video": "https://media.example/1"},
    "text": "https://media.example/1",
    "an error": ValueError("returned, not raised"),
    "another response": ImageGenerationResponse(request_id="own", images=["YWJj"]),
    "a class": VideoGenerationResponse,
    "several": [response()],
}
RAISES: list[Exception] = [
    *(KeyError("no"), ValueError("no"), RuntimeError("no"), StopIteration("no"), StopAsyncIteration("no")),
    *(AssertionError("no"), OSError("no"), TimeoutError("no"), ConnectionError("no"), RecursionError("no")),
    *(MemoryError("no"), UnicodeDecodeError("utf-8", b"x", 0, 1, "no"), ExceptionGroup("no", [ValueError("no")])),
]


class Handler:
    """A handler with one or both halves that do what they are told."""

    def __init__(self, halves: str, action: Callable[[], Any]) -> None:
        def plain(config: Any, request: Any, on_progress: Any = None) -> Any:
            return action()

        async def awaited(config: Any, request: Any, on_progress: Any = None) -> Any:
            return action()

        if halves in ("plain", "both"):
            self.generate_video = plain
        if halves in ("awaited", "both"):
            self.generate_video_async = awaited


def raising(error: BaseException) -> Callable[[], Any]:
    def action() -> Any:
        raise error

    return action


def handled(world: World, handler: Any) -> Any:
    register_provider("their-own", handler)
    return world.call("generate_video", VideoGenerationConfig(provider="their-own", model="m"), REQUEST)


def blamed(world: World, handler: Any) -> TarashException:
    with pytest.raises(TarashException, match="their-own") as caught:
        handled(world, handler)
    error = caught.value
    assert (error.provider, error.model, error.retryable) == ("their-own", "m", False)
    assert error.execution_metadata is not None
    return error


HALVES = ["plain", "awaited", "both"]


@pytest.mark.parametrize("halves", HALVES)
@pytest.mark.parametrize("name", RETURNS)
def test_a_handler_that_returns_the_wrong_thing_is_blamed(world: World, halves: str, name: str) -> None:
    error = blamed(world, Handler(halves, lambda: RETURNS[name]))
    assert "instead of VideoGenerationResponse" in error.message


@pytest.mark.parametrize("halves", HALVES)
@pytest.mark.parametrize("raised", RAISES, ids=lambda error: type(error).__name__)
def test_a_handler_that_raises_anything_is_blamed(world: World, halves: str, raised: Exception) -> None:
    error = blamed(world, Handler(halves, raising(raised)))
    assert "no" in error.message or "StopIteration" in error.message
    assert error.__cause__ is not None


@pytest.mark.parametrize("halves", HALVES)
def test_a_handler_is_not_in_the_way_of_an_interruption(world: World, halves: str) -> None:
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        handled(world, Handler(halves, raising(SystemExit(3))))


@pytest.mark.parametrize("halves", HALVES)
def test_whichever_half_there_is_does_the_work(world: World, halves: str) -> None:
    assert handled(world, Handler(halves, response)).video == "https://media.example/1"


class Confused:
    """Its plain method is async, and its async method is plain."""

    async def generate_video(self, config: Any, request: Any, on_progress: Any = None) -> Any:
        return response()

    def generate_video_async(self, config: Any, request: Any, on_progress: Any = None) -> Any:
        return response()


class Fewer:
    def generate_video(self, config: Any) -> Any:
        return response()


class NotCallable:
    generate_video = "film"
    generate_image = staticmethod(lambda *arguments: None)


@pytest.mark.parametrize("handler", [Confused(), Fewer(), NotCallable()], ids=lambda one: type(one).__name__)
def test_a_handler_with_methods_of_the_wrong_form_is_blamed(world: World, handler: Any) -> None:
    blamed(world, handler)


# --- G4: steps


class Wrong(Acme):
    """A provider of steps with one thing wrong. The rest is acme's."""

    id: ClassVar[str] = "their-own"

    def __init__(self, **wrong: Any) -> None:
        operation = WrongVideos()
        self.operations: Mapping[Kind, Operation] = {"video": operation}
        for name, value in wrong.items():
            setattr(operation if hasattr(operation, name) else self, name, value)


class WrongVideos(Videos):
    pass


def returns(value: Any) -> Callable[..., Any]:
    """A step that asks acme for a job, or how it stands, as it should, and then returns `value`."""

    def step(call: Call, *state: Any) -> Step[Any]:
        yield from (Videos().poll(call, state[0]) if state else Videos().submit(call))
        return value

    return step


def plain(value: Any) -> Callable[..., Any]:
    return lambda *arguments: value


def fails(*arguments: Any) -> Any:
    raise ZeroDivisionError("a mistake")


def yields(value: Any) -> Callable[..., Any]:
    def step(*arguments: Any) -> Step[Any]:
        yield value

    return step


def endless(call: Call, *state: Any) -> Step[Any]:
    yield from Videos().submit(call)
    raise StopIteration("by hand")


# What is wrong, how many submits it costs, and whether the job is known to the caller afterwards.
STEPS: dict[str, tuple[dict[str, Any], int, bool]] = {
    "submit raises": ({"submit": fails}, 0, False),
    "submit is no step": ({"submit": plain(None)}, 0, False),
    "submit yields text": ({"submit": yields("GET /")}, 0, False),
    "submit yields nothing": ({"submit": yields(None)}, 0, False),
    "submit returns nothing": ({"submit": returns(None)}, 1, False),
    "submit returns text": ({"submit": returns("job-1")}, 1, False),
    "submit returns a state that is no JSON": ({"submit": returns(Pending(object()))}, 1, False),  # type: ignore[arg-type]
    "submit returns bytes": ({"submit": returns(Pending({"id": b"job-1"}))}, 1, False),  # type: ignore[dict-item]
    "submit returns an odd event": ({"submit": returns(Pending({"id": "job-1"}, event=3))}, 1, False),  # type: ignore[arg-type]
    "submit returns odd outputs": ({"submit": returns(Done("film"))}, 1, False),  # type: ignore[arg-type]
    "submit returns an empty output": ({"submit": returns(Done([Output()]))}, 1, False),
    "submit returns an odd raw answer": ({"submit": returns(Done([Output(url="https://x/")], raw=3))}, 1, False),  # type: ignore[arg-type]
    "submit stops by hand": ({"submit": endless}, 1, False),
    "describe raises": ({"describe": fails}, 0, False),
    "describe is no step": ({"describe": plain(3)}, 0, False),
    "poll raises": ({"poll": fails}, 1, True),
    "poll is no step": ({"poll": plain(None)}, 1, True),
    "poll yields text": ({"poll": yields("GET /")}, 1, True),
    "poll returns nothing": ({"poll": returns(None)}, 1, True),
    "poll returns a cancellation": ({"poll": returns(Cancellation.TOO_LATE)}, 1, True),
    "poll returns odd outputs": ({"poll": returns(Done([{"url": "https://x/"}]))}, 1, True),  # type: ignore[list-item]
    "poll returns an odd state": ({"poll": returns(Pending({1: 2}))}, 1, True),  # type: ignore[dict-item]
    "check raises": ({"check": fails}, 0, False),
    "find_model raises": ({"find_model": fails}, 0, False),
    "authenticate raises": ({"authenticate": fails}, 0, False),
    "authenticate is no step": ({"authenticate": plain(None)}, 0, False),
    "trusted_origins raises": ({"trusted_origins": fails}, 0, False),
    "finish raises": ({"finish": fails}, 1, True),
    "finish returns nothing": ({"finish": plain(None)}, 1, True),
    "finish returns a dict": ({"finish": plain({})}, 1, True),
    "operations are none": ({"operations": {"video": None}}, 0, False),
    "operations are classes": ({"operations": {"video": Videos}}, 0, False),
    "mappings are none": ({"mappings": None}, 0, False),
    "a converter raises": (
        {"mappings": {"video": {"": {"a": replace(Acme.mappings["video"][""]["prompt"], convert=fails)}}}},
        0,
        False,
    ),
    "a base URL that is none": ({"base_url": "acme"}, 0, False),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_provider_of_steps_that_does_something_wrong_is_blamed(bench: Bench, name: str) -> None:
    wrong, submits, has_job = STEPS[name]
    register_provider("their-own", Wrong(**wrong))
    address = None if "base_url" in wrong else bench.server.url
    with pytest.raises(TarashException) as caught:
        bench.generate(provider="their-own", model="m", base_url=address)
    error = caught.value
    assert "their-own" in f"{error.provider} {error.message}"
    assert (bench.posts, bench.charges) == (submits, submits)
    assert (error.job is not None) is has_job
    if submits and not has_job:
        assert isinstance(error, SubmitOutcomeUnknownError)
        assert error.possibly_billed
    if has_job:
        register_provider("their-own", Acme())
        assert bench.resume(error.job, provider="their-own").status == "completed"
        assert bench.charges == 1


ERRORS: dict[str, Callable[..., Any]] = {
    "raises": fails,
    "returns text": plain("no"),
    "returns a class": plain(ValueError),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_provider_that_cannot_read_its_own_errors_is_blamed(bench: Bench, name: str, status: int) -> None:
    register_provider("their-own", Wrong(error=ERRORS[name]))
    bench.on_submit(Answer(status, json={"problem": "no"}), times=None)
    with pytest.raises(TarashException) as caught:
        bench.generate(provider="their-own", model="m", timeout=5)
    assert caught.value.provider == "their-own"
    assert bench.charges == 0


@pytest.mark.parametrize("cancel", [fails, plain(None), yields("x"), returns("cancelled")])
def test_a_cancel_that_does_something_wrong_does_not_hide_the_timeout(bench: Bench, cancel: Callable[..., Any]) -> None:
    bench.studio.polls_needed = 10_000
    register_provider("their-own", Wrong(cancel=cancel))
    with pytest.raises(TarashException) as caught:
        bench.generate(provider="their-own", model="m", timeout=10, on_timeout="cancel")
    assert type(caught.value).__name__ == "TimeoutError"
    assert caught.value.job is not None
    with pytest.raises(TarashException):
        bench.world.call("cancel", caught.value.job, bench.config(provider="their-own"))


def test_an_observer_that_fails_is_not_noticed(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    class Observer:
        @hookimpl
        def tarash_job_submitted(self, job: Any) -> None:
            raise RuntimeError("the journal is full")

        @hookimpl
        def tarash_job_finished(self, job: Any, response: Any) -> None:
            raise SystemError("worse")

    observer = Observer()
    registry.hooks.register(observer)
    try:
        assert bench.generate().status == "completed"
    finally:
        registry.hooks.unregister(observer)
    assert len([one for one in caplog.messages if "observer" in one]) == 2


# --- G5: what the import costs others

WATCH = """
import sys
events = []
sys.addaudithook(lambda event, _: events.append(event) if event.startswith(("socket.", "subprocess.")) else None)
import {module}
heavy = {heavy}
print(sorted(heavy & set(sys.modules)), [name for name in sys.modules if name.startswith("tarash.providers.")], events)
"""
HEAVY = {
    *("asyncio", "concurrent.futures", "ssl", "anyio", "httpx", "httpx2", "httpcore", "httpcore2", "typer", "rich"),
    *(
        "fal_client",
        "openai",
        "google.genai",
        "google.auth",
        "replicate",
        "runwayml",
        "lumaai",
        "elevenlabs",
        "cartesia",
    ),
}


@pytest.mark.parametrize(
    "module",
    [
        *("tarash.tarash_gateway", "tarash.tarash_gateway.models", "tarash.tarash_gateway.mock"),
        *("tarash.tarash_gateway.exceptions", "tarash.tarash_gateway.providers.field_mappers"),
    ],
)
def test_importing_the_core_opens_nothing_and_imports_nobody(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WATCH.format(module=module, heavy=HEAVY)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "[] [] []\n"


def test_a_mocked_generation_opens_nothing_either() -> None:
    code = (
        "import sys\nevents = []\n"
        "sys.addaudithook(lambda event, _: events.append(event) if event.startswith('socket.') else None)\n"
        "from tarash.tarash_gateway import generate_video\n"
        "from tarash.tarash_gateway.models import *\n"
        "config = VideoGenerationConfig(provider='fal', mock=MockConfig())\n"
        "generate_video(config, VideoGenerationRequest(prompt='x'))\n"
        "print(events, 'asyncio' in sys.modules, 'httpcore2' in sys.modules or 'httpcore' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[] False False\n"


@pytest.mark.parametrize("typed", ["fall", "FAL", "replicat"])
def test_a_slip_of_the_pen_is_guessed(typed: str) -> None:
    meant = {"fall": "fal", "FAL": "fal", "replicat": "replicate"}[typed]
    with pytest.raises(ProviderNotFoundError, match=f"Did you mean '{meant}'"):
        generate_video(VideoGenerationConfig(provider=typed, model="m"), REQUEST)
