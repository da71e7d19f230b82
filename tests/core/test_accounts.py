"""Tokens are kept for the next jobs of the same account, and never taken for another's."""

import os
from collections.abc import Callable, Hashable
from typing import Any, ClassVar

import pytest
from tests.support.acme import Acme
from tests.support.bench import Bench

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.messages import Step
from tarash.tarash_gateway.providers.asking import ask_caller
from tarash.tarash_gateway.providers.base import Call, Credentials


class TokenAcme(Acme):
    """Takes tokens: from a function of the caller's, from a login among the options, or from the environment."""

    key_required = False
    options: ClassVar[frozenset[str]] = frozenset({"source", "refresh_token"})

    def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
        if "source" in call.options:
            token = yield from ask_caller("source")
        else:
            token = f"token-of-{call.options.get('refresh_token') or os.environ['ACME_LOGIN']}"
        return Credentials({"X-Acme-Key": token}, 3600, token)

    def account(self, call: Call) -> Hashable:
        return os.environ.get("ACME_LOGIN")


@pytest.fixture
def shown(bench: Bench) -> Callable[..., str | None]:
    """Buys with some options, and tells what was shown to prove who calls."""
    register_provider("token-acme", TokenAcme())

    def buy(**options: Any) -> str | None:
        bench.submit(provider="token-acme", api_key=None, provider_config=options)
        return bench.server.requests.matching("POST")[-1].headers.get("x-acme-key")

    return buy


class Tenant:
    """Shows nothing of itself, as careful objects do."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return "Tenant(...)"

    def token(self) -> str:
        return f"token-of-{self.name}"


def test_functions_that_come_and_go_are_not_mixed_up(shown: Callable[..., str | None]) -> None:
    # A function that is gone leaves its place in memory to the next.
    for number in range(40):
        assert shown(source=lambda number=number: f"token-of-{number}") == f"token-of-{number}"


def test_methods_belong_to_their_object(shown: Callable[..., str | None]) -> None:
    one, other = Tenant("one"), Tenant("other")
    assert [shown(source=tenant.token) for tenant in (one, other, one)] == [
        "token-of-one",
        "token-of-other",
        "token-of-one",
    ]


def test_one_function_is_asked_once(shown: Callable[..., str | None]) -> None:
    asked: list[int] = []

    def token() -> str:
        asked.append(1)
        return "token-of-all"

    assert [shown(source=token), shown(source=token)] == ["token-of-all"] * 2
    assert len(asked) == 1


def test_what_is_hidden_in_dumps_still_tells_accounts_apart(shown: Callable[..., str | None]) -> None:
    assert [shown(refresh_token=name) for name in ("tenant-one", "tenant-two")] == [
        "token-of-tenant-one",
        "token-of-tenant-two",
    ]


def test_the_environment_tells_accounts_apart(
    shown: Callable[..., str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = []
    for login in ("one", "other"):
        monkeypatch.setenv("ACME_LOGIN", login)
        tokens.append(shown())
    assert tokens == ["token-of-one", "token-of-other"]
