"""Reading a job's output: a link, a list of links, or an object with links somewhere in it, as the model likes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from tarash.tarash_gateway.messages import Done, Output
from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.origins import same_origin
from tarash.tarash_gateway.providers.outputs import MEDIA_TYPES, as_output, files_in
from tarash.tarash_gateway.providers.reading import present
from tarash.tarash_gateway.sniffing import content_type_for

MAX_OUTPUTS = 100
METADATA = ("model", "version", "metrics", "created_at", "started_at", "completed_at", "data_removed")


def read_output(kind: Kind, job: Mapping[str, Any], base_url: str) -> Done:
    """The files that a job made; those of the asked kind where the model makes others beside them."""
    files = {file["url"]: file for file in islice(files_in(job.get("output")), MAX_OUTPUTS)}
    found = [_output(link, file, base_url) for link, file in files.items()]
    wanted = [one for one in found if (one.content_type or MEDIA_TYPES[kind]).startswith(MEDIA_TYPES[kind])]
    return Done(wanted or found, job, metadata=present(job, *METADATA))


def _output(link: str, file: Mapping[str, Any], base_url: str) -> Output:
    """Only links to the interface itself want the token: result links are public, and lie on another host."""
    return replace(as_output(file), content_type=_type_of(link), authenticated=same_origin(link, base_url))


def _type_of(link: str) -> str | None:
    if link.startswith("data:"):
        return link[5:].partition(";")[0] or None
    return content_type_for(PurePosixPath(link.partition("?")[0]).suffix)
