"""What is Azure's own: addresses, versions, deployments and credentials."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest
from tests.openai.desk import Desk
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import HTTPError, JobRejectedError, TarashException, ValidationError
from tarash.testkit.clock import VirtualClock
from tarash.testkit.ledger import Ledger
from tarash.testkit.openai import OpenAISimulator, errors

DATED = "2025-04-01-preview"
TOKEN = "entra-token-abcdef"
V1_IMAGE, V1_VIDEO = "/openai/v1/images/generations", "/openai/v1/videos"
DATED_IMAGE = "/openai/deployments/gpt-image-2/images/generations"


@pytest.fixture
def vendor(virtual_clock: VirtualClock, ledger: Ledger) -> Generator[OpenAISimulator]:
    with OpenAISimulator(clock=virtual_clock, ledger=ledger, token=TOKEN) as simulator:
        yield simulator


@pytest.fixture
def azure(world: World, vendor: OpenAISimulator) -> Desk:
    return Desk(world, vendor)


@pytest.mark.parametrize(
    ("below", "version", "image", "video", "query"),
    [
        ("", None, V1_IMAGE, V1_VIDEO, []),
        ("/", "v1", V1_IMAGE, V1_VIDEO, []),
        ("", "preview", V1_IMAGE, V1_VIDEO, ["preview", "preview"]),
        ("", DATED, DATED_IMAGE, V1_VIDEO, [DATED]),
        ("", "2024-10-21", DATED_IMAGE, V1_VIDEO, ["2024-10-21"]),
        ("/openai", DATED, DATED_IMAGE, V1_VIDEO, [DATED]),
        ("/openai/", None, V1_IMAGE, V1_VIDEO, []),
        ("/openai/v1", None, V1_IMAGE, V1_VIDEO, []),
        ("/openai/v1/", DATED, V1_IMAGE, V1_VIDEO, []),
        ("/openai/v1", "preview", V1_IMAGE, V1_VIDEO, ["preview", "preview"]),
        ("/openai/deployments/gpt-image-2", DATED, DATED_IMAGE, V1_VIDEO, [DATED]),
    ],
)
def test_base_url_and_version_choose_the_family(
    azure: Desk, below: str, version: str | None, image: str, video: str, query: list[str]
) -> None:
    where: dict[str, Any] = {"base_url": azure.vendor.azure_endpoint + below, "api_version": version}
    azure.generate("image", provider="azure-openai", **where)
    azure.submit("video", provider="azure-openai", **where)
    sent = azure.vendor.requests()
    assert [request.path for request in sent] == [image, video]
    assert [value for request in sent for _, value in request.query] == query


def test_a_whole_video_stays_in_its_family(azure: Desk, tmp_path: Any) -> None:
    response = azure.generate("video", provider="azure-openai", api_version="preview")
    azure.world.save(response, tmp_path / "video")
    job = azure.submit("video", provider="azure-openai", api_version="preview")
    azure.vendor.fail_next("delete", errors.server_error(), times=None)
    azure.ask("cancel", job, provider="azure-openai", api_version="preview")
    assert {request.query_value("api-version") for request in azure.vendor.requests()} == {"preview"}


@pytest.mark.parametrize("prefix", ["", "azure/", "azure-openai/", "openai/"])
def test_a_gateway_name_is_a_deployment_too(azure: Desk, prefix: str) -> None:
    azure.generate("image", provider="azure-openai", model=f"{prefix}gpt-image-2", api_version=DATED)
    request = azure.vendor.requests()[0]
    assert (request.path, request.json["model"]) == (DATED_IMAGE, "gpt-image-2")


def test_a_deployment_has_a_name_of_its_own_and_the_model_decides_about_sizes(azure: Desk) -> None:
    options = {"provider_config": {"deployment": "our-painter"}, "model": "gpt-image-1.5", "api_version": DATED}
    azure.generate("image", {"aspect_ratio": "16:9"}, "azure-openai", **options)
    request = azure.vendor.requests()[0]
    assert request.path == "/openai/deployments/our-painter/images/generations"
    assert request.json == {"model": "our-painter", "prompt": "a lighthouse at dawn", "size": "1536x1024"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"api_version": "latest"}, 'api_version is "v1", "preview" or a date'),
        ({"api_version": "2024-10-21&x=1"}, "api_version is"),
        ({"model": "a/b?c"}, "deployment"),
        ({"provider_config": {"deployment": "../x"}}, "deployment"),
        ({"provider_config": {"colour": "red"}}, "does not know: colour"),
        ({"provider_config": {"webhook_secret": "x"}}, "does not know: webhook_secret"),
        ({"provider_config": {"azure_ad_token": "x", "azure_ad_token_provider": str}}, "not both"),
        ({"provider_config": {"azure_ad_token_provider": "x"}}, "must be a function"),
        ({"provider_config": {"azure_ad_token": "two\nlines"}, "api_key": None}, "is no token"),
        ({"provider_config": {"organization": "a\r\nb: c"}}, "plain text in one line"),
        ({"base_url": None}, "needs a base_url .or AZURE_OPENAI_ENDPOINT"),
        ({"model": None}, "Name a model"),
        ({"api_key": None}, "no key for azure-openai.*azure_ad_token_provider"),
    ],
)
def test_wrong_settings_are_found_before_anything_is_sent(azure: Desk, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        azure.generate("image", provider="azure-openai", **changes)
    assert azure.vendor.server.requests.total == 0


def test_a_deployment_in_the_address_needs_a_dated_version(azure: Desk) -> None:
    url = f"{azure.vendor.azure_endpoint}/openai/deployments/x"
    with pytest.raises(ValidationError, match="needs an api_version"):
        azure.generate("image", provider="azure-openai", base_url=url)


def test_a_format_that_azure_lacks_is_refused_before_paying(azure: Desk) -> None:
    with pytest.raises(ValidationError, match="png or jpeg, not webp"):
        azure.generate("image", {"output_format": "webp"}, "azure-openai")
    assert azure.vendor.server.requests.total == 0


@pytest.mark.parametrize(("kind", "request_"), [("video", {"resolution": "1080p"}), ("image", {"quality": "auto"})])
def test_azure_has_limits_of_its_own(azure: Desk, kind: str, request_: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        azure.generate(kind, request_, "azure-openai")
    assert azure.vendor.server.requests.total == 0


def test_the_environment_is_read_as_the_sdk_does(azure: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", azure.vendor.azure_endpoint)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", azure.vendor.key)
    monkeypatch.setenv("OPENAI_API_VERSION", DATED)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-2")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj_of_openai")
    azure.generate("image", provider="azure-openai", base_url=None, api_key=None)
    request = azure.vendor.requests()[0]
    assert request.path == DATED_IMAGE
    assert request.headers["api-key"] == azure.vendor.key
    assert request.headers["openai-organization"] == "org-2"
    assert "openai-project" not in request.headers


# Credentials.

TOKEN_OPTION, SOURCE = "azure_ad_token", "azure_ad_token_provider"


async def later() -> str:
    await asyncio.to_thread(str)
    return TOKEN


def bearer(desk: Desk) -> list[str | None]:
    return [request.headers.get("authorization") for request in desk.vendor.requests()]


def test_a_key_goes_into_its_own_header(azure: Desk, ledger: Ledger) -> None:
    azure.generate("video", provider="azure-openai")
    assert set(bearer(azure)) == {None}
    assert {request.headers["api-key"] for request in azure.vendor.requests()} == {azure.vendor.key}
    ledger.assert_key_only_at(azure.vendor.server.url, azure.vendor.key)


@pytest.mark.parametrize("how", ["text", "function", "async function"])
def test_an_entra_token_is_a_bearer(azure: Desk, how: str, tmp_path: Any) -> None:
    options: Any = {
        "text": {TOKEN_OPTION: TOKEN},
        "function": {SOURCE: lambda: TOKEN},
        "async function": {SOURCE: later},
    }[how]
    response = azure.generate("video", provider="azure-openai", api_key=None, provider_config=dict(options))
    azure.world.save(response, tmp_path / "video")
    assert set(bearer(azure)) == {f"Bearer {TOKEN}"}
    assert not any("api-key" in request.headers for request in azure.vendor.requests())
    assert TOKEN not in response.model_dump_json()
    assert TOKEN not in response.job.to_json()


def test_a_token_that_ends_during_the_wait_is_fetched_anew(azure: Desk, ledger: Ledger) -> None:
    given: list[str] = []

    def token() -> str:
        given.append(TOKEN)
        return TOKEN

    azure.vendor.fail_next("retrieve", errors.azure_unauthorized())
    response = azure.generate(
        "video", provider="azure-openai", api_key=None, provider_config={"azure_ad_token_provider": token}
    )
    assert response.status == "completed"
    assert len(given) == 2
    assert ledger.posts == 1


@pytest.mark.parametrize(
    ("source", "problem"),
    [(lambda: 1 / 0, "raised ZeroDivisionError"), (lambda: None, "must return text"), (lambda: "a b", "is no token")],
)
def test_a_function_that_gives_no_token_is_named(azure: Desk, source: Any, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        azure.generate(
            "image", provider="azure-openai", api_key=None, provider_config={"azure_ad_token_provider": source}
        )
    assert azure.vendor.server.requests.total == 0


@pytest.mark.parametrize(("in_code", "expected"), [(False, "token"), (True, "key")])
def test_the_environment_s_token_wins_over_its_key_only(
    azure: Desk, monkeypatch: pytest.MonkeyPatch, in_code: bool, expected: str
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", TOKEN)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "another-key-of-the-environment")
    azure.generate("image", provider="azure-openai", api_key=azure.vendor.key if in_code else None)
    assert bearer(azure) == [f"Bearer {TOKEN}" if expected == "token" else None]


def test_a_token_that_the_service_echoes_is_not_shown(azure: Desk) -> None:
    azure.vendor.fail_next("generate", errors.error(400, "bad", f"token {TOKEN} is bad"))
    with pytest.raises(TarashException) as caught:
        azure.generate("image", provider="azure-openai", provider_config={"azure_ad_token": TOKEN})
    assert TOKEN not in f"{caught.value} {caught.value.raw_response!r}"


def test_a_job_of_another_resource_is_refused(azure: Desk) -> None:
    job = azure.submit("video", provider="azure-openai")
    with pytest.raises(JobRejectedError):
        azure.ask("resume", job, provider="azure-openai", base_url=f"{azure.vendor.azure_endpoint}/openai/v1")


def test_an_unknown_deployment_is_an_error_of_the_caller(world: World, virtual_clock: VirtualClock) -> None:
    with OpenAISimulator(clock=virtual_clock, deployments=frozenset({"ours"})) as vendor:
        with pytest.raises(HTTPError, match="DeploymentNotFound") as caught:
            Desk(world, vendor).generate("image", provider="azure-openai", api_version=DATED)
        assert not caught.value.retryable
