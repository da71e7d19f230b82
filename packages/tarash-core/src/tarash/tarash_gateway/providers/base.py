"""What a provider is: a description. It owns no client, clock, logger, thread or retry.

    describe(call)      -> Mapping       which of the vendor's parameters take which fields
    submit(call)        -> Pending | Done
    poll(call, state)   -> Pending | Done, or raises
    cancel(call, state) -> Cancellation
    webhook(call, state, message) -> like poll, from what the vendor posted instead of an answer
    error(response)     -> the exception that the answer means, or None when the answer is not of the vendor's making

The first five are steps (see `messages`): generators that yield requests and are sent responses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import JsonValue

from tarash.tarash_gateway.exceptions import TarashException, UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import Cancellation, Done, Pending, Response, Step, Streaming, WebhookMessage
from tarash.tarash_gateway.models import GenerationConfig, Kind
from tarash.tarash_gateway.providers.field_mappers import FieldMapping

_SEGMENT = re.compile(r"[A-Za-z0-9_~@:+-][A-Za-z0-9._~@:+-]*\Z")


@dataclass(frozen=True, slots=True)
class Call:
    """One job at one provider. Everything in it was checked; `request` holds `Media` values instead of raw input.

    `payload` is what the mapping made of the request: the vendor's parameters, where `Media` values still stand for
    inputs that the step must place (as links, data URIs or uploads). `options` is the caller's `provider_config`,
    `index` the number of this submit when several outputs need one submit each. `has_key` is false where the caller
    proves who he is in another way.
    """

    kind: Kind
    provider: str
    model: str
    base_url: str
    request: Any
    request_id: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    api_version: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    index: int = 0
    has_key: bool = True


@dataclass(frozen=True, slots=True)
class KeyHeader:
    """How a key becomes a header: `template` has one `{}`."""

    name: str = "Authorization"
    template: str = "Bearer {}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers that prove who calls. With a `lifetime` (seconds) they are kept for the account's next jobs too.

    `secret` is a token in them that is not the key itself: it is taken out of answers and errors like a key.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    lifetime: float | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model. `retired` and `deprecated` models are still called, with a warning.

    `date` (ISO) is when a retired model ended, or a deprecated one will end; `replacement` is the vendor's successor.
    """

    id: str
    kinds: Sequence[Kind]
    status: str = "active"
    date: str | None = None
    replacement: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None


class Operation:
    """One kind of work at a provider. Override what the vendor has."""

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        """The mapping of this model; None leaves it to the provider's tables. May look at published schemas."""
        return None
        yield

    def submit(self, call: Call) -> Step[Pending | Done]:
        raise NotImplementedError
        yield

    def poll(self, call: Call, state: JsonValue) -> Step[Pending | Done]:
        raise NotImplementedError
        yield

    def cancel(self, call: Call, state: JsonValue) -> Step[Cancellation]:
        return Cancellation.IMPOSSIBLE
        yield

    def stream(self, call: Call) -> Step[Streaming]:
        """The request that makes speech, and how to listen to its answer. For kinds of speech that can be streamed."""
        raise UnsupportedOperationError(f"{call.provider} has no streaming in tarash.")
        yield

    def webhook(self, call: Call, state: JsonValue, message: WebhookMessage) -> Step[Pending | Done]:
        """Verify what the vendor posted and read it like a poll. Raise `JobRejectedError` for a forged message."""
        raise NotImplementedError
        yield


class Provider:
    """Base class of providers. Set the class attributes, give `operations`, and translate errors in `error`."""

    id: ClassVar[str]
    key_variables: ClassVar[Sequence[str]] = ()
    """Environment variables that may hold the key, first wins."""
    key_required: ClassVar[bool] = True
    key_header: ClassVar[KeyHeader] = KeyHeader()
    base_url: ClassVar[str]
    """The default of `config.base_url`, with the vendor's own SDK's meaning; empty where every account has its own."""
    base_url_variables: ClassVar[Sequence[str]] = ()
    """Environment variables that the vendor's own SDK reads the base URL from, first wins."""
    origins: ClassVar[Sequence[str]] = ()
    """Further origins (scheme://host) of the vendor that may be sent the key."""
    default_models: Mapping[Kind, str] = {}
    """The model that is used when the configuration names none."""
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {}
    """Per kind of work: model id or prefix (or "" for any model) to its mapping."""
    models: ClassVar[Sequence[ModelInfo]] = ()
    reserved_params: ClassVar[frozenset[str]] = frozenset()
    """Names that `extra_params` may not use, beside those that no provider allows."""
    options: ClassVar[frozenset[str] | None] = None
    """The options that `provider_config` may have; None leaves them to `check`."""
    not_accepted: ClassVar[frozenset[int]] = frozenset({429})
    """Statuses of a submit that the vendor documents as "not accepted, send it again later"."""
    model_unknown: ClassVar[frozenset[int]] = frozenset({404, 405})
    """Statuses of a submit that may mean that the vendor does not know the model: `advice` is asked then."""
    operations: Mapping[Kind, Operation] = {}
    """The kinds of work that the vendor has."""

    def wants_key(self, config: GenerationConfig) -> bool:
        """False for a configuration that proves who calls without a key: the environment's key is not meant for it."""
        return True

    def default_base_url(self, config: GenerationConfig) -> str:
        """The base URL of a configuration that names none, where it depends on other settings (a region, say)."""
        return self.base_url

    def trusted_origins(self, call: Call) -> Sequence[str]:
        """Origins that may be sent the key, beside the base URL's own: those declared, and those configured."""
        return self.origins

    def authenticate(self, call: Call, key: str | None) -> Step[Credentials]:
        """What proves who calls. A step, because some vendors exchange a secret for a token first.

        Requests in here are sent without credentials. A token that the vendor refuses (401) before the end of its
        lifetime is fetched anew once.
        """
        return Credentials({self.key_header.name: self.key_header.template.format(key)} if key else {})
        yield

    def known_models(self) -> Iterable[ModelInfo]:
        """All models that are known here, for lists. Unknown ones are called all the same."""
        return self.models

    def find_model(self, model: str, kind: Kind) -> ModelInfo | None:
        """What is known of `model` (exact id); None for a model that is unknown here, which is called all the same."""
        return next((info for info in self.models if info.id == model and kind in info.kinds), None)

    def check(self, call: Call) -> None:
        """Judge a call before anything is sent. Raise `ValidationError` to refuse it."""
        unknown = () if self.options is None else set(call.options) - self.options
        if unknown:
            names = ", ".join(sorted(unknown))
            raise ValidationError(f"provider_config has options that {call.provider} does not know: {names}.")

    def finish(self, call: Call, response: Any) -> Any:
        """The last touch on a response that is about to be handed to the caller."""
        return response

    def advice(self, call: Call) -> str:
        """A sentence for the error of a submit whose model the vendor may not know (`model_unknown`)."""
        info = self.find_model(call.model, call.kind)
        if info is None or info.status != "retired":
            return ""
        instead = f" Use {info.replacement} instead." if info.replacement else ""
        return f" {info.id} is retired{f' since {info.date}' if info.date else ''}.{instead}"

    def error(self, response: Response) -> TarashException | None:
        """The exception that a refused request means, or None when the answer is not in the vendor's own format."""
        return None


def path_of(model: str, *, what: str = "model id") -> str:
    """`model` as path segments of a URL. Raises `ValidationError` for anything that could lead elsewhere."""
    segments = model.split("/")
    if not all(_SEGMENT.match(segment) for segment in segments):
        raise ValidationError(
            f"The {what} {model[:80]!r} cannot be used: it must consist of letters, digits, '.', '_', '-', ':' and '/'."
        )
    return "/".join(quote(segment, safe="-._~@:+") for segment in segments)


def place_media(value: Any, place: Callable[[Media], Step[Any]]) -> Step[Any]:
    """A payload with each `Media` in it replaced by what the step `place` makes of it."""
    if isinstance(value, Media):
        return (yield from place(value))
    if isinstance(value, Mapping):
        placed = {}
        for name, item in value.items():
            placed[name] = yield from place_media(item, place)
        return placed
    if isinstance(value, list | tuple):
        items = []
        for item in value:
            placed_item = yield from place_media(item, place)
            items.append(placed_item)
        return items
    return value
