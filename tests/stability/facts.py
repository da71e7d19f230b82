"""The vendor's OpenAPI facts, as collected in 2026-11: per endpoint its parameters, the Accept modes and the answer.

There is no SDK to compare with, so that requests are held against this table, and the simulator too. A row is the name
of a parameter and what it may be: "text", "file", words, or the least and most of a number; "!" marks required ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass

RATIOS = "16:9 1:1 21:9 2:3 3:2 4:5 5:4 9:16 9:21"
STYLES = (
    "3d-model analog-film anime cinematic comic-book digital-art enhance fantasy-art isometric line-art low-poly "
    "modeling-compound neon-punk origami photographic pixel-art tile-texture"
)
COMMON = {"negative_prompt": "text", "seed": "0..4294967294", "output_format": "png jpeg webp"}
SEED_FORMAT = {"seed": "0..4294967294", "output_format": "png jpeg webp"}
PROMPT, SOME_PROMPT, IMAGE = {"prompt": "text!"}, {"prompt": "text"}, {"image": "file!"}
STYLE, RATIO = {"style_preset": STYLES}, {"aspect_ratio": RATIOS}
SD3 = "sd3.5-large sd3.5-large-turbo sd3.5-medium sd3.5-flash sd3-large sd3-large-turbo sd3-medium"


@dataclass(frozen=True)
class Endpoint:
    """`waits`: the answer is an id. `one_of`: something of these must be there."""

    parameters: Mapping[str, str]
    credits: float
    one_of: tuple[str, ...] = ()
    waits: bool = False

    @property
    def required(self) -> list[str]:
        return [name for name, rule in self.parameters.items() if rule.endswith("!")]


ENDPOINTS: Mapping[str, Endpoint] = {
    "generate/sd3": Endpoint(
        {
            **PROMPT,
            **COMMON,
            **STYLE,
            **RATIO,
            "model": SD3,
            "mode": "text-to-image image-to-image",
            "image": "file",
            "strength": "0..1",
            "cfg_scale": "1..10",
        },
        6.5,
    ),
    "generate/ultra": Endpoint({**PROMPT, **COMMON, **STYLE, **RATIO, "image": "file", "strength": "0..1"}, 8),
    "generate/core": Endpoint({**PROMPT, **COMMON, **STYLE, **RATIO}, 3),
    "edit/inpaint": Endpoint({**IMAGE, **PROMPT, **COMMON, **STYLE, "mask": "file", "grow_mask": "0..100"}, 5),
    "edit/erase": Endpoint({**IMAGE, **SEED_FORMAT, "mask": "file", "grow_mask": "0..20"}, 5),
    "edit/outpaint": Endpoint(
        {
            **IMAGE,
            **SOME_PROMPT,
            **SEED_FORMAT,
            **STYLE,
            "left": "0..2000",
            "right": "0..2000",
            "up": "0..2000",
            "down": "0..2000",
            "creativity": "0..1",
        },
        4,
        ("left", "right", "up", "down"),
    ),
    "edit/search-and-replace": Endpoint(
        {**IMAGE, **PROMPT, "search_prompt": "text!", **COMMON, **STYLE, "grow_mask": "0..20"}, 5
    ),
    "edit/search-and-recolor": Endpoint(
        {**IMAGE, **PROMPT, "select_prompt": "text!", **COMMON, **STYLE, "grow_mask": "0..20"}, 5
    ),
    "edit/remove-background": Endpoint({**IMAGE, "output_format": "png webp"}, 5),
    "edit/replace-background-and-relight": Endpoint(
        {
            "subject_image": "file!",
            "background_prompt": "text",
            "background_reference": "file",
            "foreground_prompt": "text",
            **COMMON,
            "preserve_original_subject": "0..1",
            "original_background_depth": "0..1",
            "keep_original_background": "true false",
            "light_source_direction": "text",
            "light_reference": "file",
            "light_source_strength": "0..1",
        },
        8,
        ("background_prompt", "background_reference"),
        waits=True,
    ),
    "control/sketch": Endpoint({**IMAGE, **PROMPT, **COMMON, "control_strength": "0..1"}, 5),
    "control/structure": Endpoint({**IMAGE, **PROMPT, **COMMON, "control_strength": "0..1"}, 5),
    "control/style": Endpoint({**IMAGE, **PROMPT, **COMMON, **RATIO, "fidelity": "0..1"}, 5),
    "control/style-transfer": Endpoint(
        {
            "init_image": "file!",
            "style_image": "file!",
            **SOME_PROMPT,
            **COMMON,
            "style_strength": "0..1",
            "composition_fidelity": "0..1",
            "change_strength": "0..1",
        },
        5,
    ),
    "upscale/fast": Endpoint({**IMAGE, "output_format": "png jpeg webp"}, 2),
    "upscale/conservative": Endpoint({**IMAGE, **PROMPT, **COMMON, "creativity": "0.2..0.5"}, 40),
    "upscale/creative": Endpoint({**IMAGE, **PROMPT, **COMMON, "creativity": "0.1..0.5"}, 60, waits=True),
}
ACCEPT = {"image/*": "the picture", "application/json": "base64 in JSON"}
"""Of every POST and of GET /v2beta/results/{id}."""

SUCCESS = {"image": str, "seed": int, "finish_reason": str}
ERROR = {"id": str, "name": str, "errors": list}
PICTURE_HEADERS = ("content-type", "x-request-id", "finish-reason", "seed")


def limits(rule: str) -> tuple[float, float] | None:
    """The bounds of a number; None for other rules."""
    low, dots, high = rule.rstrip("!").partition("..")
    return (float(low), float(high)) if dots else None


def allows(rule: str, value: str) -> bool:
    """Whether a text in a form obeys a rule."""
    bounds = limits(rule)
    if bounds:
        return bounds[0] <= float(value) <= bounds[1]
    if rule.rstrip("!") == "text":
        return 1 <= len(value) <= 10_000
    return value in rule.split()
