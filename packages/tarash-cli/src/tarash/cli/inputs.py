"""Reading what was given on the command line: prompts, media, parameters. Wrong usage raises `typer.BadParameter`."""

import base64
import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import typer

from tarash.cli.output import shown_path
from tarash.tarash_gateway.exceptions import ValidationError

ROLES = ("reference", "first_frame", "last_frame", "asset", "style")
MAX_TEXT_BYTES = 16 * 1024 * 1024
MAX_INPUT_BYTES = 1024 * 1024 * 1024

# Fields that are text even where it looks like a number: a voice may be called 12345.
TEXT_FIELDS = frozenset(
    {
        *("prompt", "text", "negative_prompt", "resolution", "aspect_ratio", "size", "quality", "style"),
        *("voice_id", "language_code"),
    }
)
MEDIA_FIELDS = frozenset({"video", "mask_image", "audio"})

_LINK = re.compile(r"(https?|gs)://|data:", re.IGNORECASE)


def read_prompt(argument: str) -> str:
    """The text itself, standard input ('-') or a file ('@FILE'). Raises `ValidationError` for an unreadable file."""
    if argument == "-":
        text = _decoded(_standard_input(MAX_TEXT_BYTES), "Standard input")
    elif argument.startswith("@@"):
        text = real_text(argument[1:])
    elif argument.startswith("@"):
        text = _decoded(_read_file(Path(argument[1:])), shown_path(argument[1:]))
    else:
        text = real_text(argument)
        _refuse_file_name(argument)
    if not text.strip():
        raise typer.BadParameter("the text is empty")
    return text


def real_text(argument: str) -> str:
    """An argument as text: UTF-8, also where the locale of the process knows nothing of it."""
    try:
        return os.fsencode(argument).decode("utf-8")
    except UnicodeError:
        return argument


def _refuse_file_name(text: str) -> None:
    """Nobody wants to pay for the speaking of a file's name."""
    named = len(text) < 256 and text == text.strip() and re.search(r"[./\\]", text)
    try:
        is_file = bool(named) and Path(text).is_file()
    except (OSError, ValueError):
        return
    if is_file:
        name = shown_path(text)
        raise typer.BadParameter(f"{name} is a file; give @{name} for the text in it")


def _standard_input(limit: int) -> bytes:
    if sys.stdin is None:
        raise typer.BadParameter("there is no standard input")
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise ValidationError(f"Standard input is longer than {limit} bytes.")
    return data


def _read_file(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ValidationError(f"{shown_path(path)} is not a file that can be read.")
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise ValidationError(f"{shown_path(path)} is longer than {MAX_TEXT_BYTES} bytes.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValidationError(f"{shown_path(path)} cannot be read: {reason}.") from None


def _decoded(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValidationError(f"{what} is not UTF-8 text (byte {error.start}).") from None


def media(argument: str) -> Any:
    """A link, a data URI or a file. The core reads and judges it before anything is paid."""
    return argument if _LINK.match(argument) else Path(argument).expanduser()


def audio(argument: str) -> Any:
    """`media`, or standard input ('-')."""
    if argument != "-":
        return media(argument)
    return base64.b64encode(_standard_input(MAX_INPUT_BYTES)).decode()


def image(argument: str) -> dict[str, Any]:
    """[ROLE=]FILE. What stands before the '=' must be a role, unless the whole is the name of a file."""
    role, equals, rest = argument.partition("=")
    if not equals or _LINK.match(argument) or (role not in ROLES and Path(argument).exists()):
        return {"image": media(argument), "type": "reference"}
    if role not in ROLES:
        raise typer.BadParameter(f"{role[:40]!r} is no role of an image. Roles: {', '.join(ROLES)}")
    return {"image": media(rest), "type": role}


def read_params(pairs: Iterable[str]) -> dict[str, Any]:
    """KEY=VALUE pairs as parameters."""
    params: dict[str, Any] = {}
    for pair in pairs:
        key, value = split_pair(pair)
        if key in params:
            raise typer.BadParameter(f"{key} is given twice")
        params[key] = _field_value(key, value)
    return params


def split_pair(pair: str) -> tuple[str, str]:
    key, equals, value = real_text(pair).partition("=")
    if not equals or not key.strip():
        raise typer.BadParameter(f"{pair[:60]!r} is not of the form KEY=VALUE")
    return key.strip(), value


def _field_value(key: str, text: str) -> Any:
    if key in TEXT_FIELDS and not text.startswith('"'):
        return text
    value = parsed(text)
    if key in MEDIA_FIELDS and isinstance(value, str):
        return media(value)
    if key == "image_list" and isinstance(value, list):
        return [media(item) if isinstance(item, str) else item for item in value]
    return value


def parsed(text: str) -> Any:
    """JSON where it is JSON, else the text. NaN and infinities are no JSON."""
    try:
        return json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError):
        return text


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)
