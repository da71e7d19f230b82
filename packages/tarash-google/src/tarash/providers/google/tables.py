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
OPTIONS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(
        ("gcp_project", "location", "gcp_location", "output_gcs_uri", "storage_url", "webhook_url"), (str,)
    ),
    "credentials_path": (object,),
    "inline_bytes": (int,),
    "allow_http": (bool,),
}

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
