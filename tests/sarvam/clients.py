"""The vendor's own SDK, led to a simulator. It never closes its own connections, so it is given ours."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest

from tarash.testkit.sarvam import SarvamSimulator

sarvamai: Any = pytest.importorskip("sarvamai")


def _place(vendor: SarvamSimulator) -> dict[str, Any]:
    from sarvamai.environment import SarvamAIEnvironment

    url = vendor.base_url
    environment = SarvamAIEnvironment(base=url, creative=url, production=url)
    return {"api_subscription_key": vendor.key, "environment": environment}


@contextmanager
def sync_client(vendor: SarvamSimulator, timeout: float = 60.0) -> Generator[Any]:
    with httpx.Client(timeout=timeout) as client:
        yield sarvamai.SarvamAI(**_place(vendor), httpx_client=client)


@asynccontextmanager
async def async_client(vendor: SarvamSimulator) -> AsyncGenerator[Any]:
    async with httpx.AsyncClient() as client:
        yield sarvamai.AsyncSarvamAI(**_place(vendor), httpx_client=client)
