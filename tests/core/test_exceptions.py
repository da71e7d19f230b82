import pickle
from collections.abc import Callable
from typing import Any

import pydantic
import pytest

from tarash.tarash_gateway import exceptions as errors
from tarash.tarash_gateway.exceptions import (
    DownloadError,
    GenerationFailedError,
    HTTPConnectionError,
    HTTPError,
    InsufficientCreditsError,
    JobNotFoundError,
    JobRejectedError,
    PartialResultError,
    PluginError,
    ProtocolError,
    ProviderNotFoundError,
    SubmitOutcomeUnknownError,
    TarashException,
    UnsupportedOperationError,
    ValidationError,
    is_retryable_error,
)

ADDED: list[tuple[type[TarashException], type[BaseException], bool]] = [
    (PartialResultError, GenerationFailedError, False),
    (SubmitOutcomeUnknownError, HTTPConnectionError, True),
    (ProtocolError, HTTPConnectionError, True),
    (DownloadError, HTTPConnectionError, False),
    (InsufficientCreditsError, HTTPError, False),
    (JobNotFoundError, HTTPError, False),
    (JobRejectedError, ValidationError, False),
    (JobRejectedError, ValueError, False),
    (ProviderNotFoundError, ValidationError, False),
    (PluginError, TarashException, False),
    (UnsupportedOperationError, NotImplementedError, False),
]

ALL = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, errors.TarashException)
]


@pytest.mark.parametrize(("kind", "promised", "retryable"), ADDED)
def test_an_added_error_is_caught_by_code_written_for_the_promised_ones(
    kind: type[TarashException], promised: type[BaseException], retryable: bool
) -> None:
    error = kind("x")
    assert isinstance(error, promised)
    assert isinstance(error, TarashException)
    assert is_retryable_error(error) is retryable


def test_a_subclass_for_money_stays_final_whatever_its_status() -> None:
    assert not is_retryable_error(InsufficientCreditsError("x", status_code=429))
    assert not is_retryable_error(JobNotFoundError("x", status_code=503))


def test_only_an_unknown_submit_is_possibly_billed_by_itself() -> None:
    assert [kind for kind in ALL if kind("x").possibly_billed] == [SubmitOutcomeUnknownError]


@pytest.mark.parametrize("kind", ALL)
def test_an_error_survives_a_pickle(kind: type[TarashException]) -> None:
    error = kind("the message", "acme", "film-1", "request-1", {"a": 1})
    error.possibly_billed = True
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is kind
    assert vars(copy) == vars(error)
    assert str(copy) == "the message"


@pytest.mark.parametrize("kind", ALL)
def test_the_message_is_the_text_also_after_it_was_completed(kind: type[TarashException]) -> None:
    error = kind("first")
    error.message += " second"
    assert str(error) == "first second"


@pytest.mark.parametrize(
    ("function", "called"),
    [
        (is_retryable_error, ValueError("x")),
        (is_retryable_error, KeyboardInterrupt()),
        (is_retryable_error, OSError()),
        (is_retryable_error, TimeoutError()),
        (is_retryable_error, ConnectionError()),
        (is_retryable_error, NotImplementedError()),
    ],
)
def test_an_unknown_exception_is_not_retryable(function: Callable[[Any], bool], called: BaseException) -> None:
    assert function(called) is False


def test_a_pydantic_error_is_not_retryable() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        pydantic.TypeAdapter(int).validate_python("x")
    assert is_retryable_error(caught.value) is False
