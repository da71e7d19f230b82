"""Every snippet of the promised pages runs unchanged.

The pages are not part of this repository: they are looked for in the folder that TARASH_SPEC_DIR names, else in the
folder `shared/spec` beside the repository.
"""

import ast
import asyncio
import inspect
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.spec.pages import snippets

from tarash import tarash_gateway
from tarash.providers.fal import FalProvider
from tarash.providers.openai import OpenAIProvider
from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import TarashWarning
from tarash.tarash_gateway.messages import Step
from tarash.tarash_gateway.providers.base import Call, Credentials
from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import FalSimulator
from tarash.testkit.ledger import Ledger
from tarash.testkit.openai import OpenAISimulator

FOLDER = Path(os.environ.get("TARASH_SPEC_DIR") or Path(__file__).parents[3] / "shared" / "spec")

# How many snippets a page has, and how many videos and images its snippets buy.
PAGES = {"overview.md": (7, 2), "video-guide.md": (5, 3), "api-functions.md": (7, 4)}


@pytest.fixture
def simulators(virtual_clock: VirtualClock, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both vendors on this machine. The keys of the examples are nobody's, so the simulators' own are sent."""
    with (
        FalSimulator(clock=virtual_clock, ledger=ledger) as fal,
        OpenAISimulator(clock=virtual_clock, ledger=ledger) as openai,
    ):

        class SimulatedFal(FalProvider):
            base_url = fal.queue_url

            def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
                return (yield from super().authenticate(call, fal.key))

        class SimulatedOpenAI(OpenAIProvider):
            base_url = openai.base_url

            def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
                return (yield from super().authenticate(call, openai.key))

        monkeypatch.setenv("FAL_KEY", "a-key-of-the-environment")
        register_provider("fal", SimulatedFal())
        register_provider("openai", SimulatedOpenAI())
        yield
    register_provider("fal", FalProvider())
    register_provider("openai", OpenAIProvider())


def run(code: str, name: str, namespace: dict[str, Any]) -> None:
    """Run a snippet, also one that awaits outside of any function."""
    compiled = compile(code, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(compiled, namespace)  # noqa: S307 - the promised pages, and nothing else
    if inspect.iscoroutine(result):
        asyncio.run(_awaited(result))


async def _awaited(work: Any) -> None:
    await work


@pytest.mark.parametrize("name", PAGES)
def test_the_snippets_of_a_page_run(
    name: str, simulators: None, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    page = FOLDER / name
    if not page.is_file():
        pytest.skip(f"{page} is not there; set TARASH_SPEC_DIR to the folder of the promised pages")
    codes = snippets(page)
    namespace: dict[str, Any] = {"generate_video_async": tarash_gateway.generate_video_async}
    with warnings.catch_warnings():
        # A warning of what a model cannot take is part of the promise; any other is a fault.
        warnings.simplefilter("ignore", TarashWarning)
        for number, code in enumerate(codes, 1):
            run(code, f"{name}, snippet {number}", namespace)
    count, bought = PAGES[name]
    assert (len(codes), ledger.total_charges) == (count, bought)
    assert "http://127.0.0.1" in capsys.readouterr().out
