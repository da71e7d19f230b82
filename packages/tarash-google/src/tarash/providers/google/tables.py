"""What Google allows, and what its answers mean: tables only.

Sources: types of google-genai 3.4.0; pages of ai.google.dev and cloud.google.com as of 2026-09 to 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tarash.tarash_gateway.models import Kind

DEFAULT_MODELS: Mapping[Kind, str] = {
    "video": "gemini-omni-1.1-flash",
    "image": "gemini-3.1-flash-image",
    "tts": "gemini-3.8-flash-tts",
}
SUCCESSORS = {
    "veo-": "gemini-omni-1.1-flash",
    "gemini-omni-": "gemini-omni-1.1-flash",
    "imagen-": "gemini-3.1-flash-image",
    "gemini-3-pro-image": "gemini-3-pro-image",
    "gemini-2.5-flash-image": "gemini-3.1-flash-image",
}
OPTIONS = frozenset(
    {
        *("gcp_project", "location", "gcp_location", "credentials_path", "output_gcs_uri", "storage_url"),
        *("webhook_url", "inline_bytes", "allow_http"),
    }
)

# --- Gemini Omni, through interactions

OMNI_RATIOS = ("16:9", "9:16")
OMNI_RESOLUTIONS = ("360p", "720p", "1080p", "4k")
OMNI_SECONDS = {"gemini-omni-1.2": (3, 15), "gemini-omni": (3, 10)}
OMNI_IMAGES = {"gemini-omni-1": 6, "gemini-omni-flash-preview": 10}
WORDED_SECONDS = "gemini-omni-1.1"
"""The guide of this model never mentions `duration`, and its clients put the length into the prompt."""

OMNI_WAITING = {"queued": False, "in_progress": True}
OMNI_FAILED = frozenset(
    {"failed", "cancelled", "incomplete", "budget_exceeded", "requires_action", "requires_continuation"}
)

# --- Veo

VEO_RATIOS = ("16:9", "9:16")
VEO_RESOLUTIONS = {"veo-3.1": ("720p", "1080p", "4k"), "veo-3.0": ("720p", "1080p"), "veo-2": ("720p",)}
VEO_SECONDS = {"veo-3": (4, 6, 8), "veo-2": (5, 6, 7, 8)}
MAX_SEED = 2**32 - 1
MAX_ASSETS, MAX_STYLES = 3, 1

# --- Gemini images, Imagen

IMAGE_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
IMAGE_LONG_RATIOS = (*IMAGE_RATIOS, "1:4", "4:1", "1:8", "8:1")
IMAGE_SIZES = ("1K", "2K", "4K")
LONG_SIDES = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
IMAGE_INPUTS = 14
IMAGEN_RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9")
IMAGEN_SIZES = ("1K", "2K")

# --- speech

VOICES = (
    *("Zephyr", "Puck", "Charon", "Kore", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe", "Autonoe", "Enceladus"),
    *("Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib", "Rasalgethi", "Laomedeia", "Achernar"),
    *("Alnilam", "Schedar", "Gacrux", "Pulcherrima", "Achird", "Zubenelgenubi", "Vindemiatrix", "Sadachbia"),
    *("Sadaltager", "Sulafat"),
)
STORED_VOICES = ("voice_", "voicekey_")
MAX_SPEAKERS = 2
SPEECH_HERTZ = 24000

# --- errors

BLOCKED = frozenset(
    {
        *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY"),
        *("IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR", "JAILBREAK"),
    }
)
WRONG_REQUEST = frozenset(
    {"INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "INVALID_REQUEST", "INVALID_REQUEST_ERROR"}
)
NO_MONEY_REASONS = frozenset({"BILLING_DISABLED", "BILLING_NOT_ACTIVE"})
NO_MONEY_WORDS = ("credits are depleted", "insufficient credit", "requires billing to be enabled", "enable billing")
MODERATION_WORDS = re.compile(
    r"violat\w+ .{0,80}(polic|guideline)|usage guidelines|responsible ai|safety (filter|polic|setting|reason)"
    r"|content[_ ]polic|prohibited[_ ](content|use)|sensitive words|could not be submitted because"
    r"|\bsafety\b.{0,40}block|block.{0,60}\bsafety\b|content[_ ]blocked|content[_ ]filter",
    re.IGNORECASE,
)
HINTS = {
    401: " Check the credentials: api_key, GOOGLE_API_KEY or GEMINI_API_KEY; on Vertex AI the credentials file.",
    403: " The account may not use this: is the API enabled, and the model offered to the project and region?",
    429: " The quota is used up for now.",
}
SUPPORT_CODES = {
    **dict.fromkeys(("58061214", "17301594"), "children"),
    **dict.fromkeys(("29310472", "15236754"), "celebrities"),
    **dict.fromkeys(("64151117", "42237218"), "video safety"),
    **dict.fromkeys(("62263041",), "dangerous content"),
    **dict.fromkeys(("57734940", "22137204"), "hate"),
    **dict.fromkeys(("74803281", "29578790", "42876398"), "other safety reasons"),
    **dict.fromkeys(("89371032", "49114662", "63429089", "72817394", "60599140"), "prohibited content"),
    **dict.fromkeys(("90789179", "43188360"), "sexual content"),
    **dict.fromkeys(("35561574", "35561575"), "third-party content"),
    **dict.fromkeys(("78610348",), "toxic content"),
    **dict.fromkeys(("61493863", "56562880"), "violence"),
    **dict.fromkeys(("32635315",), "vulgar content"),
}
"""Numbers that Veo and Imagen name in place of a reason."""
