"""Reading bodies, and the bounds that the SDK's types do not have. Source: the OpenAPI document of 2026-08."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tarash.testkit.requests import RecordedRequest
from tarash.testkit.runway import errors, shapes
from tarash.testkit.runway.errors import issue
from tarash.testkit.runway.inputs import judge_inputs
from tarash.testkit.runway.shapes import Issue
from tarash.testkit.vendor import Refused

RUNWAY = ("gen4.5", "gen4_turbo", "gen4_aleph", "aleph2", "gen4_image", "gen4_image_turbo", "eleven_multilingual_v2")
VEO = ("veo3", "veo3.1", "veo3.1_fast")
UNITS: Mapping[str, int] = {
    **dict.fromkeys((*RUNWAY, *VEO), 1000),
    **dict.fromkeys(("seedance2", "seedance2_fast", "seedance2_mini"), 3500),
    **dict.fromkeys(("gemini_image3.1_flash", "gemini_image3_pro", "gemini_2.5_flash"), 5500),
    "hailuo3": 6000,
    "happyhorse_1_0": 2500,
    "gemini_omni_flash": 4000,
    "seedance2_5": 15_000,
    "gpt_image_2": 32_000,
}
"""The longest prompt by model, in UTF-16 code units."""

SECONDS: Mapping[str, tuple[float, float]] = {
    "gen4.5": (2, 10),
    "gen4_turbo": (2, 10),
    "hailuo3": (5, 15),
    "happyhorse_1_0": (3, 15),
    **dict.fromkeys(("seedance2", "seedance2_fast", "seedance2_mini"), (4, 15)),
    "seedance2_5": (4, 30),
    "gemini_omni_flash": (3, 10),
    "gemini_omni_flash_1.1": (3, 10),
    "eleven_text_to_sound_v2": (0.5, 30),
}
MOST: Mapping[tuple[str, str], int] = {
    ("gen4_image", "referenceImages"): 3,
    ("gen4_image_turbo", "referenceImages"): 3,
    ("gen4_aleph", "references"): 1,
    ("aleph2", "keyframes"): 5,
    ("gpt_image_2", "referenceImages"): 16,
}
LARGEST_SEED = 4_294_967_295
SETTINGS = {"stability": (0, 1), "similarityBoost": (0, 1), "style": (0, 1), "speed": (0.7, 1.2)}


def read(
    request: RecordedRequest, endpoint: str, uploaded: Callable[[str], bool], *, retired: bool, unknown: bool
) -> dict[str, Any]:
    """The body of a request that creates a task. Raises `Refused` for one that does not fit."""
    body = _object(request)
    model = body.get("model")
    shape = shapes.find(endpoint, model, retired=retired)
    if shape is None and unknown:
        return body
    if shape is None:
        raise Refused(errors.invalid(issue("invalid_union", ["model"], f"Unknown model {model!r}")))
    issues = shapes.judge(str(model), shape, body) or [*_bounds(str(model), body), *judge_inputs(body, uploaded)]
    if issues:
        raise Refused(errors.invalid(*issues))
    return body


def _object(request: RecordedRequest) -> dict[str, Any]:
    if (request.headers.get("content-type") or "").partition(";")[0] != "application/json":
        raise Refused(errors.error(415, "The body must be application/json."))
    body = request.json_object
    if body is None:
        raise Refused(errors.error(400, "The body is no JSON object."))
    return body


def _bounds(model: str, body: Mapping[str, Any]) -> Iterator[Issue]:
    for name in ("promptText", "negativePrompt"):
        text = body.get(name)
        units = len(text.encode("utf-16-le")) // 2 if text is not None else 1
        if not units:
            yield issue("too_small", [name], "String must contain at least 1 character(s)")
        if units > UNITS.get(model, units):
            yield issue("too_big", [name], f"String must contain at most {UNITS[model]} character(s)")
    numbers = {"duration": SECONDS.get(model), "seed": (0, LARGEST_SEED), **SETTINGS}
    for name, limits in numbers.items():
        yield from _range(name, body.get(name), limits)
    for (owner, name), most in MOST.items():
        if owner == model and len(body.get(name, ())) > most:
            yield issue("too_big", [name], f"Array must contain at most {most} element(s)")
    yield from _positions(body.get("promptImage"))


def _range(name: str, value: Any, limits: tuple[float, float] | None) -> Iterator[Issue]:
    if limits is None or not isinstance(value, int | float):
        return
    if not limits[0] <= value <= limits[1]:
        code = "too_big" if value > limits[1] else "too_small"
        yield issue(code, [name], f"Number must be from {limits[0]} to {limits[1]}")


def _positions(images: Any) -> Iterator[Issue]:
    """A lone last frame is refused."""
    if isinstance(images, list):
        positions = [image.get("position") for image in images if isinstance(image, dict)]
        if "last" in positions and "first" not in positions:
            yield issue("custom", ["promptImage"], "A first frame is required")
