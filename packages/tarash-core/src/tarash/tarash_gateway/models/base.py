"""What all models of tarash have in common."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from tarash.tarash_gateway.media_forms import MediaType, check_media
from tarash.tarash_gateway.secrets import shorten

Kind = Literal["video", "image", "tts", "sts"]
Status = Literal["queued", "processing", "completed", "failed"]


class Model(BaseModel):
    """Base of all models. Building of validators is deferred to the first use: most programs use few of the models."""

    model_config = ConfigDict(
        defer_build=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
        arbitrary_types_allowed=True,
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, shorten(value)

    @model_validator(mode="wrap")
    @classmethod
    def _judged(cls, value: Any, handler: Any) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            raise without_inputs(error) from None

    if not TYPE_CHECKING:

        @classmethod
        def model_validate_json(cls, json_data: Any, **options: Any) -> Any:
            # Text that is no JSON at all fails before any validator of ours is asked.
            try:
                return super().model_validate_json(json_data, **options)
            except ValidationError as error:
                raise without_inputs(error) from None


def without_inputs(error: ValidationError) -> ValidationError:
    """The same error without the values that were refused: they may be keys, or 60 MB of base64."""
    details = [
        InitErrorDetails(
            type=detail["type"], loc=detail["loc"], input=_told(detail["input"]), ctx=detail.get("ctx", {})
        )
        for detail in error.errors(include_url=False)
    ]
    return ValidationError.from_exception_data(error.title, details, hide_input=True)


class _Refused(str):
    """Stands for a refused value."""

    __slots__ = ()


def _told(value: Any) -> _Refused:
    return value if isinstance(value, _Refused) else _Refused(f"<{type(value).__name__}>")


def media_to_json(value: Any) -> Any:
    """Media as JSON: bytes become a data URI, paths their text."""
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, dict) and isinstance(value.get("content"), bytes | bytearray):
        encoded = base64.b64encode(value["content"]).decode()
        return f"data:{value['content_type']};base64,{encoded}"
    if isinstance(value, Path):
        return str(value)
    return value if isinstance(value, str) else repr(value)


if TYPE_CHECKING:
    MediaField = MediaType
else:
    MediaField = Annotated[
        Any,
        PlainValidator(check_media, json_schema_input_type=str),
        PlainSerializer(media_to_json, when_used="json"),
    ]
