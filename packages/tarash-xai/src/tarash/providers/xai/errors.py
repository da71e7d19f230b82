"""Errors of xAI: of requests, in three shapes of body, and of videos that failed.

Sources: docs.x.ai, the OpenAPI document of the tryAGI client (2026-08) and published answers of the real service, read
2026-11. A wrong key is a 400 there. How missing credit is told is not confirmed, so its words are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.exceptions import TarashException
from tarash.tarash_gateway.messages import Response
from tarash.tarash_gateway.providers.refusals import Refusals, as_sentence

REFUSALS = Refusals(
    "xAI",
    {
        401: " No key was sent, or it is not valid.",
        403: " The key or its team may not do that; the team may be blocked, or without credit.",
        404: " The model or the job is unknown, or belongs to another team; or base_url is wrong.",
        405: " Check base_url.",
        429: " Too many requests at once; it may be sent again later.",
    },
)
WRONG_KEY = re.compile(r"\b(?:incorrect|invalid) api key", re.IGNORECASE)
NO_CREDIT = re.compile(r"\bcredits?\b|\bspending limit\b", re.IGNORECASE)
CREDIT_STATUS = (400, 402, 403, 429)
MODERATED = re.compile(r"content[-_ ]moderat|\bmoderation\b", re.IGNORECASE)
CHARGED = " It is charged all the same. Change the prompt or the inputs; trying again will not help."
WRONG_INPUT = frozenset({"invalid_argument", "failed_precondition"})
ADVICE: Mapping[str, str] = {
    "permission_denied": " The key or its team may not do that.",
    "service_unavailable": " It may work later.",
    "internal": " It is the fault of xAI; it may work later.",
}
"""What may be done about a video that failed, by the code of its error."""


def xai_error(response: Response) -> TarashException | None:
    """The exception that an answer means, or None when it is in none of the vendor's shapes."""
    body = response.object_or_empty()
    code, text = _told(body)
    # A bare text without a code is not the vendor's word on 5xx, but perhaps a proxy's that lost the answer.
    if not text or (response.status >= 500 and isinstance(body.get("error"), str) and not code):
        return None
    sentence = as_sentence(text, code=code)
    if _is_moderated(code, text):
        return REFUSALS.moderated(f"{sentence}{CHARGED}", body)
    if WRONG_KEY.search(text):
        return REFUSALS.http(f"{sentence} Check the key.", body, response.status)
    if response.status == 402 or (response.status in CREDIT_STATUS and NO_CREDIT.search(text)):
        return REFUSALS.without_credit(sentence, body, response.status)
    return REFUSALS.by_status(sentence, body, response.status)


def video_error(video: Mapping[str, Any]) -> TarashException:
    """The exception of a video that failed."""
    error = video.get("error")
    code, text = _told(video if isinstance(error, str) else {"error": error})
    sentence = as_sentence(text, code=code)
    if _is_moderated(code, text):
        return REFUSALS.moderated(f"{sentence}{CHARGED}", video)
    plain = code.lower().replace("-", "_")
    if plain in WRONG_INPUT:
        return REFUSALS.wrong(sentence, video, " Change the prompt, the inputs or the parameters.")
    return REFUSALS.failed(f"{sentence}{ADVICE.get(plain, '')}", video)


def _told(body: Mapping[str, Any]) -> tuple[str, str]:
    """Code and text of an error, empty where there is none: in the vendor's own shape, in OpenAI's, or text alone."""
    error = body.get("error")
    place = error if isinstance(error, dict) else {"message": error, "code": body.get("code")}
    code, text = (value if isinstance(value := place.get(name), str) else "" for name in ("code", "message"))
    return code, text or code


def _is_moderated(code: str, text: str) -> bool:
    return bool(MODERATED.search(code) or MODERATED.search(text))
