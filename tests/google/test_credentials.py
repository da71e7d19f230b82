"""Who calls: keys of the Gemini API, and the usual credentials of Vertex AI (others: test_federation)."""

import json
import os
import traceback
from pathlib import Path
from typing import Any

import pytest
from tests.google.conftest import Studio

from tarash.tarash_gateway.exceptions import HTTPError, SubmitOutcomeUnknownError, TarashException, ValidationError
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest
from tarash.testkit.google import PROJECT, errors
from tarash.testkit.google.oauth import CLIENT, REFRESH_TOKEN
from tarash.testkit.steps import Alter, Answer

SERVICE_VARIABLES = ("CLOUDSDK_CONFIG", "GCE_METADATA_HOST", "GOOGLE_CLOUD_QUOTA_PROJECT", "NO_GCE_CHECK")


@pytest.fixture(autouse=True)
def no_machine_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in SERVICE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))


def keyless(studio: Studio, **options: Any) -> Any:
    studio.options = {}
    return studio.config(provider_config=options)


def tokens_sent(studio: Studio, operation: str) -> set[str]:
    return {request.headers["authorization"] for request in studio.google.requests(operation)}


def test_a_service_account_signs_for_a_token(vertex: Studio, tmp_path: Path) -> None:
    pytest.importorskip("google.auth")
    file = vertex.google.write_service_account(tmp_path / "account.json")
    vertex.generate(config=keyless(vertex, credentials_path=str(file)))

    (exchange,) = vertex.google.requests("token")
    assert exchange.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in exchange.headers
    assert tokens_sent(vertex, "create") == {"Bearer ya29.simulated-token-1"}
    vertex.google.ledger.assert_key_only_at(vertex.google.url, "ya29.simulated-token-1")


def test_a_user_s_login_is_refreshed(vertex: Studio, tmp_path: Path) -> None:
    file = vertex.google.write_user_login(tmp_path / "other.json", quota_project_id="payer")
    vertex.generate(config=keyless(vertex, credentials_path=str(file)))

    (exchange,) = vertex.google.requests("token")
    assert dict(exchange.form) == {"grant_type": "refresh_token", **CLIENT, "refresh_token": REFRESH_TOKEN}
    assert {request.headers["x-goog-user-project"] for request in vertex.google.requests("create")} == {"payer"}


def test_the_named_file_of_the_environment(vertex: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(vertex.google.write_user_login(tmp_path / "env.json")))
    assert vertex.generate(config=keyless(vertex)).video


def test_the_login_of_gcloud(vertex: Studio, tmp_path: Path) -> None:
    (tmp_path / "gcloud").mkdir()
    vertex.google.write_user_login(tmp_path / "gcloud" / "application_default_credentials.json")
    assert vertex.generate(config=keyless(vertex)).video


def test_the_account_of_the_machine(vertex: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GCE_METADATA_HOST", vertex.google.url.removeprefix("http://"))
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "payer")
    assert vertex.generate(config=keyless(vertex)).video

    (asked,) = vertex.google.requests("metadata")
    assert asked.headers["metadata-flavor"] == "Google"
    assert asked.query_value("scopes") == "https://www.googleapis.com/auth/cloud-platform"
    assert vertex.google.requests("create")[0].headers["x-goog-user-project"] == "payer"


def test_another_login_in_the_environment_is_another_account(
    vertex: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other"):
        login = vertex.google.write_user_login(tmp_path / f"{name}.json")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(login))
        vertex.generate(config=keyless(vertex))
    assert len(vertex.google.requests("token")) == 2


def test_what_is_no_file_is_not_waited_for(vertex: Studio, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (str(tmp_path / "pipe"), "a\0b", "~nobody-of-that-name/login.json", str(tmp_path)):
        with pytest.raises(ValidationError, match="cannot be read"):
            vertex.generate(config=keyless(vertex, credentials_path=path))
    assert not vertex.google.requests()


def test_what_a_proxy_says_of_a_paid_request_is_not_about_credentials(vertex: Studio) -> None:
    vertex.google.fail_next("create", Answer(504, json={"error": "upstream request timeout"}), charged=True)
    with pytest.raises(SubmitOutcomeUnknownError, match="upstream request timeout"):
        vertex.generate()
    assert vertex.google.ledger.total_charges == 1


def test_no_credentials_at_all(vertex: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(ValidationError, match="gcloud auth application-default login"):
        vertex.generate(config=keyless(vertex))
    assert not vertex.google.requests()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no json", "type 'None'"),
        ("[]", "type 'None'"),
        ('{"type": "external_account_authorized_user"}', "'external_account_authorized_user'; tarash reads"),
        ('{"type": "authorized_user", "client_id": "x"}', "lacks client_secret, refresh_token"),
        ('{"type": "service_account", "client_email": "a@b", "private_key": "BROKEN-SECRET"}', "private key"),
        ('{"type": "service_account", "client_email": "a@b"}', "lacks private_key"),
    ],
)
def test_files_that_cannot_be_used(vertex: Studio, tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValidationError, match=told) as caught:
        vertex.generate(config=keyless(vertex, credentials_path=str(file)))
    assert "BROKEN-SECRET" not in "".join(traceback.format_exception(caught.value))
    assert not vertex.google.requests()


def test_a_token_service_without_encryption_is_not_asked(vertex: Studio, tmp_path: Path) -> None:
    file = vertex.google.write_user_login(tmp_path / "plain.json", token_uri="http://tokens.example/token")
    with pytest.raises(ValidationError, match=r"token_uri .* is not an https link"):
        vertex.generate(config=keyless(vertex, credentials_path=str(file)))


def test_a_refused_grant_says_so(vertex: Studio, tmp_path: Path) -> None:
    file = vertex.google.write_user_login(tmp_path / "old.json", refresh_token="1//revoked-token")
    told = r"The credentials were refused: Token has been expired or revoked \(invalid_grant\)"
    with pytest.raises(HTTPError, match=told) as caught:
        vertex.generate(config=keyless(vertex, credentials_path=str(file)))
    assert not caught.value.retryable
    assert "1//revoked-token" not in "".join(traceback.format_exception(caught.value))
    assert not vertex.google.ledger.total_charges


def test_a_token_is_fetched_once_for_many_jobs(vertex: Studio) -> None:
    for _ in range(3):
        vertex.generate("image")
    assert len(vertex.google.requests("token")) == 1


def test_a_token_that_ends_during_the_wait_is_renewed_before_it_does(vertex: Studio) -> None:
    from tarash.testkit.google import Outcome

    vertex.google.next_outcome(Outcome(run_seconds=9000))
    assert vertex.generate(config=vertex.config(timeout=10_000, poll_interval=60, max_poll_attempts=1000)).video
    assert len(vertex.google.requests("token")) == 3
    assert not [
        one for one in vertex.google.tokens.issued if one not in str(vertex.google.ledger.headers_at(vertex.google.url))
    ]


def test_a_token_that_is_refused_is_renewed_once_and_the_poll_repeated(vertex: Studio) -> None:
    job = vertex.world.call("submit_video", vertex.config(), VideoGenerationRequest(prompt="a cat"))
    vertex.google.tokens.revoke_all()
    assert vertex.world.call("resume", job, vertex.config()).video
    assert len(vertex.google.requests("token")) == 2
    assert tokens_sent(vertex, "read") >= {"Bearer ya29.simulated-token-1", "Bearer ya29.simulated-token-2"}
    assert vertex.google.ledger.total_charges == 1


def test_a_submit_with_an_expired_token_is_sent_again_with_a_new_one(vertex: Studio) -> None:
    vertex.generate("image")
    vertex.google.tokens.revoke_all()
    vertex.generate("image")
    assert len(vertex.google.requests("generate")) == 3
    assert vertex.google.ledger.total_charges == 2


@pytest.mark.parametrize("world", ["sync"], indirect=True)
def test_a_stream_with_an_expired_token_is_asked_for_again_with_a_new_one(vertex: Studio) -> None:
    for _ in range(2):
        assert vertex.listen(vertex.config("tts"), text="A cat.")
        vertex.google.tokens.revoke_all()
    assert len(vertex.google.requests("stream")) == 3
    assert vertex.google.ledger.total_charges == 2


def test_an_expired_token_does_not_stop_a_download(vertex: Studio, tmp_path: Path) -> None:
    bucket = {"output_gcs_uri": "gs://films/out"}
    response = vertex.generate(config=vertex.config(provider_config=bucket))
    vertex.google.tokens.revoke_all()
    assert vertex.world.save(response, tmp_path / "film.mp4").stat().st_size


def test_tokens_that_are_always_refused_end_the_wait_with_the_job(vertex: Studio) -> None:
    vertex.google.fail_next("read", errors.unauthenticated(), times=None)
    with pytest.raises(HTTPError, match="credentials") as caught:
        vertex.generate()
    assert caught.value.status_code == 401
    assert caught.value.job is not None
    assert len(vertex.google.requests("read")) == 2


def test_an_echoed_token_is_taken_out(vertex: Studio) -> None:
    def echo(answer: Answer) -> Answer:
        return errors.rpc_error(400, "You sent ya29.simulated-token-1, did you not?")

    vertex.google.fail_next("create", Alter(echo))
    with pytest.raises(TarashException, match="redacted") as caught:
        vertex.generate()
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.raw_response)
    assert "ya29.simulated" not in shown


def test_the_project_wins_over_a_key_of_the_environment(vertex: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "AIza-of-the-environment")
    vertex.generate("image")
    assert "AIza" not in str(vertex.google.ledger.headers_at(vertex.google.url))


def test_a_key_wins_over_the_project(gemini: Studio) -> None:
    gemini.generate(config=gemini.config(provider_config={"gcp_project": PROJECT}))
    assert gemini.google.requests("create")[0].path == "/v1beta/interactions"


@pytest.mark.parametrize(
    ("environment", "sent"),
    [
        ({"GOOGLE_API_KEY": "AIza-first"}, "AIza-first"),
        ({"GEMINI_API_KEY": "AIza-second"}, "AIza-second"),
        ({"GOOGLE_API_KEY": "AIza-first", "GEMINI_API_KEY": "AIza-second"}, "AIza-first"),
    ],
)
def test_keys_of_the_environment(
    gemini: Studio, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], sent: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    gemini.google.key = sent
    gemini.generate(config=VideoGenerationConfig(provider="google", base_url=gemini.google.url))
    assert {request.headers["x-goog-api-key"] for request in gemini.google.requests("create")} == {sent}


def test_no_key_at_all_is_said_before_anything_is_sent(gemini: Studio) -> None:
    with pytest.raises(ValidationError, match="GOOGLE_API_KEY or GEMINI_API_KEY"):
        gemini.generate(config=VideoGenerationConfig(provider="google", base_url=gemini.google.url))
    assert not gemini.google.requests()


HOSTS = {
    "us-central1": "https://us-central1-aiplatform.googleapis.com",
    "europe-west4": "https://europe-west4-aiplatform.googleapis.com",
    "global": "https://aiplatform.googleapis.com",
    "us": "https://aiplatform.us.rep.googleapis.com",
    "eu": "https://aiplatform.eu.rep.googleapis.com",
}


@pytest.mark.parametrize(("location", "host"), HOSTS.items())
def test_hosts_of_the_locations(location: str, host: str) -> None:
    from tarash.providers.google import GoogleProvider

    options = {"gcp_project": PROJECT, "location": location}
    assert GoogleProvider().default_base_url(VideoGenerationConfig(provider="google", provider_config=options)) == host
    keyed = VideoGenerationConfig(provider="google", api_key="k", provider_config=options)
    assert GoogleProvider().default_base_url(keyed) == GoogleProvider.base_url


def test_the_path_names_project_and_location(vertex: Studio) -> None:
    vertex.generate(config=vertex.config(api_version="v1", provider_config={"location": "global"}))
    (created,) = vertex.google.requests("create")
    assert created.path == f"/v1/projects/{PROJECT}/locations/global/interactions"
    vertex.generate("image")
    (made,) = vertex.google.requests("generate")
    place = f"/v1beta1/projects/{PROJECT}/locations/us-central1/publishers/google/models"
    assert made.path == f"{place}/gemini-3.1-flash-image:generateContent"


def test_jobs_hold_no_secret(vertex: Studio) -> None:
    job = vertex.world.call("submit_video", vertex.config(), VideoGenerationRequest(prompt="a cat"))
    text = json.dumps(json.loads(job.to_json()))
    for secret in (*vertex.google.tokens.issued, REFRESH_TOKEN, CLIENT["client_secret"]):
        assert secret not in text
