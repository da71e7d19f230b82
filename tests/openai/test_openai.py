"""What is OpenAI's own: organisations and projects, the environment, webhooks, and names of models."""

from typing import Any

import pytest
from tests.openai.desk import Desk

from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    JobRejectedError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.models import AudioGenerationConfig, STSRequest
from tarash.testkit.ledger import Ledger
from tarash.testkit.openai import VideoOutcome, webhooks

SECRET: dict[str, Any] = {"provider_config": {"webhook_secret": webhooks.SECRET}}


def test_the_environment_is_read_as_the_sdk_does(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{desk.vendor.base_url}/")
    monkeypatch.setenv("OPENAI_API_KEY", f" {desk.vendor.key} ")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj_1")
    response = desk.generate("video", base_url=None, api_key=None)
    desk.world.save(response, tmp_path / "video")
    requests = desk.vendor.requests()
    assert requests[-1].path.endswith("/content")
    told = {(one.headers["openai-organization"], one.headers["openai-project"]) for one in requests}
    assert told == {("org-1", "proj_1")}


def test_what_the_code_says_wins_over_the_environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    desk.generate("image", provider_config={"organization": "org-2"})
    assert desk.vendor.requests()[0].headers["openai-organization"] == "org-2"


def test_without_a_model_the_current_one_is_used_and_named(desk: Desk) -> None:
    response = desk.generate("image", model=None)
    assert desk.vendor.requests()[0].json["model"] == "gpt-image-2.5-sunburst"
    assert response.execution_metadata.attempts[0].model == "gpt-image-2.5-sunburst"
    assert desk.generate("tts", model=None).status == "completed"


@pytest.mark.parametrize(
    ("kind", "changes", "problem"),
    [
        ("video", {"model": None}, "Name a model: openai has no default for video"),
        ("image", {"provider_config": {"deployment": "x"}}, "openai does not know: deployment"),
        ("image", {"provider_config": {"mask_form": "black"}}, "white, transparent"),
        ("image", {"provider_config": {"project": "a\nb"}}, "plain text in one line"),
        ("image", {"api_key": None}, "OPENAI_API_KEY"),
        ("image", {"base_url": "http://api.example/v1"}, "in the clear"),
    ],
)
def test_wrong_settings_are_found_before_anything_is_sent(
    desk: Desk, kind: str, changes: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(kind, **changes)
    assert desk.vendor.server.requests.total == 0


def test_there_is_no_speech_to_speech(desk: Desk) -> None:
    config = AudioGenerationConfig(provider="openai", model="tts-1", api_key="x")
    with pytest.raises(UnsupportedOperationError) as caught:
        desk.world.call("generate_sts", config, STSRequest(audio="https://example.com/a.mp3", voice_id="alloy"))
    assert isinstance(caught.value, NotImplementedError)


# Webhooks.


def test_a_signed_webhook_finishes_the_job(desk: Desk, ledger: Ledger, tmp_path: Any) -> None:
    job = desk.submit("video")
    desk.vendor.clock.advance(100)
    message = desk.vendor.webhook(job.provider_ids[0])
    response = receive(desk, job, message.headers, message.body)
    assert desk.world.save(response, tmp_path / "video").suffix == ".mp4"
    assert (ledger.posts, ledger.polls) == (1, 1)


def receive(desk: Desk, job: Any, headers: dict[str, str], body: bytes, **changes: Any) -> Any:
    return desk.ask("receive_webhook", job, headers, body, **{**SECRET, **changes})


def test_the_secret_may_stand_in_the_environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_WEBHOOK_SECRET", desk.vendor.webhook_secret)
    job = desk.submit("video")
    desk.vendor.clock.advance(100)
    message = desk.vendor.webhook(job.provider_ids[0])
    assert receive(desk, job, message.headers, message.body, provider_config={}).status == "completed"


def test_a_webhook_of_a_failed_video_tells_the_failure(desk: Desk) -> None:
    desk.vendor.next_video(VideoOutcome(error={"code": "moderation_blocked", "message": "Blocked."}))
    job = desk.submit("video")
    desk.vendor.clock.advance(100)
    message = desk.vendor.webhook(job.provider_ids[0])
    with pytest.raises(ContentModerationError, match="Blocked"):
        receive(desk, job, message.headers, message.body)


@pytest.mark.parametrize("forgery", ["body", "signature", "old", "new", "no header", "no number", "other secret"])
def test_a_forged_webhook_is_refused_before_any_request(desk: Desk, forgery: str) -> None:
    job = desk.submit("video")
    desk.vendor.clock.advance(100)
    age = {"old": 301.0, "new": -301.0}.get(forgery, 0.0)
    message = desk.vendor.webhook(job.provider_ids[0], age=age)
    headers, body, options = dict(message.headers), message.body, SECRET["provider_config"]
    if forgery == "body":
        body += b" "
    if forgery == "signature":
        headers["webhook-signature"] = "v1,AAAA v2,%%% nonsense"
    if forgery == "no header":
        del headers["webhook-id"]
    if forgery == "no number":
        headers["webhook-timestamp"] = "soon"
    if forgery == "other secret":
        options = {"webhook_secret": "whsec_AAAA"}
    asked = desk.vendor.server.requests.total
    with pytest.raises(JobRejectedError):
        receive(desk, job, headers, body, provider_config=options)
    assert desk.vendor.server.requests.total == asked


def test_a_webhook_of_another_job_is_refused(desk: Desk) -> None:
    first, second = desk.submit("video"), desk.submit("video")
    desk.vendor.clock.advance(100)
    message = desk.vendor.webhook(second.provider_ids[0])
    with pytest.raises(JobRejectedError, match="another job"):
        receive(desk, first, message.headers, message.body)


@pytest.mark.parametrize("secret", [None, "whsec_%%%"])
def test_a_webhook_without_a_usable_secret_is_a_mistake_of_the_caller(desk: Desk, secret: str | None) -> None:
    job = desk.submit("video")
    desk.vendor.clock.advance(100)
    message = desk.vendor.webhook(job.provider_ids[0])
    with pytest.raises(ValidationError, match="secret"):
        receive(desk, job, message.headers, message.body, provider_config={"webhook_secret": secret} if secret else {})
