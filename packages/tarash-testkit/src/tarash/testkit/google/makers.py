"""What the simulated models make, and how their answers look."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tarash.testkit import media
from tarash.testkit.google.jobs import Job, Outcome
from tarash.testkit.google.storage import Storage
from tarash.testkit.media import Media
from tarash.testkit.speech import in_pieces

VIDEO_RESPONSE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
GEMINI_RESPONSE = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
WAV_HEADER = 44


def encoded(made: Media) -> str:
    return base64.b64encode(made.content).decode()


def made_by(outcome: Outcome, count: int, usual: Media) -> Sequence[Media]:
    return [usual] * count if outcome.media is None else outcome.media


# --- generateContent


def content_answer(model: str, body: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """One candidate with an image or sound, or the reason why there is none."""
    usage = {"usageMetadata": {"totalTokenCount": 1290}}
    if outcome.block_reason:
        return {"promptFeedback": {"blockReason": outcome.block_reason}, **_about(model), **usage}
    parts: list[dict[str, Any]] = [{"text": outcome.text}] if outcome.text else []
    if not outcome.finish_reason and not outcome.text:
        parts = _speech_parts(model, outcome) if "-tts" in model else _image_parts(outcome)
    return {"candidates": [_candidate(parts, outcome.finish_reason or "STOP")], **_about(model), **usage}


def content_pieces(model: str, outcome: Outcome) -> list[dict[str, Any]]:
    """The same as a stream: slices of samples, whatever the model makes whole, then why it stopped; or an error."""
    if outcome.failure:
        return [{"error": dict(outcome.failure)}]
    whole = content_answer(model, {}, outcome)
    if "-tts" not in model or outcome.block_reason or outcome.finish_reason or outcome.text:
        return [whole]
    sound = made_by(outcome, 1, media.wav())[0]
    slices = [_samples_part(piece, sound) for piece in in_pieces(sound.content[WAV_HEADER:])]
    spoken = [{"candidates": [_candidate([part])], **_about(model)} for part in slices]
    return [*spoken, {**whole, "candidates": [_candidate([], "STOP")]}]


def event(piece: Mapping[str, Any]) -> bytes:
    """A server-sent event with lines that end as Google's do."""
    return b"data: " + json.dumps(piece).encode() + b"\r\n\r\n"


def _about(model: str) -> dict[str, Any]:
    return {"responseId": "sim-response", "modelVersion": model}


def _candidate(parts: list[dict[str, Any]], finish_reason: str | None = None) -> dict[str, Any]:
    told = {"finishReason": finish_reason} if finish_reason else {}
    return {"content": {"role": "model", "parts": parts}, **told, "index": 0}


def _image_parts(outcome: Outcome) -> list[dict[str, Any]]:
    """A draft comes first, as a thought; it is not the picture."""
    draft = {"inlineData": {"mimeType": "image/png", "data": encoded(media.png(8, 8))}, "thought": True}
    pictures = made_by(outcome, 1, media.png())
    data = [{"inlineData": {"mimeType": one.content_type, "data": encoded(one)}} for one in pictures]
    return [draft, {"text": "Here is the picture."}, *data]


def _speech_parts(model: str, outcome: Outcome) -> list[dict[str, Any]]:
    sound = made_by(outcome, 1, media.wav())[0]
    if model.startswith("gemini-3.8-"):
        return [{"inlineData": {"mimeType": "audio/wav", "data": encoded(sound)}}]
    return [_samples_part(sound.content[WAV_HEADER:], sound)]


def _samples_part(samples: bytes, sound: Media) -> dict[str, Any]:
    kind = f"audio/L16;codec=pcm;rate={sound.sample_rate}"
    return {"inlineData": {"mimeType": kind, "data": base64.b64encode(samples).decode()}}


# --- predict


def predictions(body: Mapping[str, Any], outcome: Outcome, storage: Storage) -> dict[str, Any]:
    parameters = body.get("parameters") or {}
    pictures = made_by(outcome, int(parameters.get("sampleCount", 1)), media.png())
    reasons: Sequence[Mapping[str, Any]] = [{"raiFilteredReason": reason} for reason in outcome.filtered]
    shown = reasons if parameters.get("includeRaiReason") else ()
    folder = parameters.get("storageUri")
    made = [_stored(storage, folder, f"sample_{number}.png", one) for number, one in enumerate(pictures)]
    return {"predictions": [*made, *shown]}


def _stored(storage: Storage, folder: str | None, name: str, made: Media) -> dict[str, Any]:
    kind = {"mimeType": made.content_type}
    if folder:
        return {"gcsUri": storage.put_object(folder, name, made), **kind}
    return {"bytesBase64Encoded": encoded(made), **kind}


# --- videos


def operation_response(job: Job, storage: Storage) -> dict[str, Any]:
    parameters = job.body.get("parameters") or {}
    usual = media.mp4(parameters.get("aspectRatio", "16:9"))
    videos = made_by(job.outcome, int(parameters.get("sampleCount", 1)), usual)
    filtered: dict[str, Any] = {"raiMediaFilteredCount": len(job.outcome.filtered)}
    if job.outcome.filtered:
        filtered["raiMediaFilteredReasons"] = list(job.outcome.filtered)
    if job.vertex:
        folder = parameters.get("storageUri")
        made = [_stored(storage, folder, f"sample_{number}.mp4", one) for number, one in enumerate(videos)]
        return {"@type": VIDEO_RESPONSE, **filtered, "videos": made}
    samples = [{"video": {"uri": file_link(job, storage, one, 0.0)}} for one in videos]
    return {"@type": GEMINI_RESPONSE, "generateVideoResponse": {"generatedSamples": samples, **filtered}}


def file_link(job: Job, storage: Storage, made: Media, seconds: float) -> str:
    file = storage.keep(made.content, made.content_type, seconds)
    return f"{job.origin}/v1beta/{file.name}:download?alt=media"


def interaction_steps(job: Job, storage: Storage, file_seconds: float) -> list[dict[str, Any]]:
    """The steps of a finished interaction: some thinking, then what was made."""
    wanted = job.body.get("response_format") or {}
    if job.outcome.text:
        contents: list[dict[str, Any]] = [{"type": "text", "text": job.outcome.text}]
    else:
        videos = made_by(job.outcome, 1, media.mp4(wanted.get("aspect_ratio", "16:9")))
        contents = [_video_content(job, storage, one, file_seconds) for one in videos]
    return [{"type": "thought", "signature": "c2lt"}, {"type": "model_output", "content": contents}]


def _video_content(job: Job, storage: Storage, made: Media, file_seconds: float) -> dict[str, Any]:
    wanted = job.body.get("response_format") or {}
    about = {"type": "video", "mime_type": made.content_type}
    if wanted.get("delivery") != "uri":
        return {**about, "data": encoded(made)}
    if job.vertex:
        return {**about, "uri": storage.put_object(wanted["gcs_uri"], f"{job.id}.mp4", made)}
    return {**about, "uri": file_link(job, storage, made, file_seconds)}
