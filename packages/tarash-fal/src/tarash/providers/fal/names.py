"""How fal's models call their inputs, for the rules of the core.

Names are those of the type map of @fal-ai/client 1.10.1, meanings those of fal's model pages.
"""

from __future__ import annotations

from collections.abc import Mapping

from tarash.tarash_gateway.providers.field_mappers import FieldMapping, image_field_mapper, images_field_mapper
from tarash.tarash_gateway.providers.schemas.inputs import LINK, NUMBER, TEXT
from tarash.tarash_gateway.providers.schemas.rules import Names
from tarash.tarash_gateway.providers.schemas.speech import SpeechNames
from tarash.tarash_gateway.providers.schemas.values import RatioSizes

EFFECTS = ("effect", "effect_scene")
"""Models that make one of their ready effects take its name, and nothing else that describes the video."""

SHARED = {
    "prompt": (
        ("prompt", "text_prompt", "text", "text_input", "instruction", "edit_instruction", "subject", *EFFECTS),
        TEXT,
    ),
    "negative_prompt": (("negative_prompt",), TEXT),
    "seed": (("seed",), NUMBER),
}
VIDEOS = ("video_url", "input_video_url", "source_video_url", "reference_video_url", "driving_video_url")
SOUNDS = ("audio_url", "driven_audio_url", "input_audio_url", "first_audio_url")
ENHANCERS = (
    *("enhance_prompt", "enable_prompt_expansion", "prompt_optimizer", "expand_prompt", "prompt_expansion"),
    *("prompt_enhancement", "thinking_type"),
)
AUDIO_SWITCHES = ("generate_audio", "generate_audio_switch", "enable_audio", "with_audio", "audio")
FIRST = ("start_image_url", "first_frame_url", "first_frame_image_url", "first_image_url", "start_frame_url")
LAST = ("end_image_url", "last_frame_url", "tail_image_url", "last_frame_image_url", "last_image_url", "end_frame_url")
MAIN = (
    *("image_url", "input_image_url", "source_image_url", "img_url", "base_image_url", "initial_image_url"),
    *("human_image_url", "person_image_url", "model_image", "character_image_url", "avatar_image_url"),
    *("face_image_url", "content_image_url", "composition_image_url", "image"),
)
REFERENCES = (
    *("image_urls", "reference_image_urls", "input_image_urls", "ref_image_urls", "reference_image_url"),
    *("subject_reference_image_url", "ref_image_url", "reference_images", "images", "input_images", "frames"),
)
STYLES = ("style_image_url", "style_reference_image_url", "style_reference_image_urls", "image_style_url")
ASSETS = (
    *("elements", "garment_image_url", "garment_image", "clothing_image_url", "cloth_image_url", "product_image_url"),
    *("identity_image_url", "subject_image_url", "control_image_url", "control_lora_image_url"),
)

RATIO_SIZES: RatioSizes = {
    "1:1": "square_hd",
    "4:3": "landscape_4_3",
    "3:4": "portrait_4_3",
    "16:9": "landscape_16_9",
    "9:16": "portrait_16_9",
    "21:9": (1344, 576),
    "9:21": (576, 1344),
    "3:2": (1152, 768),
    "2:3": (768, 1152),
}
"""Sizes that fal has names for: square_hd is 1024x1024, landscape_4_3 1024x768, landscape_16_9 1024x576 pixels. The
others have about one megapixel or less, in multiples of 64. Source: fal's public server toolkit, 2026-08."""

ODD: Mapping[str, FieldMapping] = {
    # These images only lend their style; the others are the picture to change, or a character to show again.
    "fal-ai/ideogram/*": {"image_urls": images_field_mapper("style")},
    "fal-ai/ideogram/v3": {"image_urls": images_field_mapper("style", "reference")},
    "fal-ai/ideogram/character": {"reference_image_urls": images_field_mapper("reference", "asset")},
    "fal-ai/ideogram/character/*": {"reference_image_urls": images_field_mapper("asset")},
    # The picture shows who moves, the video how.
    "fal-ai/kling-video/*/motion-control": {"image_url": image_field_mapper("reference", "first_frame", "asset")},
    "fal-ai/wan/*/animate/*": {"image_url": image_field_mapper("reference", "first_frame", "asset")},
}
"""Models whose inputs mean something else than their names say: pattern of ids, and what to map instead."""

SPEECH = SpeechNames(
    texts=(
        *("text", "gen_text", "input_text", "transcript", "script", "prompt", "text_prompt", "input"),
        *("lyrics_prompt", "lyrics", "tags"),
    ),
    instructions=("prompt", "text_prompt", "tags"),
    sounds=("audio_url", "source_audio_url", "input_audio_url", "speech_url", "video_url"),
    voices=("voice", "voice_id", "target_voice", "speaker", "speaker_id"),
    samples=(
        *("target_voice_audio_url", "reference_audio_url", "ref_audio_url", "audio_prompt_url", "voice_audio_url"),
        *("speaker_audio_url", "audio_url"),
    ),
    languages=("language_boost", "language", "language_code"),
    formats=("output_format", "audio_format"),
    settings=(
        *("speed", "pitch", "volume", "emotion", "stability", "similarity_boost", "style", "use_speaker_boost"),
        *("temperature", "exaggeration", "voice_speed"),
    ),
)
NAMES = Names(
    fields={
        "video": {**SHARED, "video": (VIDEOS, LINK), "audio": (SOUNDS, LINK)},
        "image": {
            **SHARED,
            "quality": (("quality", "rendering_speed"), TEXT),
            "style": (("style",), TEXT),
            "mask_image": (("mask_url", "mask_image_url", "image_mask_url"), LINK),
            "n": (("num_images", "number_of_images", "num_outputs"), NUMBER),
        },
    },
    switches={
        "video": {"generate_audio": AUDIO_SWITCHES, "enhance_prompt": ENHANCERS},
        "image": {"enhance_prompt": ENHANCERS},
    },
    # A lone picture is a video's first frame, or an image's original.
    pictures={
        "video": {
            "first_frame": (*FIRST, *MAIN),
            "last_frame": LAST,
            "reference": (*REFERENCES, *MAIN),
            "asset": ASSETS,
            "style": STYLES,
        },
        "image": {"reference": (*MAIN, *REFERENCES), "asset": (*ASSETS, *REFERENCES, *MAIN), "style": STYLES},
    },
    spare={"first_frame": ("reference", "asset"), "reference": ("asset", "first_frame")},
    ratios=("aspect_ratio", "video_aspect_ratio"),
    resolutions=("resolution", "video_resolution"),
    sizes=("image_size", "video_size"),
    ratio_sizes=RATIO_SIZES,
    durations=("duration", "duration_seconds", "video_length", "video_duration", "length"),
    rates=("frames_per_second", "fps", "frame_rate"),
    frame_rates={"*wan*": 16.0, "*cogvideo*": 8.0, "*framepack*": 30.0, "*magi*": 24.0, "*ltx*": 24.0, "*": 24.0},
    unit_families=("veo", "kandinsky"),
    lists={"video": ("video_urls", "reference_video_urls"), "audio": ("audio_urls", "reference_audio_urls")},
    inside={"video": "video_url", "elements": "frontal_image_url"},
    no_picture=("archive", "data", "map_", "mask"),
    odd=ODD,
    speech=SPEECH,
)
