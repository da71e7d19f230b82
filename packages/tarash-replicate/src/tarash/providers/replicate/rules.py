"""How the models at Replicate call their inputs, for the rules of the core, and two forms that only they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tarash.tarash_gateway.models import Kind
from tarash.tarash_gateway.providers.field_mappers import Converted, FieldMapper, FieldMapping
from tarash.tarash_gateway.providers.schemas import rules
from tarash.tarash_gateway.providers.schemas.inputs import LINK, NUMBER, TEXT, Inputs, inputs_named
from tarash.tarash_gateway.providers.schemas.rules import Names

FIRST = ("first_frame_image", "start_image", "first_frame", "image", "input_image", "image_input", "image_prompt")
LAST = ("last_frame", "end_image", "last_image", "last_frame_image")
REFERENCES = ("reference_images", "subject_reference", "input_images", "image_input", "images", "input_image", "image")
ENHANCERS = ("prompt_optimizer", "enable_prompt_expansion", "optimize_prompt", "enhance_prompt", "prompt_upsampling")
SHARED = {
    "prompt": (("prompt", "text", "text_prompt", "instruction"), TEXT),
    "negative_prompt": (("negative_prompt",), TEXT),
    "seed": (("seed",), NUMBER),
}
MEDIA = (*LINK, *TEXT)
"""Some schemas do not say that a text is a link."""

NAMES = Names(
    fields={
        "video": {
            **SHARED,
            "video": (("video", "input_video", "video_url", "reference_video"), MEDIA),
            "audio": (("audio", "input_audio", "audio_url"), MEDIA),
        },
        "image": {
            **SHARED,
            "n": (("num_outputs", "number_of_images", "num_images"), NUMBER),
            "quality": (("quality",), TEXT),
            "style": (("style", "style_type"), TEXT),
            "mask_image": (("mask", "mask_image"), MEDIA),
        },
    },
    pictures={
        "video": {"first_frame": FIRST, "last_frame": LAST, "reference": REFERENCES},
        "image": {"reference": REFERENCES},
    },
    spare={"first_frame": ("reference",), "reference": ("asset", "style")},
    switches={
        "video": {"generate_audio": ("generate_audio", "with_audio"), "enhance_prompt": ENHANCERS},
        "image": {"enhance_prompt": ENHANCERS},
    },
    # What Wan makes when no rate is asked for.
    frame_rates={"*": 16.0},
    no_picture=("mask",),
)
GENERIC: Mapping[Kind, Inputs] = {
    "video": {
        **inputs_named("string", "prompt", "negative_prompt", "aspect_ratio", "resolution"),
        **inputs_named("integer", "duration", "seed"),
        **inputs_named("boolean", "generate_audio"),
        **inputs_named("file", "image", "last_frame", "video", "audio"),
    },
    "image": {
        **inputs_named("string", "prompt", "negative_prompt", "aspect_ratio", "quality", "style"),
        **inputs_named("integer", "seed", "num_outputs"),
        **inputs_named("file", "image", "mask"),
    },
}
"""Usual names, for a model of which nothing is known. Only what the caller sets is sent."""

MODES = {"720p": "standard", "1080p": "pro"}
"""Kling makes 720p in its mode "standard", 1080p in "pro"."""
LINES = {"480p": 480, "720p": 720, "1080p": 1080}


def mapping_for(inputs: Inputs, kind: Kind) -> FieldMapping:
    """The mapping of a model with these inputs. Its limits refuse what the model would not take."""
    odd = _odd(inputs) if kind == "video" else {}
    return rules.mapping_for("", inputs, kind, replace(NAMES, odd={"*": odd}))


def _odd(inputs: Inputs) -> dict[str, FieldMapper]:
    """Resolutions that go by another name: a mode, or pixels written with a star."""
    allowed = {name: inputs[name].allowed or () for name in ("mode", "size") if name in inputs}
    found: dict[str, FieldMapper] = {}
    if set(MODES.values()) <= set(allowed.get("mode", ())):
        found["mode"] = FieldMapper(("resolution",), _mode)
    if allowed.get("size") and all("*" in str(value) for value in allowed["size"]):
        found["size"] = FieldMapper(("resolution", "aspect_ratio"), _size, together=True)
    return found


def _mode(resolution: str) -> str:
    if resolution.lower() in MODES:
        return MODES[resolution.lower()]
    if resolution.lower() in MODES.values():
        return resolution.lower()
    raise ValueError(f"the model makes {', '.join(MODES)}")


def _size(given: Mapping[str, str]) -> Converted:
    """Pixels from resolution and ratio together; 720p and 16:9 are what the models make by themselves."""
    resolution, ratio = given.get("resolution", "720p").lower(), given.get("aspect_ratio", "16:9")
    if resolution not in LINES or ratio not in ("16:9", "9:16"):
        raise ValueError(f"the model makes {', '.join(LINES)} in 16:9 or 9:16")
    lines = LINES[resolution]
    across = 832 if lines == 480 else lines * 16 // 9
    size = f"{across}*{lines}" if ratio == "16:9" else f"{lines}*{across}"
    return Converted(size, reason="the model takes pixels")
