"""What the simulator publishes about its endpoints, and its webhooks."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tarash.testkit.clock import START_WALL, VirtualClock
from tarash.testkit.fal import FalSimulator, Outcome, SignedWebhook
from tarash.testkit.fal.errors import ingress_error, request_error
from tarash.testkit.server import ScriptedServer

Ask = Callable[..., Any]
SCHEMA = {"properties": {"prompt": {"type": "string"}}, "required": ["prompt"], "x-fal-order-properties": ["prompt"]}


def document_of(fal: FalSimulator, ask: Ask, endpoint: str) -> Any:
    return ask("GET", f"{fal.openapi_url}/api/openapi/queue/openapi.json?endpoint_id={endpoint}", key=None)


def resolve(document: Any, reference: dict[str, str]) -> Any:
    for step in reference["$ref"].removeprefix("#/").split("/"):
        document = document[step]
    return document


def test_an_endpoint_has_an_openapi_document(fal: FalSimulator, ask: Ask) -> None:
    endpoint = "fal-ai/kling-video/v2.6/pro/text-to-video"
    fal.register_endpoint(endpoint, SCHEMA, schemas={"Extra": {"type": "object"}})
    reply = document_of(fal, ask, endpoint)
    document = reply.json
    assert reply.status == 200
    assert document["openapi"] == "3.0.4"
    assert document["info"]["x-fal-metadata"] == {"endpointId": endpoint, "category": "text-to-video"}
    body = document["paths"][f"/{endpoint}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert resolve(document, body)["properties"] == SCHEMA["properties"]
    assert resolve(document, body)["required"] == ["prompt"]
    result = document["paths"][f"/{endpoint}/requests/{{request_id}}"]["get"]["responses"]["200"]
    assert resolve(document, result["content"]["application/json"]["schema"])["required"] == ["video"]
    status = document["paths"][f"/{endpoint}/requests/{{request_id}}/status"]["get"]["responses"]["200"]
    assert "queue_position" in resolve(document, status["content"]["application/json"]["schema"])["properties"]
    assert "put" in document["paths"][f"/{endpoint}/requests/{{request_id}}/cancel"]
    assert document["components"]["schemas"]["Extra"] == {"type": "object"}
    assert body["$ref"].endswith("/KlingVideoV26ProTextToVideoInput")


@pytest.mark.parametrize(("kind", "field"), [("image", "images"), ("audio", "audio"), ("video", "video")])
def test_the_output_is_described_by_kind_or_as_given(fal: FalSimulator, ask: Ask, kind: Any, field: str) -> None:
    fal.register_endpoint("a/model", SCHEMA, kind=kind)
    assert field in document_of(fal, ask, "a/model").json["components"]["schemas"]["ModelOutput"]["properties"]
    fal.register_endpoint("a/model", SCHEMA, output_schema={"properties": {"own": {}}})
    assert "own" in document_of(fal, ask, "a/model").json["components"]["schemas"]["ModelOutput"]["properties"]


def test_without_a_schema_there_is_no_document(fal: FalSimulator, ask: Ask) -> None:
    fal.register_endpoint("a/schemaless")
    assert document_of(fal, ask, "a/schemaless").status == 404
    assert document_of(fal, ask, "a/unheard-of").status == 404


def test_the_model_list_has_pages_and_states(fal: FalSimulator, ask: Ask) -> None:
    for number in range(5):
        fal.register_endpoint(f"a/model-{number}", SCHEMA, status="deprecated" if number == 4 else "active")
    url = f"{fal.platform_url}/v1/models"
    first = ask("GET", f"{url}?limit=2&status=active").json
    assert [entry["endpoint_id"] for entry in first["models"]] == ["a/model-0", "a/model-1"]
    assert first["has_more"]
    second = ask("GET", f"{url}?limit=2&status=active&cursor={first['next_cursor']}").json
    assert [entry["endpoint_id"] for entry in second["models"]] == ["a/model-2", "a/model-3"]
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    [old] = ask("GET", f"{url}?endpoint_id=a/model-4&expand=openapi-3.0").json["models"]
    assert old["metadata"]["status"] == "deprecated"
    assert old["openapi"]["openapi"] == "3.0.4"
    assert "openapi" not in ask("GET", f"{url}?endpoint_id=a/model-4").json["models"][0]


def test_prices(fal: FalSimulator, ask: Ask) -> None:
    fal.register_endpoint("a/model")
    reply = ask("GET", f"{fal.platform_url}/v1/models/pricing?endpoint_id=a/model&endpoint_id=a/other").json
    assert [(price["endpoint_id"], price["currency"]) for price in reply["prices"]] == [("a/model", "USD")]


def verify(hook: SignedWebhook, jwks: Any) -> None:
    """What fal's documentation tells receivers to do. Raises InvalidSignature."""
    [key] = jwks["keys"]
    public = base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4))
    names = ("Request-Id", "User-Id", "Timestamp")
    lines = [hook.headers[f"X-Fal-Webhook-{name}"] for name in names]
    message = "\n".join([*lines, hashlib.sha256(hook.body).hexdigest()]).encode()
    signature = bytes.fromhex(hook.headers["X-Fal-Webhook-Signature"])
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)


def submit(fal: FalSimulator, ask: Ask, url: str = "http://receiver.invalid/hook?x=1") -> str:
    reply = ask("POST", f"{fal.queue_url}/fal-ai/veo3?fal_webhook={url}", {"prompt": "a cat"})
    return str(reply.json["request_id"])


def test_a_webhook_is_signed(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    job_id = submit(fal, ask)
    clock.advance(5)
    hook = fal.webhook(job_id)
    jwks = ask("GET", f"{fal.rest_url}/.well-known/jwks.json", key=None).json
    verify(hook, jwks)
    with pytest.raises(InvalidSignature):
        verify(hook.altered(hook.body.replace(b"OK", b"KO")), jwks)
    assert hook.url == "http://receiver.invalid/hook?x=1"
    assert hook.headers["X-Fal-Webhook-Timestamp"] == str(int(START_WALL + 5))
    assert fal.webhook(job_id, age=400).headers["X-Fal-Webhook-Timestamp"] == str(int(START_WALL + 5 - 400))


def test_a_webhook_is_delivered(fal: FalSimulator, ask: Ask, clock: VirtualClock, server: ScriptedServer) -> None:
    job_id = submit(fal, ask, f"{server.url}/hook?x=1")
    clock.advance(5)
    assert fal.webhook(job_id).deliver() == 200
    [delivered] = server.requests
    assert (delivered.method, delivered.raw_target) == ("POST", "/hook?x=1")
    body = delivered.json
    assert (body["request_id"], body["gateway_request_id"], body["status"]) == (job_id, job_id, "OK")
    assert ask("GET", body["payload"]["video"]["url"], key=None).status == 200


@pytest.mark.parametrize(
    ("failure", "payload"),
    [
        (request_error("internal_error", "broken"), {"detail": "broken", "error_type": "internal_error"}),
        (ingress_error(), None),
    ],
)
def test_a_webhook_tells_of_failures(
    fal: FalSimulator, ask: Ask, clock: VirtualClock, server: ScriptedServer, failure: Any, payload: Any
) -> None:
    fal.next_outcome(Outcome(failure=failure))
    job_id = submit(fal, ask, f"{server.url}/hook")
    clock.advance(5)
    fal.webhook(job_id).deliver()
    body = server.requests[0].json
    assert (body["status"], body["payload"]) == ("ERROR", payload)
    assert body["error"]


def test_there_is_not_always_a_webhook(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    unfinished = submit(fal, ask)
    without = ask("POST", f"{fal.queue_url}/fal-ai/veo3", {}).json["request_id"]
    with pytest.raises(ValueError, match="webhook"):
        fal.webhook(unfinished)
    clock.advance(5)
    with pytest.raises(ValueError, match="webhook"):
        fal.webhook(without)
    assert fal.webhook(unfinished).body
