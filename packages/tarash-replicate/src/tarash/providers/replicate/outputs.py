"""Reading a job's output: a link, a list of links, or an object with links somewhere in it, as the model likes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from tarash.tarash_gateway.messages import Done, Output
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.sniffing import content_type_for

MAX_DEPTH = 4
MAX_OUTPUTS = 100
METADATA = ("model", "version", "metrics", "created_at", "started_at", "completed_at", "data_removed")


def read_output(kind: Kind, job: Mapping[str, Any], base_url: str) -> Done:
    """The files that a job made; those of the asked kind where the model makes others beside them."""
    links = dict.fromkeys(list(_links(job.get("output"), 0))[:MAX_OUTPUTS])
    types = {link: _type_of(link) for link in links}
    wanted = [link for link in links if (types[link] or kind).startswith(kind)]
    # Only links to the interface itself want the token: result links are public, and lie on another host.
    outputs = [
        Output(link, content_type=types[link], authenticated=_origin(link) == _origin(base_url))
        for link in wanted or links
    ]
    return Done(outputs, job, metadata={name: job[name] for name in METADATA if job.get(name) is not None})


def _links(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(("https://", "http://", "data:")):
        yield value
    elif depth < MAX_DEPTH and isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _links(item, depth + 1)


def _type_of(link: str) -> str | None:
    if link.startswith("data:"):
        return link[5:].partition(";")[0] or None
    return content_type_for(PurePosixPath(link.partition("?")[0]).suffix)


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return parts.scheme, parts.netloc
