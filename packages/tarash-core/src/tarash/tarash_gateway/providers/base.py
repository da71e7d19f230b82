"""What a provider is: a description. It owns no client, clock, logger, thread or retry.

    describe(call)      -> Mapping       which of the vendor's parameters take which fields
    submit(call)        -> Pending | Done
    poll(call, state)   -> Pending | Done, or raises
    cancel(call, state) -> Cancellation
    webhook(call, state, message) -> like poll, from what the vendor posted instead of an answer
    voices(call)        -> the voices that may be asked for; `known_voices` where the list is fixed
    error(response)     -> the exception that the answer means, or None when the answer is not of the vendor's making

All but `error` are steps (see `messages`): generators that yield requests and are sent responses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import JsonValue

from tarash.tarash_gateway.exceptions import TarashException, UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.media import Media
from tarash.tarash_gateway.messages import (
    Cancellation,
    Conversation,
    Done,
    Pending,
    Response,
    Step,
    Streaming,
    WebhookMessage,
)
from tarash.tarash_gateway.models import GenerationConfig, Kind, Voice
from tarash.tarash_gateway.providers.catalogues import ModelInfo as ModelInfo
from tarash.tarash_gateway.providers.catalogues import bundled_models
from tarash.tarash_gateway.providers.field_mappers import FieldMapping

_SEGMENT = re.compile(r"[A-Za-z0-9_~@:+-][A-Za-z0-9._~@:+-]*\Z")


@dataclass(frozen=True, slots=True)
class Call:
    """One job at one provider. Everything in it was checked; `request` holds `Media` values instead of raw input.

    `payload` is what the mapping made of the request: the vendor's parameters, where `Media` values still stand for
    inputs that the step must place (as links, data URIs or uploads). `options` is the caller's `provider_config`,
    `index` the number of this submit when several outputs need one submit each. `has_key` is false where the caller
    proves who he is in another way. `streamed` is true for speech that is listened to while it is made.
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
    streamed: bool = False


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


class Operation:
    """One kind of work at a provider. Override what the vendor has."""

    def mapping(self, call: Call) -> FieldMapping | None:
        """The mapping of this call's model; None leaves it to the provider's tables."""
        return None

    def describe(self, call: Call) -> Step[FieldMapping | None]:
        """The same as a step, for vendors whose published schemas must be looked at."""
        return self.mapping(call)
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

    def converse(self, call: Call) -> Step[Conversation]:
        """How speech is made of text that is still being written; the payload holds everything but the text."""
        raise UnsupportedOperationError(
            f"{call.provider} takes no text that is still being written, as far as tarash goes. "
            "Give the whole text in the request."
        )
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
    catalogue: ClassVar[str] = ""
    """The package that has a models.json, for providers whose models are a file (see `catalogues`)."""
    reserved_params: ClassVar[frozenset[str]] = frozenset()
    """Names that `extra_params` may not use, beside those that no provider allows."""
    options: ClassVar[frozenset[str] | Mapping[str, tuple[type, ...]] | None] = None
    """What `provider_config` may have, perhaps with the types of the values; None leaves it to `check`."""
    not_accepted: ClassVar[frozenset[int]] = frozenset({429})
    """Statuses of a submit that the vendor documents as "not accepted, send it again later".

    Those from 500 on count only in an answer that `error` knows as the vendor's own.
    """
    model_unknown: ClassVar[frozenset[int]] = frozenset({404, 405})
    """Statuses of a submit that may mean that the vendor does not know the model: `advice` is asked then."""
    operations: Mapping[Kind, Operation] = {}
    """The kinds of work that the vendor has."""

    def wants_key(self, config: GenerationConfig) -> bool:
        """False for a configuration that proves who calls without a key: the environment's key is not meant for it."""
        return True

    def key_variables_for(self, config: GenerationConfig) -> Sequence[str]:
        """`key_variables`, where they depend on other settings: a vendor may have a key for each of its interfaces."""
        return self.key_variables

    def base_url_variables_for(self, config: GenerationConfig) -> Sequence[str]:
        """`base_url_variables`, where they depend on other settings."""
        return self.base_url_variables

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

    def account(self, call: Call) -> Hashable:
        """What tells accounts apart beside the key and the options: an environment variable that names a login, say."""
        return None

    def known_models(self) -> Iterable[ModelInfo]:
        """All models that are known here, for lists. Unknown ones are called all the same."""
        return bundled_models(self.catalogue) if self.catalogue else self.models

    def known_voices(self, model: str | None) -> Sequence[Voice]:
        """The voices of a vendor whose list is fixed, for `model` or in all; empty where `voices` must be asked."""
        return ()

    def voices(self, call: Call) -> Step[Sequence[Voice]]:
        """The account's list of voices, asked of the vendor with free requests."""
        raise UnsupportedOperationError(
            f"{call.provider} has no list of voices in tarash: take the voice_id from the vendor's own pages."
        )
        yield

    def name_of(self, model: str) -> str:
        """The vendor's own name of a model, where callers may write it in other ways, too."""
        return model

    def find_model(self, model: str, kind: Kind) -> ModelInfo | None:
        """What is known of `model`, by its exact name; None for an unknown one, which is called all the same."""
        name = self.name_of(model)
        return next((info for info in self.known_models() if info.id == name and kind in info.kinds), None)

    def check(self, call: Call) -> None:
        """Judge a call before anything is sent. Raise `ValidationError` to refuse it."""
        if self.options is not None:
            check_options(call, self.options)

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


def check_options(call: Call, known: frozenset[str] | Mapping[str, tuple[type, ...]]) -> None:
    """Raise `ValidationError` for options that are not `known`, or have values of other types than are named there."""
    unknown = set(call.options) - set(known)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ValidationError(f"provider_config has options that {call.provider} does not know: {names}.")
    types = known if isinstance(known, Mapping) else {}
    for name, value in call.options.items():
        if not isinstance(value, types.get(name, object)):
            wanted = " or ".join(kind.__name__ for kind in types[name])
            raise ValidationError(f"provider_config[{name!r}] must be {wanted}, not {type(value).__name__}.")


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


def media_in(value: Any) -> Iterator[Media]:
    """All inputs in a payload."""
    if isinstance(value, Media):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from media_in(item)
