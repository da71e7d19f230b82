"""Which operation of which interface a request asks for, and reading what it says."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from tarash.testkit.luma import errors
from tarash.testkit.luma._dream_machine import BODIES
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.vendor import Refused, issues_in

Result = TypeVar("Result")

ROOTS = {"agents": "v1", "dream-machine": "dream-machine/v1"}
GENERATION, FILE = ("generations", "*"), ("files", "*")
AGENTS: Mapping[tuple[str, ...], str] = {
    ("POST", "generations"): "create",
    ("GET", *GENERATION): "get",
    ("POST", "files"): "announce",
    ("GET", "files"): "files",
    ("POST", *FILE, "complete"): "complete",
    ("GET", *FILE): "file",
    ("DELETE", *FILE): "delete_file",
}
DREAM_MACHINE: Mapping[tuple[str, ...], str] = {
    **{("POST", "generations", *path.split("/")): "create" for path in BODIES if path not in ("upscale", "audio")},
    ("POST", *GENERATION, "upscale"): "create",
    ("POST", *GENERATION, "audio"): "create",
    ("GET", "generations"): "list",
    ("GET", "generations", "concepts", "list"): "concepts",
    ("GET", *GENERATION): "get",
    ("DELETE", *GENERATION): "delete",
    ("GET", "credits"): "credits",
    ("GET", "ping"): "ping",
}
STORAGE: Mapping[tuple[str, ...], str] = {("PUT", "uploads", "*"): "storage", ("GET", "assets", "*", "*"): "download"}
ROUTES = {"agents": AGENTS, "dream-machine": DREAM_MACHINE, None: STORAGE}
OPERATIONS = frozenset(operation for routes in ROUTES.values() for operation in routes.values())


def place_of(request: RecordedRequest) -> tuple[str | None, list[str]]:
    """The interface, and the words of the path below it; None for a path that lies in neither."""
    for interface, root in ROOTS.items():
        words = root.split("/")
        if request.segments[: len(words)] == words:
            return interface, request.segments[len(words) :]
    return None, request.segments


def operation_of(request: RecordedRequest) -> str | None:
    """What a request asks for; None where the vendor has nothing."""
    interface, words = place_of(request)
    asked = (request.method, *words)
    found = (operation for route, operation in ROUTES[interface].items() if _fits(route, asked))
    return next(found, None)


def _fits(route: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    return len(route) == len(asked) and all(known in ("*", word) for known, word in zip(route, asked, strict=True))


def object_of(request: RecordedRequest) -> dict[str, Any]:
    """The body. Raises `Refused` for one that is no JSON object."""
    body = request.json_object
    if body is None:
        raise Refused(errors.error(400, "The body is no JSON object"))
    return body


def judged(work: Callable[[], Result]) -> Result:
    """What comes of the work. Raises `Refused` for a body that does not fit."""
    try:
        return work()
    except ValidationError as wrong:
        raise Refused(errors.error(422, issues_in(wrong, "body"))) from None
