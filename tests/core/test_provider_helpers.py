"""What providers share: jobs that are waited for, refusals, files in answers, sound, forms, routing by model."""

import wave
from io import BytesIO
from typing import Any

import pytest

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPError,
    InsufficientCreditsError,
    JobRejectedError,
    ProtocolError,
    ValidationError,
)
from tarash.tarash_gateway.media import Media, from_bytes
from tarash.tarash_gateway.messages import Done, Pending, Step, WebhookMessage
from tarash.tarash_gateway.origins import same_origin
from tarash.tarash_gateway.providers.base import Call, Operation, check_options, media_in
from tarash.tarash_gateway.providers.catalogues import without_prefix
from tarash.tarash_gateway.providers.inputs import body_of
from tarash.tarash_gateway.providers.multipart import form_of
from tarash.tarash_gateway.providers.outputs import as_output, files_in
from tarash.tarash_gateway.providers.reading import list_of, object_of, objects_of, present
from tarash.tarash_gateway.providers.refusals import Refusals
from tarash.tarash_gateway.providers.routing import ByModel
from tarash.tarash_gateway.providers.sounds import samples_in, samples_output
from tarash.tarash_gateway.providers.standard_webhooks import refuse_old
from tarash.tarash_gateway.providers.waiting import (
    going_on,
    posted,
    refuse_other_job,
    refuse_other_webhook,
    stored_id,
)

PICTURE = from_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png")
SAMPLES = bytes(range(200)) * 24


def call(model: str = "acme-1", **options: Any) -> Call:
    return Call("video", "acme", model, "https://acme.example", None, "request-1", options)


def ended(step: Step[Any]) -> Any:
    """The result of a step that asks for nothing."""
    with pytest.raises(StopIteration) as stop:
        next(step)
    return stop.value.value


# Waiting.


def test_the_id_of_a_job_is_fit_for_a_link() -> None:
    assert stored_id({"id": "job-1"}) == "job-1"
    for state in (None, "job-1", {"id": ""}, {"id": 7}):
        with pytest.raises(ProtocolError):
            stored_id(state)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="task id"):
        stored_id({"id": "../keys"}, what="task id")


@pytest.mark.parametrize(
    ("status", "running", "unknown"), [("line", False, None), ("on", True, None), ("x", True, "x")]
)
def test_a_job_that_goes_on(status: str, running: bool, unknown: str | None) -> None:
    pending = going_on({"id": "1"}, status, {"line": False, "on": True}, {"a": 1}, progress=5.0, retry_after=2.0)
    assert pending == Pending({"id": "1"}, running, 5.0, 2.0, {"a": 1}, unknown)


def test_answers_and_webhooks_of_other_jobs_are_refused() -> None:
    refuse_other_job({"id": "1"}, "1", "Acme")
    refuse_other_job({}, "1", "Acme")
    with pytest.raises(ProtocolError, match="Acme answered with the status of another job"):
        refuse_other_job({"name": "2"}, "1", "Acme", "name")
    refuse_other_webhook("1", None, "1")
    with pytest.raises(JobRejectedError, match="another job"):
        refuse_other_webhook(None, "1")
    with pytest.raises(ProtocolError):
        posted(WebhookMessage({}, b"[1]", 0.0))


@pytest.mark.parametrize("moment", ["", "soon", "699", "1301", "9" * 400])
def test_webhooks_of_another_time_are_refused(moment: str) -> None:
    message = WebhookMessage({}, b"", 1000.0)
    refuse_old(message, "700")
    with pytest.raises(JobRejectedError):
        refuse_old(message, moment)


# Refusals.


def test_refusals_say_who_what_and_what_to_do() -> None:
    acme = Refusals("Acme", {503: " {vendor} sleeps."}, "{vendor} wants money: {text}")
    wrong = acme.by_status("No.", {"a": 1}, 422)
    assert (type(wrong), wrong.message, wrong.raw_response) == (
        ValidationError,
        "Acme refused the request: No. Nothing was paid.",
        {"a": 1},
    )
    busy = acme.by_status("{No}.", {}, 503)
    assert isinstance(busy, HTTPError)
    assert (busy.message, busy.status_code) == ("Acme answered HTTP 503: {No}. Acme sleeps.", 503)
    poor = acme.without_credit("{text}", {}, 402)
    assert (type(poor), poor.message) == (InsufficientCreditsError, "Acme wants money: {text}")
    assert isinstance(acme.moderated("Bad.", {}), ContentModerationError)


@pytest.mark.parametrize(("value", "problem"), [("5", "must be int or float, not str"), (None, "not NoneType")])
def test_options_have_names_and_types(value: Any, problem: str) -> None:
    known = {"wait": (int, float), "region": (str,)}
    check_options(call(wait=5, region="eu"), known)
    check_options(call(wait=value), frozenset(known))
    with pytest.raises(ValidationError, match=problem):
        check_options(call(wait=value), known)
    with pytest.raises(ValidationError, match="acme does not know: colour"):
        check_options(call(colour=1, wait=value), known)


# Answers.


def test_whatever_is_missing_is_empty() -> None:
    assert (object_of([1]), list_of({"a": 1}), objects_of([{"a": 1}, 2, None])) == ({}, [], [{"a": 1}])
    assert present({"a": 1, "b": None, "c": 0}, "c", "b", "a", "d") == {"c": 0, "a": 1}
    assert present(None, "a") == {}


def test_files_are_found_wherever_they_lie() -> None:
    film = {"url": "https://a.example/1.mp4", "content_type": "video/mp4", "width": 64.0, "height": 0, "duration": 2}
    value = {"text": "no link", "made": [film, {"more": {"deep": "data:image/png;base64,AA=="}}], "url": ""}
    found = list(files_in(value))
    assert found == [film, {"url": "data:image/png;base64,AA=="}]
    output = as_output(film)
    assert (output.url, output.content_type, output.width, output.height, output.duration) == (
        *("https://a.example/1.mp4", "video/mp4", 64, None, 2.0),
    )
    nested: Any = "https://a.example/1.mp4"
    for _ in range(10):
        nested = [nested]
    assert list(files_in(nested)) == []


def test_samples_become_wav_and_back() -> None:
    made = samples_output(SAMPLES, 24000, "wav")
    assert made.data is not None
    with wave.open(BytesIO(made.data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24000)
    assert samples_in(made.data) == (SAMPLES, 24000)
    bare = samples_output(SAMPLES, 24000, "pcm")
    assert (bare.data, bare.content_type, bare.duration) == (SAMPLES, "audio/pcm;rate=24000", 0.1)
    assert samples_in(SAMPLES) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "https://A.example:443", True),
        ("http://a.example", "https://a.example", False),
        ("https://a.example:444", "https://a.example", False),
        ("https://[", "https://a.example", False),
    ],
)
def test_origins_are_compared(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same


# Inputs.


def test_every_input_of_a_form_is_a_file() -> None:
    form = ended(form_of({"image": [PICTURE, PICTURE], "n": 2, "mask": PICTURE, "on": True}, max_bytes=100))
    told = [(part.name, part.file_name, part.content if isinstance(part.content, str) else "") for part in form.parts]
    pictures = [(name, "input.png", "") for name in ("image", "image", "mask")]
    assert told == [("n", None, "2"), ("on", None, "true"), *pictures]


def test_the_inputs_of_a_payload_and_their_bytes() -> None:
    assert list(media_in({"a": [PICTURE, 1], "b": {"c": (PICTURE,)}, "d": "text"})) == [PICTURE, PICTURE]
    assert body_of(Media(data=b"0123456789"), 2, 3).data == b"234"
    assert body_of(Media(data=b"0123456789")).data == b"0123456789"


# Models.


def test_names_lose_the_prefix_of_a_gateway() -> None:
    assert [without_prefix(name, ("a/", "b/")) for name in ("a/b/x", "b/x", "x")] == ["b/x", "x", "x"]


class _Fixed(Operation):
    def __init__(self, metadata: str) -> None:
        self.metadata = metadata

    def submit(self, call: Call) -> Step[Pending | Done]:
        return Done((), metadata={"from": self.metadata})
        yield


def test_models_are_sent_to_the_interface_that_they_have() -> None:
    routed = ByModel({"old-": _Fixed("old"), "old-9": _Fixed("newest"), "": _Fixed("any")}, lambda name: name.lower())
    sent = [ended(routed.submit(call(model))).metadata["from"] for model in ("OLD-1", "old-9x", "new")]
    assert sent == ["old", "newest", "any"]
    with pytest.raises(NotImplementedError):
        next(ByModel({"old-": _Fixed("old")}).submit(call("new")))
