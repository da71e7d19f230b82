"""Finishing a job from fal's signed webhook, and refusing all that only looks like one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fal.desk import KINDS, Desk

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    GenerationFailedError,
    HTTPConnectionError,
    HTTPError,
    JobRejectedError,
    PartialResultError,
    ProtocolError,
    TarashException,
    ValidationError,
)
from tarash.tarash_gateway.models import Job
from tarash.testkit.fal import FalSimulator, Outcome, SignedWebhook, errors
from tarash.testkit.fal.webhooks import WebhookSigner
from tarash.testkit.steps import Answer, Reset, Step, alter_json

pytest.importorskip("cryptography")

HOOK = {"webhook_url": "https://me.example/hook"}


def submitted(desk: Desk, kind: str = "video", **fields: Any) -> Job:
    """A job with a webhook, that has ended meanwhile."""
    job = desk.submit(kind, desk.request(kind, **fields), options=HOOK)
    desk.clock.advance(10)
    return job


def receive(desk: Desk, job: Job, message: SignedWebhook) -> Any:
    return desk.ask("receive_webhook", job, message.headers, message.body)


def message_of(desk: Desk, number: int = 0, age: float = 0.0) -> SignedWebhook:
    return desk.fal.webhook(desk.fal.jobs[number].id, age=age)


@pytest.mark.parametrize("kind", KINDS)
def test_a_webhook_finishes_the_job_without_polling(desk: Desk, kind: str, tmp_path: Path) -> None:
    job = submitted(desk, kind)
    response = receive(desk, job, message_of(desk))
    assert not desk.fal.requests("status")
    assert not desk.fal.requests("result")
    assert response.job.provider_ids == desk.ledger.charged_jobs
    assert desk.save(response, tmp_path / "made").stat().st_size
    assert (desk.submits, desk.charges) == (1, 1)


def test_the_keys_are_fetched_without_ours_and_kept(desk: Desk) -> None:
    job = submitted(desk)
    for _ in range(2):
        receive(desk, job, message_of(desk))
    [keys] = desk.fal.requests("jwks")
    assert (keys.origin, keys.path) == (desk.fal.rest_url, "/.well-known/jwks.json")
    assert "authorization" not in keys.headers


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
def test_header_names_come_in_any_case(desk: Desk, spell: Callable[[str], str]) -> None:
    job, message = submitted(desk), message_of(desk)
    headers = {spell(name): value for name, value in message.headers.items()}
    assert receive(desk, job, replace(message, headers=headers)).video


@pytest.mark.parametrize("age", [299, -299, 0])
def test_clocks_may_differ_a_little(desk: Desk, age: float) -> None:
    job = submitted(desk)
    assert receive(desk, job, message_of(desk, age=age)).video


# --- what is not fal's


def changed(name: str, value: str) -> Callable[[SignedWebhook], SignedWebhook]:
    header = f"X-Fal-Webhook-{name}"
    return lambda message: replace(message, headers={**message.headers, header: value})


def without(name: str) -> Callable[[SignedWebhook], SignedWebhook]:
    header = f"X-Fal-Webhook-{name}"
    return lambda message: replace(message, headers={one: v for one, v in message.headers.items() if one != header})


def by_a_stranger(message: SignedWebhook) -> SignedWebhook:
    return WebhookSigner().sign(message.url, json.loads(message.body), 2_000_000_010)


FORGED: dict[str, Callable[[SignedWebhook], SignedWebhook]] = {
    "another body": lambda message: message.altered(message.body.replace(b"OK", b"ERROR")),
    "one byte more": lambda message: message.altered(message.body + b" "),
    "no body": lambda message: message.altered(b""),
    "signed by a stranger": by_a_stranger,
    "signature of zeros": changed("Signature", "00" * 64),
    "signature too short": changed("Signature", "ab"),
    "signature not hexadecimal": changed("Signature", "zz" * 64),
    "signature in base64": changed("Signature", "q" * 86 + "=="),
    "another request": changed("Request-Id", "another"),
    "another user": changed("User-Id", "another"),
    "a moment later": changed("Timestamp", "2000000011"),
    **{f"timestamp {text[:6]!r}": changed("Timestamp", text) for text in ("now", "", "1e9", "nan", "9" * 400, "-1")},
    **{f"without {name}": without(name) for name in ("Signature", "Timestamp", "User-Id", "Request-Id")},
    "no headers": lambda message: replace(message, headers={}),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_forged_message_is_refused(desk: Desk, forgery: str) -> None:
    job = submitted(desk)
    with desk.failing(JobRejectedError) as caught:
        receive(desk, job, FORGED[forgery](message_of(desk)))
    assert caught[0].job == job
    assert not caught[0].retryable
    assert not desk.fal.requests("status")
    assert desk.ask("resume", job).video


@pytest.mark.parametrize("age", [301, 3600, 86400 * 365, -301])
def test_a_replayed_message_is_refused(desk: Desk, age: float) -> None:
    job = submitted(desk)
    with desk.failing(JobRejectedError):
        receive(desk, job, message_of(desk, age=age))


def test_a_message_about_another_job_is_refused(desk: Desk) -> None:
    job, _ = submitted(desk), submitted(desk)
    with desk.failing(JobRejectedError) as caught:
        receive(desk, job, message_of(desk, 1))
    assert "another job" in caught[0].message


@pytest.mark.parametrize(
    "payload",
    [
        {"status": "OK", "payload": {"video": {"url": "https://media.example/a.mp4"}}},
        {"request_id": None, "status": "OK", "payload": {"video": {"url": "https://media.example/a.mp4"}}},
        {"request_id": ["x"], "gateway_request_id": {}, "status": "OK"},
    ],
)
def test_a_message_about_no_job_is_refused(desk: Desk, payload: dict[str, Any]) -> None:
    job = submitted(desk)
    with desk.failing(JobRejectedError):
        receive(desk, job, signed(desk.fal, payload))


def signed(fal: FalSimulator, payload: dict[str, Any]) -> SignedWebhook:
    """A message that fal itself signs, whatever it says."""
    signer: WebhookSigner = fal._signer  # noqa: SLF001 - fal would never send these
    return signer.sign("https://me.example/hook", {"request_id": "", **payload}, fal.clock.wall())


def test_the_gateways_id_is_as_good(desk: Desk) -> None:
    job = submitted(desk)
    payload = {"video": {"url": "https://media.example/a.mp4"}}
    told = {"request_id": "x", "gateway_request_id": job.provider_ids[0], "status": "OK", "payload": payload}
    assert receive(desk, job, signed(desk.fal, told)).video == "https://media.example/a.mp4"


# --- failed jobs

FAILURES: dict[str, tuple[Answer, type[TarashException]]] = {
    "policy": (errors.model_error("content_policy_violation"), ContentModerationError),
    "input": (errors.model_error("image_too_small"), ValidationError),
    "model": (errors.model_error("downstream_service_error"), GenerationFailedError),
    "no media": (errors.model_error("no_media_generated"), GenerationFailedError),
    "runner": (errors.request_error("runner_server_error"), GenerationFailedError),
    "time": (errors.request_error("startup_timeout"), GenerationFailedError),
    "no JSON": (Answer(500, body="oops"), GenerationFailedError),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_job(desk: Desk, failure: str) -> None:
    answer, expected = FAILURES[failure]
    desk.fal.next_outcome(Outcome(failure=answer))
    job = submitted(desk)
    with desk.failing(expected) as caught:
        receive(desk, job, message_of(desk))
    assert caught[0].job is not None
    assert caught[0].raw_response
    assert not desk.fal.requests("status")


FAILED_MESSAGES: list[tuple[dict[str, Any], type[TarashException]]] = [
    ({"error": "Invalid status code: 422", "payload": {"detail": [{"msg": "m", "type": "missing"}]}}, ValidationError),
    ({"error": "Invalid status code: 422", "payload": {"detail": "Bad prompt"}}, ValidationError),
    ({"error": "Invalid status code: 500", "payload": {"detail": "CUDA out of memory"}}, GenerationFailedError),
    ({"payload_error": "The payload is no JSON", "payload": None}, GenerationFailedError),
    ({"error": "Request was cancelled"}, GenerationFailedError),
    ({}, GenerationFailedError),
]


@pytest.mark.parametrize(("told", "expected"), FAILED_MESSAGES)
def test_what_a_failure_is_called(desk: Desk, told: dict[str, Any], expected: type[TarashException]) -> None:
    job = submitted(desk)
    with desk.failing(expected):
        receive(desk, job, signed(desk.fal, {"request_id": job.provider_ids[0], "status": "ERROR", **told}))


@pytest.mark.parametrize("payload", [None, [], "text", 7])
def test_a_message_that_makes_no_sense_keeps_the_job(desk: Desk, payload: Any) -> None:
    job = submitted(desk)
    with desk.failing(ProtocolError) as caught:
        receive(desk, job, signed(desk.fal, {"request_id": job.provider_ids[0], "status": "OK", "payload": payload}))
    assert caught[0].job == job
    assert desk.ask("resume", job).video


# --- several jobs for one result


def test_the_other_parts_are_waited_for(desk: Desk) -> None:
    job = submitted(desk, number_of_videos=3)
    response = receive(desk, job, message_of(desk, 1))
    assert len(response.videos) == 3
    asked = {request.path.split("/")[4] for request in desk.fal.requests("status")}
    assert asked == {desk.fal.jobs[0].id, desk.fal.jobs[2].id}


def test_one_part_has_failed(desk: Desk) -> None:
    desk.fal.next_outcome(Outcome(failure=errors.model_error("no_media_generated")))
    job = submitted(desk, number_of_videos=2)
    with desk.failing(PartialResultError) as caught:
        receive(desk, job, message_of(desk, 0))
    assert len(caught[0].response.videos) == 1


# --- the keys

UNREACHABLE: dict[str, tuple[Step, type[TarashException]]] = {
    "down": (Answer(503), HTTPError),
    "reset": (Reset(), HTTPConnectionError),
    "a page": (Answer(body="<html>please log in</html>"), ProtocolError),
    "a list": (Answer(json=[]), ProtocolError),
}


@pytest.mark.parametrize("fault", UNREACHABLE)
def test_without_keys_nothing_is_believed_and_nothing_lost(desk: Desk, fault: str) -> None:
    step, expected = UNREACHABLE[fault]
    job = submitted(desk)
    script = desk.fal.fail_next("jwks", step, times=None)
    with desk.failing(expected) as caught:
        receive(desk, job, message_of(desk))
    assert caught[0].job == job
    script.remaining = 0
    # What was answered instead of the keys is not kept.
    assert receive(desk, job, message_of(desk)).video


NO_KEYS: list[Any] = [[], None, {}, "text", [None, 1, {}], [{"x": 5}], [{"x": "!"}], [{"x": "AAAA"}]]


@pytest.mark.parametrize("keys", NO_KEYS)
def test_keys_of_another_shape_fit_nothing(desk: Desk, keys: Any) -> None:
    job = submitted(desk)
    desk.fal.fail_next("jwks", Answer(json={"keys": keys}))
    with desk.failing(JobRejectedError):
        receive(desk, job, message_of(desk))


def test_one_of_several_keys_may_fit(desk: Desk) -> None:
    job = submitted(desk)
    other = WebhookSigner().jwks()["keys"]
    desk.fal.fail_next("jwks", alter_json(lambda body: {"keys": [*other, {"x": "AAAA"}, *body["keys"]]}))
    assert receive(desk, job, message_of(desk)).video
