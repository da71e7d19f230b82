"""The models that the simulator publishes, and how inputs are judged.

Source: replies of GET /models/{owner}/{name} in public caches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tarash.testkit.replicate.errors import invalid_input
from tarash.testkit.steps import Answer

TEXT, WHOLE, SWITCH, LINK = (
    {"type": "string"},
    {"type": "integer"},
    {"type": "boolean"},
    {"type": "string", "format": "uri"},
)


def _one_of(kind: str, *values: Any) -> dict[str, Any]:
    return {"type": kind, "enum": list(values)}


_VEO = {
    **dict.fromkeys(("prompt", "negative_prompt"), TEXT),
    "aspect_ratio": _one_of("string", "16:9", "9:16"),
    "duration": _one_of("integer", 4, 6, 8),
    "resolution": _one_of("string", "720p", "1080p"),
    "generate_audio": SWITCH,
    "image": LINK,
    "seed": WHOLE,
}
_KLING = {
    **dict.fromkeys(("prompt", "negative_prompt"), TEXT),
    **dict.fromkeys(("start_image", "end_image"), LINK),
    "mode": _one_of("string", "standard", "pro"),
    "duration": _one_of("integer", 5, 10),
}
_PAINTER = {
    "prompt": TEXT,
    "aspect_ratio": _one_of("string", "1:1", "16:9"),
    "num_outputs": {"type": "integer", "minimum": 1, "maximum": 4},
    "image": LINK,
    "mask": LINK,
    "seed": WHOLE,
}


@dataclass(frozen=True)
class PublishedModel:
    """A model and its newest version. Only official ones can be run without naming a version."""

    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: Sequence[str] = ("prompt",)
    official: bool = True
    version: str = "0" * 64

    @property
    def openapi_schema(self) -> dict[str, Any]:
        """As the vendor publishes it: lists of values stand in schemas of their own."""
        lists = {name: dict(value) for name, value in self.inputs.items() if "enum" in value}
        properties = {
            name: {"allOf": [{"$ref": f"#/components/schemas/{name}"}], "x-order": order}
            if name in lists
            else {**value, "x-order": order}
            for order, (name, value) in enumerate(self.inputs.items())
        }
        inputs = {"type": "object", "properties": properties, "required": list(self.required)}
        return {"openapi": "3.0.2", "components": {"schemas": {**lists, "Input": inputs}}}


MODELS: Mapping[str, PublishedModel] = {
    "google/veo-3": PublishedModel(_VEO),
    "google/veo-3.1": PublishedModel(
        {**_VEO, "last_frame": LINK, "reference_images": {"type": "array", "items": LINK}}
    ),
    "kwaivgi/kling-v2.1": PublishedModel(_KLING, ("prompt", "start_image")),
    "minimax/video-01": PublishedModel(
        {"prompt": TEXT, "first_frame_image": LINK, "subject_reference": LINK, "prompt_optimizer": SWITCH}
    ),
    "wan-video/wan-2.5-t2v": PublishedModel({"prompt": TEXT}),
    "wan-video/wan-2.5-i2v": PublishedModel({"prompt": TEXT, "image": LINK}, ("prompt", "image")),
    "wan-video/wan-2.2-t2v-fast": PublishedModel({"prompt": TEXT}),
    "black-forest-labs/flux-schnell": PublishedModel(_PAINTER),
    "someone/painter": PublishedModel(_PAINTER, official=False, version="ab" * 32),
}


def version_body(one: PublishedModel) -> dict[str, Any]:
    created = "2026-01-01T00:00:00Z"
    return {"id": one.version, "created_at": created, "cog_version": "0.16.0", "openapi_schema": one.openapi_schema}


def judge(given: Mapping[str, Any], model: PublishedModel) -> Answer | None:
    for name in model.required:
        if name not in given:
            return invalid_input(name, f"{name} is required")
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "number": int | float}
    for name, value in given.items():
        schema = model.inputs.get(name, {})
        if "enum" in schema and value not in schema["enum"]:
            return invalid_input(name, f"{name} must be one of {schema['enum']}")
        if schema and not isinstance(value, kinds[schema["type"]]):
            return invalid_input(name, f"{name}: Invalid type. Expected: {schema['type']}")
    return None
