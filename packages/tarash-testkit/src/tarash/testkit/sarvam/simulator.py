"""The simulator of Sarvam on 127.0.0.1: speech, whole in JSON or streamed, with faults and a ledger."""

import base64
from typing import Any

from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.sarvam import errors
from tarash.testkit.sarvam.bodies import Speech, StreamedSpeech
from tarash.testkit.sarvam.catalogue import (
    CONTENT_TYPES,
    FORMS,
    HIGH_RATES,
    LANGUAGES,
    LONGEST_STREAMED,
    MODELS,
    OPUS_RATES,
    RATES,
    Model,
)
from tarash.testkit.sounds import sound
from tarash.testkit.speech import SpeechSimulator, chunked, in_pieces, judged, spoken_seconds
from tarash.testkit.steps import Answer, Played
from tarash.testkit.vendor import Refused

DEFAULT_KEY = "sk_0123456789abcdef_sarvam"
ROUTES = {("POST", "/text-to-speech"): "tts", ("POST", "/text-to-speech/stream"): "stream"}


class SarvamSimulator(SpeechSimulator):
    """Sarvam, for one `with` block. Operations: tts, stream. A character costs one unit.

    `credits` is what the account has (None: enough). With `serve_retired` models that have ended speak on. With
    `linear16_has_header` bare samples come in a WAV file, which nobody has documented either way.
    """

    provider = "sarvam"
    operations = frozenset(ROUTES.values())

    def __init__(
        self,
        *,
        clock: VirtualClock | None = None,
        ledger: Ledger | None = None,
        key: str = DEFAULT_KEY,
        make_seconds: float = 0.0,
        credits: int | None = None,  # noqa: A002 - the vendor's word
        serve_retired: bool = False,
        linear16_has_header: bool = False,
        keep: int | None = None,
    ) -> None:
        super().__init__(key, clock, ledger, make_seconds=make_seconds, credits=credits, keep=keep)
        self.serve_retired, self.linear16_has_header = serve_retired, linear16_has_header

    def operation_of(self, request: RecordedRequest) -> str | None:
        return ROUTES.get((request.method, request.path))

    def answer(self, operation: str | None, request: RecordedRequest) -> Played:
        if operation is None:
            return errors.not_found()
        if request.headers.get("api-subscription-key") != self.key:
            return errors.wrong_key()
        return self._stream(request) if operation == "stream" else self._speak(request)

    def _speak(self, request: RecordedRequest) -> Played:
        body = judged(Speech, lambda: request.json, "body", errors.wrong_fields)
        model = self._judge(body)
        _judge_length(body, model.longest)
        if body.output_audio_codec == "opus" and not model.opus:
            raise Refused(errors.bad_request(f"{model.id} makes no opus here."))
        _judge_rate(body, (*RATES, *HIGH_RATES) if model.high_rates else RATES)
        made, number = self._make(body), self._charge(body)
        encoded = base64.b64encode(made).decode()
        return self.later(Answer(json={"request_id": f"request-{number}", "audios": [encoded]}))

    def _stream(self, request: RecordedRequest) -> Played:
        body = judged(StreamedSpeech, lambda: request.json, "body", errors.wrong_fields)
        self._judge(body)
        _judge_length(body, LONGEST_STREAMED)
        _judge_rate(body, RATES)
        bitrate = int(body.output_audio_bitrate.removesuffix("k")) if body.output_audio_bitrate else None
        made, number = self._make(body, bitrate), self._charge(body)
        headers = {"Content-Type": CONTENT_TYPES[body.output_audio_codec], "x-request-id": f"request-{number}"}
        return self.later(*chunked(headers, in_pieces(made)))

    def _make(self, body: Speech, bitrate: int | None = None) -> bytes:
        codec = body.output_audio_codec
        form = "wav" if codec == "linear16" and self.linear16_has_header else FORMS[codec]
        return sound(form, body.speech_sample_rate, bitrate, spoken_seconds(body.text))

    def _charge(self, body: Speech) -> int:
        """Book what a request costs; its number. Raises `Refused` when the account has too little."""
        return self.charge(len(body.text), Refused(errors.no_credits()))

    def _judge(self, body: Speech) -> Model:
        """What is the same for whole and streamed speech. Raises `Refused`."""
        model = MODELS.get(body.model)
        if model is None:
            raise Refused(errors.bad_request(f"model: {body.model} is none of {', '.join(MODELS)}."))
        if model.ended and not self.serve_retired:
            raise Refused(errors.bad_request(f"{model.id} is deprecated. Use bulbul:v3."))
        if body.language_code not in (None, *LANGUAGES):
            raise Refused(errors.bad_request(f"language_code: must be one of {', '.join(LANGUAGES)}."))
        if body.speaker not in (None, *model.speakers):
            raise Refused(errors.bad_request(f"Speaker {body.speaker} is not compatible with model {model.id}."))
        for name, limits in model.limits.items():
            _judge_number(model, name, getattr(body, name), limits)
        return model


def _judge_number(model: Model, name: str, value: float | None, limits: Any) -> None:
    if value is None:
        return
    if limits is None:
        raise Refused(errors.bad_request(f"{name} is not supported by {model.id}."))
    if not limits[0] <= value <= limits[1]:
        raise Refused(errors.bad_request(f"{name} must be from {limits[0]} to {limits[1]}."))


def _judge_length(body: Speech, longest: int) -> None:
    if not body.text.strip():
        raise Refused(errors.bad_request("text: must not be empty."))
    if len(body.text) > longest:
        raise Refused(errors.bad_request(f"text: has {len(body.text)} characters, the limit is {longest}."))


def _judge_rate(body: Speech, rates: tuple[int, ...]) -> None:
    allowed = OPUS_RATES if body.output_audio_codec == "opus" else rates
    if body.speech_sample_rate not in allowed:
        raise Refused(errors.bad_request(f"speech_sample_rate: must be one of {', '.join(map(str, allowed))}."))
