"""Every error that tarash raises.

    TarashException
    ├── GenerationFailedError            the provider says that the generation failed (retryable)
    │   └── PartialResultError           some of several paid outputs are there, some failed (not retryable)
    ├── TimeoutError                     the job did not finish in time (retryable)
    ├── HTTPConnectionError              the network failed (retryable)
    │   ├── SubmitOutcomeUnknownError    a paid submit went out and no readable answer came back (retryable)
    │   ├── ProtocolError                an answer that makes no sense (retryable)
    │   └── DownloadError                a finished result could not be fetched or saved (not retryable)
    ├── HTTPError                        the provider refused with an HTTP status (429 and 5xx retryable)
    │   ├── InsufficientCreditsError     the account has no money left (not retryable)
    │   └── JobNotFoundError             the provider does not know the job (not retryable)
    ├── ValidationError                  a parameter, a file or a key is wrong (not retryable)
    │   ├── JobRejectedError             also a ValueError: a job handle was forged, altered, or is of another account
    │   └── ProviderNotFoundError        no installed package provides that provider id
    ├── ContentModerationError           the prompt or an input violates the content policy (not retryable)
    ├── PluginError                      an installed provider package does not work (not retryable)
    └── UnsupportedOperationError        also a NotImplementedError: the provider has no such work (not retryable)

"Retryable" means that the next provider of a fallback chain may be tried. It never means that the same
provider is asked to do the same paid work again.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import ExecutionMetadata, Job

P = ParamSpec("P")
R = TypeVar("R")

RETRYABLE_STATUS = frozenset({429, *range(500, 600)})


class TarashWarning(UserWarning):
    """Something that a caller should know of before paying: an ignored parameter, a retired model."""


class TarashException(Exception):
    """The root of all errors of tarash.

    `job` is the handle of the paid remote job when one exists: hand it to `resume` to go on waiting, in this process
    or another. `possibly_billed` is true when money may have been spent although no job is known.
    `execution_metadata` tells of all attempts of the fallback chain.
    """

    retryable: bool = False

    def __init__(
        self,
        message: str,
        provider: str | None = None,
        model: str | None = None,
        request_id: str | None = None,
        raw_response: Any = None,
        *,
        job: Job | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.model = model
        self.request_id = request_id
        self.raw_response = raw_response
        self.job = job
        self.possibly_billed = False
        self.execution_metadata: ExecutionMetadata | None = None

    @property
    def message(self) -> str:
        """What happened, for people. Text, representation and pickle of the error say the same."""
        return str(self.args[0])

    @message.setter
    def message(self, text: str) -> None:
        self.args = (text, *self.args[1:])

    def __str__(self) -> str:
        return self.message


class GenerationFailedError(TarashException):
    """The provider says that the generation failed, or that it was cancelled there."""

    retryable = True


class PartialResultError(GenerationFailedError):
    """Several outputs were bought one by one and some failed. `response` holds the finished ones; `errors` the causes.

    Of a text that was split, `response` plays the pieces that are spoken, and `missing` holds the texts of the others,
    in order: to go on, buy only these. `sounds` holds the bytes of each piece where they could not be joined.

    Not retryable: the next provider would be paid for the finished ones once more.
    """

    retryable = False
    response: Any = None
    errors: tuple[TarashException, ...] = ()
    missing: tuple[str, ...] = ()
    sounds: tuple[bytes, ...] = ()


class TimeoutError(TarashException):
    """The job did not finish within `timeout_seconds`. It may still finish: `resume(error.job, config)`."""

    retryable = True

    def __init__(self, message: str, *details: Any, timeout_seconds: float | None = None, **named: Any) -> None:
        super().__init__(message, *details, **named)
        self.timeout_seconds = timeout_seconds


class HTTPConnectionError(TarashException):
    """The network failed. `request_sent` is false when certainly nothing reached the other side."""

    retryable = True
    request_sent: bool = False


class SubmitOutcomeUnknownError(HTTPConnectionError):
    """A paid submit went out and no readable answer came back: the provider may be working, and billing.

    tarash never sends such a submit again by itself. Look at the provider's dashboard before you do.
    """

    request_sent = True

    def __init__(self, message: str, *details: Any, **named: Any) -> None:
        super().__init__(message, *details, **named)
        self.possibly_billed = True


class ProtocolError(HTTPConnectionError):
    """The other side answered with something that its own interface does not allow."""

    request_sent = True


class DownloadError(HTTPConnectionError):
    """A finished result could not be fetched or written. `url` is its link, without the signature.

    Not retryable: the result is paid for and still there; call `save` again, or `resume(error.job, config)`.
    """

    retryable = False
    url: str | None = None


class HTTPError(TarashException):
    """The provider refused with `status_code`. `retry_after` is what it told to wait, in seconds."""

    never_retryable: bool = False

    def __init__(self, message: str, *details: Any, status_code: int | None = None, **named: Any) -> None:
        super().__init__(message, *details, **named)
        self.status_code = status_code
        self.retry_after: float | None = None
        self.retryable = status_code in RETRYABLE_STATUS and not self.never_retryable


class InsufficientCreditsError(HTTPError):
    """The account at the provider has no money left. Top it up; trying again will not help."""

    never_retryable = True


class JobNotFoundError(HTTPError):
    """The provider does not know the job (any more)."""

    never_retryable = True


class ValidationError(TarashException):
    """Something that the caller gave is wrong: a parameter, a file, a key, a callback. Nothing was paid."""


class JobRejectedError(ValidationError, ValueError):
    """A job handle is no job, was forged, altered, made by a newer tarash, or belongs to another account."""


class ProviderNotFoundError(ValidationError):
    """No installed package and no `register_provider` call provides that provider id."""


class ContentModerationError(TarashException):
    """The prompt, an input or the result violates the provider's content policy."""


class PluginError(TarashException):
    """An installed provider package cannot be used: it fails on import, or two packages claim one id."""


class UnsupportedOperationError(TarashException, NotImplementedError):
    """The provider has no such kind of work."""


def is_retryable_error(error: BaseException) -> bool:
    """True when a fallback chain may go on to the next provider after `error`. Unknown exceptions: no."""
    return isinstance(error, TarashException) and bool(error.retryable)


def _is_known(error: Exception) -> bool:
    import pydantic

    return isinstance(error, TarashException | pydantic.ValidationError | NotImplementedError)


def handle_video_generation_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a method of your own handler: errors of tarash and pydantic pass, anything else is wrapped.

    Works on plain and on `async def` methods.
    """

    def wrapped(error: Exception) -> TarashException:
        return TarashException(f"{function.__qualname__} raised {type(error).__name__}: {error}")

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def guarded_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                if _is_known(error):
                    raise
                raise wrapped(error) from error

        return guarded_async  # type: ignore[return-value]

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if _is_known(error):
                raise
            raise wrapped(error) from error

    return guarded
