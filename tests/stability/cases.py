"""Logical calls, each with the form that it must leave: texts and files."""

from dataclasses import dataclass, field
from typing import Any

from tests.stability.desk import JPEG, MASK, ONE, PICTURE, PROMPT, SECOND, as_input, as_style

BOTH = {"image_list": [as_input(PICTURE), as_style(SECOND)]}


@dataclass(frozen=True)
class Case:
    """`texts` and `files` beside the prompt and the picture, which `without` leaves out."""

    name: str
    model: str
    endpoint: str
    request: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def form(self) -> tuple[dict[str, str], dict[str, bytes]]:
        texts = {"prompt": PROMPT, **self.texts}
        files = {"image": PICTURE, **self.files} if "image_list" in self.request else self.files
        return (
            {name: value for name, value in texts.items() if name not in self.without},
            {name: value for name, value in files.items() if name not in self.without},
        )


FULL = {"negative_prompt": "fog", "seed": 7, "output_format": "webp"}
TOLD = {"negative_prompt": "fog", "seed": "7", "output_format": "webp"}
STYLED, IN_STYLE = {**FULL, "style": "pixel-art"}, {**TOLD, "style_preset": "pixel-art"}
LARGE = {"model": "sd3.5-large"}
FROM_IMAGE = {"mode": "image-to-image", "strength": "0.75"}
CLEAR = {"seed": 7, "output_format": "png"}


def sd3(name: str, request: dict[str, Any], texts: dict[str, str], model: str = "sd3.5-large", **rest: Any) -> Case:
    sent = model.removeprefix("stability/")
    return Case(name, model, "generate/sd3", request, {"model": sent, **texts}, **rest)


def core(name: str, request: dict[str, Any], texts: dict[str, str]) -> Case:
    return Case(name, "stable-image-core", "generate/core", request, texts)


def edit(model: str, request: dict[str, Any], texts: dict[str, str], name: str = "", **rest: Any) -> Case:
    return Case(f"{model} {name}".strip(), model, model, {**ONE, **request}, texts, **rest)


CASES = [
    core("core of a prompt alone", {}, {}),
    core("core with everything", {**STYLED, "aspect_ratio": "21:9"}, {**IN_STYLE, "aspect_ratio": "21:9"}),
    core("core of a square size", {"size": "1024x1024"}, {"aspect_ratio": "1:1"}),
    core("core of a wide size", {"size": "1792x1024"}, {"aspect_ratio": "16:9"}),
    core("core of an upright size", {"size": "1024x1792"}, {"aspect_ratio": "9:16"}),
    core("core of a size that is 4:3", {"size": "1024x768"}, {"aspect_ratio": "5:4"}),
    core("core in a style of other case", {"style": "Neon-Punk"}, {"style_preset": "neon-punk"}),
    core("core with the vendor's own name", {"style_preset": "anime"}, {"style_preset": "anime"}),
    core("core with any seed", {"seed": 0}, {"seed": "0"}),
    Case(
        "ultra with everything",
        "stable-image-ultra",
        "generate/ultra",
        {**STYLED, "aspect_ratio": "9:21"},
        {**IN_STYLE, "aspect_ratio": "9:21"},
    ),
    Case(
        "ultra from a picture",
        "stable-image-ultra",
        "generate/ultra",
        {**ONE, **STYLED, "aspect_ratio": "3:2"},
        {**IN_STYLE, "aspect_ratio": "3:2", "strength": "0.75"},
    ),
    Case("ultra, how much", "stable-image-ultra", "generate/ultra", {**ONE, "strength": 0.2}, {"strength": "0.2"}),
    sd3("sd3.5 of a prompt alone", {}, {}),
    sd3(
        "sd3.5 with everything",
        {**STYLED, "aspect_ratio": "2:3", "cfg_scale": 4.5},
        {**IN_STYLE, "aspect_ratio": "2:3", "cfg_scale": "4.5"},
    ),
    sd3(
        "sd3.5 from a picture",
        {**ONE, **STYLED, "cfg_scale": 2},
        {**IN_STYLE, **FROM_IMAGE, "cfg_scale": "2"},
    ),
    sd3("sd3.5 from a picture, whose shape is its own", {**ONE, "aspect_ratio": "1:1"}, FROM_IMAGE),
    sd3(
        "sd3.5 from a JPEG, a little",
        {"image_list": [as_input(JPEG, "image/jpeg")], "strength": 0.9},
        {**FROM_IMAGE, "strength": "0.9"},
        files={"image": JPEG},
    ),
    sd3("turbo", {"negative_prompt": "fog"}, {"negative_prompt": "fog"}, "sd3.5-large-turbo"),
    sd3("medium", {}, {}, "sd3.5-medium"),
    sd3("flash", {}, {}, "sd3.5-flash"),
    sd3("a retired name", {}, {}, "sd3-medium"),
    sd3("a name of a gateway", {}, {}, "stability/sd3.5-large"),
    edit("edit/inpaint", {**STYLED, "grow_mask": 100}, {**IN_STYLE, "grow_mask": "100"}, "where it is transparent"),
    edit("edit/inpaint", {"mask_image": as_input(MASK)}, {}, "with a mask", files={"mask": MASK}),
    edit(
        "edit/erase",
        {"mask_image": as_input(MASK), "grow_mask": 20, **CLEAR},
        {"grow_mask": "20", "seed": "7", "output_format": "png"},
        files={"mask": MASK},
        without=("prompt",),
    ),
    edit(
        "edit/outpaint",
        {"left": 200, "right": 0, "up": 1, "down": 2000, "creativity": 0.4, "style": "anime", **CLEAR},
        {
            "left": "200",
            "right": "0",
            "up": "1",
            "down": "2000",
            "creativity": "0.4",
            "style_preset": "anime",
            "seed": "7",
            "output_format": "png",
        },
    ),
    edit("edit/outpaint", {"prompt": "", "up": 64}, {"up": "64"}, "without a prompt", without=("prompt",)),
    edit(
        "edit/search-and-replace",
        {**STYLED, "search_prompt": "the tower", "grow_mask": 3},
        {**IN_STYLE, "search_prompt": "the tower", "grow_mask": "3"},
    ),
    edit(
        "edit/search-and-recolor",
        {**STYLED, "select_prompt": "the sea", "grow_mask": 0},
        {**IN_STYLE, "select_prompt": "the sea", "grow_mask": "0"},
    ),
    edit("edit/remove-background", {"output_format": "webp"}, {"output_format": "webp"}, without=("prompt",)),
    edit(
        "edit/replace-background-and-relight",
        {
            **BOTH,
            **FULL,
            "preserve_original_subject": 0.6,
            "original_background_depth": 0.5,
            "light_source_strength": 0.3,
            "keep_original_background": True,
            "foreground_prompt": "a boat",
            "light_source_direction": "left",
            "light_reference": as_input(MASK),
        },
        {
            **TOLD,
            "background_prompt": PROMPT,
            "preserve_original_subject": "0.6",
            "original_background_depth": "0.5",
            "light_source_strength": "0.3",
            "keep_original_background": "true",
            "foreground_prompt": "a boat",
            "light_source_direction": "left",
        },
        files={"subject_image": PICTURE, "background_reference": SECOND, "light_reference": MASK},
        without=("prompt", "image"),
    ),
    edit(
        "edit/replace-background-and-relight",
        {**BOTH, "prompt": " "},
        {},
        "by a picture alone",
        files={"subject_image": PICTURE, "background_reference": SECOND},
        without=("prompt", "image"),
    ),
    edit("control/sketch", {**FULL, "control_strength": 0.7}, {**TOLD, "control_strength": "0.7"}),
    edit("control/structure", {**FULL, "control_strength": 1}, {**TOLD, "control_strength": "1"}),
    edit(
        "control/style",
        {**FULL, "image_list": [as_style(PICTURE)], "aspect_ratio": "4:5", "fidelity": 0.5},
        {**TOLD, "aspect_ratio": "4:5", "fidelity": "0.5"},
    ),
    edit(
        "control/style-transfer",
        {**BOTH, **FULL, "style_strength": 1, "composition_fidelity": 0.9, "change_strength": 0.1},
        {**TOLD, "style_strength": "1", "composition_fidelity": "0.9", "change_strength": "0.1"},
        files={"init_image": PICTURE, "style_image": SECOND},
        without=("image",),
    ),
    edit("upscale/fast", {"output_format": "jpeg"}, {"output_format": "jpeg"}, without=("prompt",)),
    edit("upscale/conservative", {**FULL, "creativity": 0.35}, {**TOLD, "creativity": "0.35"}),
    edit("upscale/creative", {**FULL, "creativity": 0.1}, {**TOLD, "creativity": "0.1"}),
]
