"""What each endpoint takes, as the vendor's OpenAPI document has it, and what it costs in credits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Bounds = tuple[float, float]
Rule = Bounds | tuple[str, ...] | str
"""Of a parameter: least and most of a number, the words that are allowed, or "text", "file"."""

TEXT, FILE = "text", "file"
SHARE: Bounds = (0, 1)
SEED: Bounds = (0, 4_294_967_294)
FORMATS = ("png", "jpeg", "webp")
RATIOS = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
SWITCH = ("true", "false")
# fmt: off
STYLES = (
    "3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance", "fantasy-art", "isometric",
    "line-art", "low-poly", "modeling-compound", "neon-punk", "origami", "photographic", "pixel-art", "tile-texture",
)
MODELS = (
    "sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash", "sd3-large", "sd3-large-turbo", "sd3-medium",
)
# fmt: on
COMMON: Mapping[str, Rule] = {"prompt": TEXT, "negative_prompt": TEXT, "seed": SEED, "output_format": FORMATS}
STYLE: Mapping[str, Rule] = {"style_preset": STYLES}
RATIO: Mapping[str, Rule] = {"aspect_ratio": RATIOS}
IMAGE: Mapping[str, Rule] = {"image": FILE}
EDIT: Mapping[str, Rule] = {**COMMON, **IMAGE}
REPLACE: Mapping[str, Rule] = {**EDIT, **STYLE, "grow_mask": (0, 20)}


@dataclass(frozen=True)
class Shape:
    """One endpoint. Of each group in `one_of` something must be there; `pixels` limits every picture."""

    parameters: Mapping[str, Rule]
    required: tuple[str, ...]
    credits: float = 5
    one_of: tuple[tuple[str, ...], ...] = ()
    waits: bool = False
    pixels: tuple[int, int] = (64 * 64, 9_437_184)
    shortest: int = 64
    together: Mapping[str, str] = field(default_factory=dict)


SHAPES: Mapping[str, Shape] = {
    "generate/sd3": Shape(
        {
            **EDIT,
            **STYLE,
            **RATIO,
            "model": MODELS,
            "mode": ("text-to-image", "image-to-image"),
            "strength": SHARE,
            "cfg_scale": (1, 10),
        },
        ("prompt",),
        6.5,
    ),
    "generate/ultra": Shape(
        {**EDIT, **STYLE, **RATIO, "strength": SHARE}, ("prompt",), 8, together={"image": "strength"}
    ),
    "generate/core": Shape({**COMMON, **STYLE, **RATIO}, ("prompt",), 3),
    "edit/inpaint": Shape(
        {**EDIT, **STYLE, "mask": FILE, "grow_mask": (0, 100)}, ("image", "prompt"), pixels=(4096, 9_437_184)
    ),
    "edit/erase": Shape(
        {**IMAGE, "mask": FILE, "grow_mask": (0, 20), "seed": SEED, "output_format": FORMATS}, ("image",)
    ),
    "edit/outpaint": Shape(
        {
            **IMAGE,
            **STYLE,
            **dict.fromkeys(("left", "right", "up", "down"), (0, 2000)),
            "prompt": TEXT,
            "creativity": SHARE,
            "seed": SEED,
            "output_format": FORMATS,
        },
        ("image",),
        4,
        (("left", "right", "up", "down"),),
    ),
    "edit/search-and-replace": Shape({**REPLACE, "search_prompt": TEXT}, ("image", "prompt", "search_prompt")),
    "edit/search-and-recolor": Shape({**REPLACE, "select_prompt": TEXT}, ("image", "prompt", "select_prompt")),
    "edit/remove-background": Shape({**IMAGE, "output_format": ("png", "webp")}, ("image",), pixels=(4096, 4_194_304)),
    "edit/replace-background-and-relight": Shape(
        {
            **dict.fromkeys(("subject_image", "background_reference", "light_reference"), FILE),
            **dict.fromkeys(("background_prompt", "foreground_prompt", "negative_prompt"), TEXT),
            **dict.fromkeys(("preserve_original_subject", "original_background_depth", "light_source_strength"), SHARE),
            "light_source_direction": TEXT,
            "keep_original_background": SWITCH,
            "seed": SEED,
            "output_format": FORMATS,
        },
        ("subject_image",),
        8,
        (("background_prompt", "background_reference"),),
        waits=True,
    ),
    "control/sketch": Shape({**EDIT, "control_strength": SHARE}, ("image", "prompt")),
    "control/structure": Shape({**EDIT, "control_strength": SHARE}, ("image", "prompt")),
    "control/style": Shape({**EDIT, **RATIO, "fidelity": SHARE}, ("image", "prompt")),
    "control/style-transfer": Shape(
        {
            **COMMON,
            **dict.fromkeys(("init_image", "style_image"), FILE),
            **dict.fromkeys(("style_strength", "composition_fidelity", "change_strength"), SHARE),
        },
        ("init_image", "style_image"),
    ),
    "upscale/fast": Shape({**IMAGE, "output_format": FORMATS}, ("image",), 2, shortest=32, pixels=(1024, 1536 * 1536)),
    "upscale/conservative": Shape({**EDIT, "creativity": (0.2, 0.5)}, ("image", "prompt"), 40),
    "upscale/creative": Shape(
        {**EDIT, "creativity": (0.1, 0.5)}, ("image", "prompt"), 60, waits=True, pixels=(4096, 1_048_576)
    ),
}
PRICES = {
    "sd3.5-large-turbo": 4.0,
    "sd3.5-medium": 3.5,
    "sd3.5-flash": 2.5,
    "sd3-large-turbo": 4.0,
    "sd3-medium": 3.5,
}
"""Of models that share an endpoint with a dearer one."""
