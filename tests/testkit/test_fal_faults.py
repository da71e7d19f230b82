"""Every error of fal, and every fault that can be scripted into its operations."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import FalSimulator, Outcome, errors
from tarash.testkit.ledger import Ledger
from tarash.testkit.steps import Answer, CutBody, Delay, Normal, Reset, alter_json

KLING = "fal-ai/kling-video/v3/pro/text-to-video"
Ask = Callable[..., Any]

MODEL_ERRORS = {
    "content_policy_violation": 422,
    "no_media_generated": 422,
    "file_too_large": 422,
    "generation_timeout": 504,
    "internal_server_error": 500,
    "downstream_service_error": 500,
    "downstream_service_unavailable": 500,
}
REQUEST_ERRORS = {
    "request_timeout": 504,
    "startup_timeout": 504,
    "runner_scheduling_failure": 503,
    "runner_connection_timeout": 503,
    "runner_disconnected": 503,
    "runner_incomplete_response": 502,
    "runner_server_error": 500,
    "client_cancelled": 499,
    "bad_request": 400,
    "internal_error": 500,
}


def failing(fal: FalSimulator, ask: Ask, failure: Answer, **more: Any) -> tuple[dict[str, Any], Any]:
    """Status and result of a job that fails like this."""
    fal.next_outcome(Outcome(failure=failure, queue_seconds=0, run_seconds=0, **more))
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
    status = ask("GET", job["status_url"])
    assert (status.status, status.json["status"]) == (200, "COMPLETED"), "fal has no FAILED"
    return status.json, ask("GET", job["response_url"])


@pytest.mark.parametrize(("kind", "code"), MODEL_ERRORS.items())
def test_model_errors(fal: FalSimulator, ask: Ask, kind: str, code: int) -> None:
    status, result = failing(fal, ask, errors.model_error(kind, "no", context={"extra_info": {"reason": "x"}}))
    assert result.status == code
    [detail] = result.json["detail"]
    assert (detail["type"], detail["msg"], detail["loc"]) == (kind, "no", ["body", "prompt"])
    assert detail["ctx"] == {"extra_info": {"reason": "x"}}
    assert result.headers["x-fal-request-id"] == status["request_id"]
    assert status["error"] == f"Unexpected status code: {code}"


@pytest.mark.parametrize("retryable", [True, False])
def test_model_errors_may_say_whether_to_retry(fal: FalSimulator, ask: Ask, retryable: bool) -> None:
    _, result = failing(fal, ask, errors.model_error("internal_server_error", retryable=retryable))
    assert result.headers["x-fal-retryable"] == str(retryable).lower()


@pytest.mark.parametrize(("kind", "code"), REQUEST_ERRORS.items())
def test_request_errors(fal: FalSimulator, ask: Ask, kind: str, code: int) -> None:
    status, result = failing(fal, ask, errors.request_error(kind, "it failed"))
    assert (result.status, result.json) == (code, {"detail": "it failed", "error_type": kind})
    assert result.headers["x-fal-error-type"] == kind
    assert (status["error"], status["error_type"]) == ("it failed", kind)


def test_a_failure_may_show_only_in_the_result(fal: FalSimulator, ask: Ask) -> None:
    status, result = failing(fal, ask, errors.model_error("content_policy_violation"), tell_error=False)
    assert "error" not in status
    assert result.status == 422


@pytest.mark.parametrize(
    ("answer", "code", "text"),
    [
        (errors.unauthorized(), 401, "Authentication"),
        (errors.exhausted_balance(), 403, "Exhausted balance"),
        (errors.forbidden(), 403, "denied"),
        (errors.not_found(), 404, "not found"),
        (errors.rate_limited("7"), 429, "Too many"),
    ],
)
def test_gateway_errors(fal: FalSimulator, ask: Ask, book: Ledger, answer: Answer, code: int, text: str) -> None:
    fal.fail_next("submit", answer)
    reply = ask("POST", f"{fal.queue_url}/{KLING}", {})
    assert reply.status == code
    assert text in reply.json["detail"]
    assert reply.headers.get("retry-after") == ("7" if code == 429 else None)
    assert book.total_charges == 0


def test_other_shapes_of_errors(fal: FalSimulator, ask: Ask) -> None:
    _, old = failing(fal, ask, errors.legacy_error("bad", 1234))
    assert (old.status, old.json) == (400, {"error": {"message": "bad", "code": 1234}})
    status, page = failing(fal, ask, errors.ingress_error(503))
    assert (page.status, page.headers["content-type"]) == (503, "text/html")
    assert b"nginx" in page.body
    assert status["error"] == "Unexpected status code: 503"
    assert errors.rate_limited().header("retry-after") is None


def test_a_call_fails_like_a_job(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    fal.next_outcome(Outcome(failure=errors.model_error("content_policy_violation"), run_seconds=1))
    before = clock.monotonic()
    assert ask("POST", f"{fal.run_url}/{KLING}", {}).status == 422
    assert clock.monotonic() == before + 3


SCHEMA = {
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string"},
        "duration": {"type": "string", "enum": ["5", "10"]},
        "cfg_scale": {"type": "number", "minimum": 0, "maximum": 1},
        "seed": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "loop": {"type": "boolean"},
        "image": {"$ref": "#/components/schemas/Image"},
    },
}


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ({"prompt": "a cat"}, []),
        ({"prompt": "a", "duration": "5", "cfg_scale": 1, "seed": None, "loop": True, "unheard_of": 1}, []),
        ({"prompt": "a", "seed": 7, "cfg_scale": 0.5, "image": {"url": "x"}}, []),
        ({}, [("prompt", "missing")]),
        ({"prompt": 1}, [("prompt", "string_type")]),
        ({"prompt": "a", "duration": 5}, [("duration", "string_type")]),
        ({"prompt": "a", "duration": "6"}, [("duration", "literal_error")]),
        ({"prompt": "a", "cfg_scale": 1.1}, [("cfg_scale", "less_than_equal")]),
        ({"prompt": "a", "cfg_scale": -1}, [("cfg_scale", "greater_than_equal")]),
        ({"prompt": "a", "cfg_scale": True}, [("cfg_scale", "number_type")]),
        ({"prompt": "a", "loop": 1}, [("loop", "boolean_type")]),
        ({"seed": "x"}, [("prompt", "missing"), ("seed", "integer_type")]),
    ],
)
def test_inputs_are_checked_after_the_queue(
    fal: FalSimulator, ask: Ask, clock: VirtualClock, arguments: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    fal.register_endpoint("a/model", SCHEMA)
    reply = ask("POST", f"{fal.queue_url}/a/model", arguments)
    assert reply.status == 200
    clock.advance(5)
    result = ask("GET", reply.json["response_url"])
    assert result.status == (422 if wrong else 200)
    if wrong:
        assert [(detail["loc"][1], detail["type"]) for detail in result.json["detail"]] == wrong


def test_faults_can_be_scripted_into_every_operation(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
    clock.advance(5)
    output = ask("GET", job["response_url"]).json
    schema_url = f"{fal.openapi_url}/api/openapi/queue/openapi.json?endpoint_id=a/model"
    fal.register_endpoint("a/model", SCHEMA)
    initiate = f"{fal.rest_url}/storage/upload/initiate?storage_type=fal-cdn-v3"
    signed = ask("POST", initiate, {"file_name": "x", "content_type": "text/plain"}).json["upload_url"]
    requests = {
        "submit": ("POST", f"{fal.queue_url}/{KLING}", {}),
        "status": ("GET", job["status_url"], None),
        "stream": ("GET", job["status_url"] + "/stream", None),
        "result": ("GET", job["response_url"], None),
        "cancel": ("PUT", job["cancel_url"], None),
        "run": ("POST", f"{fal.run_url}/{KLING}", {}),
        "run_stream": ("POST", f"{fal.run_url}/{KLING}/stream", {}),
        "token": ("POST", f"{fal.rest_url}/storage/auth/token?storage_type=fal-cdn-v3", {}),
        "initiate": ("POST", initiate, {"file_name": "x", "content_type": "text/plain"}),
        "upload": ("PUT", signed, b"x"),
        "download": ("GET", output["video"]["url"], None),
        "openapi": ("GET", schema_url, None),
        "models": ("GET", f"{fal.platform_url}/v1/models", None),
        "pricing": ("GET", f"{fal.platform_url}/v1/models/pricing?endpoint_id=a/model", None),
        "jwks": ("GET", f"{fal.rest_url}/.well-known/jwks.json", None),
    }
    for operation in requests:
        fal.fail_next(operation, Answer(599))
    for operation, (method, url, body) in requests.items():
        assert ask(method, url, body).status == 599, operation
        assert ask(method, url, body).status in (200, 400), operation
    assert fal.scripts.unplayed == []


def test_an_unknown_operation_cannot_fail(fal: FalSimulator) -> None:
    with pytest.raises(ValueError, match="none of"):
        fal.fail_next("sumbit", Reset())


def test_an_answer_can_be_lost_before_or_after_the_charge(fal: FalSimulator, ask: Ask, book: Ledger) -> None:
    fal.fail_next("submit", Reset())
    with pytest.raises(ConnectionResetError):
        ask("POST", f"{fal.queue_url}/{KLING}", {})
    assert (book.posts, book.total_charges, fal.jobs) == (1, 0, [])

    fal.fail_next("submit", Reset(), charged=True)
    with pytest.raises(ConnectionResetError):
        ask("POST", f"{fal.queue_url}/{KLING}", {})
    assert (book.posts, book.total_charges, len(fal.jobs)) == (2, 1, 1)


def test_an_answer_can_be_cut_late_or_changed(
    fal: FalSimulator, ask: Ask, clock: VirtualClock, book: Ledger, connect: Callable[..., socket.socket]
) -> None:
    fal.fail_next("submit", CutBody(10))
    peer = connect(fal.server)
    body = b"POST /a/model HTTP/1.1\r\nHost: x\r\nAuthorization: Key %b\r\nContent-Length: 2\r\n\r\n{}"
    peer.sendall(body % fal.key.encode())
    said = b""
    while piece := peer.recv(4096):
        said += piece
    assert len(said.split(b"\r\n\r\n", 1)[1]) == 10
    assert book.total_charges == 1

    fal.fail_next("submit", alter_json(lambda body: {**body, "status_url": "http://elsewhere.invalid/"}))
    assert ask("POST", f"{fal.queue_url}/a/model", {}).json["status_url"] == "http://elsewhere.invalid/"
    fal.fail_next("submit", Delay(60), Normal())
    before = clock.monotonic()
    assert ask("POST", f"{fal.queue_url}/a/model", {}).status == 200
    assert clock.monotonic() == before + 60
    assert book.total_charges == 3


def test_a_fault_can_last(fal: FalSimulator, ask: Ask) -> None:
    job = ask("POST", f"{fal.queue_url}/{KLING}", {}).json
    fal.fail_next("status", errors.ingress_error(), times=2)
    assert [ask("GET", job["status_url"]).status for _ in range(3)] == [502, 502, 202]
    fal.fail_next("status", Answer(500), times=None)
    assert {ask("GET", job["status_url"]).status for _ in range(5)} == {500}
