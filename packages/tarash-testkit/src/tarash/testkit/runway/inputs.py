"""The inputs inside a body: links, data URIs whose type must be true, and the names of uploads."""

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

from tarash.tarash_gateway.sniffing import sniff
from tarash.testkit.runway.errors import issue
from tarash.testkit.runway.shapes import Issue, Path

PARAMETERS = frozenset({"uri", "promptImage", "videoUri", "promptVideo", "maskUri", "audioUri"})
MOST_CHARACTERS = {"image": 5_242_880, "video": 16_777_216, "audio": 16_777_216}
IMAGES = ("image/jpeg", "image/png", "image/webp")
LONGEST_LINK = 2048
_DATA_URI = re.compile(r"data:(?P<type>(image|video|audio)/[\w.+-]+);base64,", re.ASCII)
_DOMAIN_LINK = re.compile(r"https://(?!\d+\.\d+\.\d+\.\d+)[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?\Z", re.ASCII)


def judge_inputs(body: Any, uploaded: Callable[[str], bool], path: Path = ()) -> Iterator[Issue]:
    """What is wrong with the inputs anywhere in a body; `uploaded` knows the uploads that are still there."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name in PARAMETERS and isinstance(value, str):
                problem = _problem(value, uploaded)
                if problem:
                    yield issue("custom", (*path, name), problem)
            else:
                yield from judge_inputs(value, uploaded, (*path, name))
    elif isinstance(body, list):
        for number, item in enumerate(body):
            yield from judge_inputs(item, uploaded, (*path, number))


def _problem(value: str, uploaded: Callable[[str], bool]) -> str | None:
    if value.startswith("runway://"):
        return None if uploaded(value) else "The upload does not exist or has expired"
    if value.startswith("data:"):
        return _data_problem(value)
    if len(value) > LONGEST_LINK:
        return f"The URL has more than {LONGEST_LINK} characters"
    return None if _DOMAIN_LINK.match(value) else "Only HTTPS URLs with a domain name are taken"


def _data_problem(value: str) -> str | None:
    head = _DATA_URI.match(value)
    if head is None:
        return "Invalid data URI"
    declared = head["type"]
    if len(value) > MOST_CHARACTERS[declared.partition("/")[0]]:
        return "The data URI is too long"
    if declared.startswith("image/") and declared not in IMAGES:
        return f"Unsupported image type {declared}"
    try:
        content = base64.b64decode(value[head.end() :], validate=True)
    except ValueError:
        return "Invalid base64"
    known = sniff(content[:65536])
    return None if known and known.content_type == declared else f"The content is not {declared}"
