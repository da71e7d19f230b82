"""Two interfaces with keys of their own: the model tells which is asked, and nothing is tried at the other."""

from typing import Any

import pytest
from tests.luma.desk import Desk
from tests.support.worlds import SyncWorld

from tarash.providers.luma import LumaProvider
from tarash.tarash_gateway.exceptions import HTTPError, JobRejectedError, ValidationError
from tarash.tarash_gateway.models import Job, VideoGenerationConfig
from tarash.testkit.ledger import Ledger
from tarash.testkit.luma import GenerationOutcome, LumaSimulator

PROVIDER = LumaProvider()
AGENTS, DREAM_MACHINE = "https://agents.lumalabs.ai/v1", "https://api.lumalabs.ai/dream-machine/v1"
PLACES: list[tuple[str | None, dict[str, Any], str]] = [
    (None, {}, AGENTS),
    ("ray-3.2", {}, AGENTS),
    ("ray-4", {}, AGENTS),
    ("uni-2", {}, AGENTS),
    ("ray-2", {}, DREAM_MACHINE),
    ("ray-flash-2", {}, DREAM_MACHINE),
    ("ray-1-6", {}, DREAM_MACHINE),
    ("photon-2", {}, DREAM_MACHINE),
    ("something-new", {}, DREAM_MACHINE),
    ("something-new", {"api": "agents"}, AGENTS),
    ("ray-3.2", {"api": "dream-machine"}, DREAM_MACHINE),
]


@pytest.mark.parametrize(("model", "options", "place"), PLACES)
def test_the_model_tells_the_interface(model: str | None, options: dict[str, Any], place: str) -> None:
    config = VideoGenerationConfig(provider="luma", model=model, provider_config=options)
    assert PROVIDER.default_base_url(config) == place
    older = place == DREAM_MACHINE
    keys = ["LUMAAI_API_KEY", "LUMA_API_KEY"] if older else ["LUMA_AGENTS_API_KEY"]
    assert list(PROVIDER.key_variables_for(config)) == keys
    assert list(PROVIDER.base_url_variables_for(config)) == ["LUMAAI_BASE_URL" if older else "LUMA_BASE_URL"]


def in_environment(vendor: LumaSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMA_BASE_URL", vendor.base_url)
    monkeypatch.setenv("LUMAAI_BASE_URL", vendor.dream_machine_url)
    monkeypatch.setenv("LUMA_AGENTS_API_KEY", vendor.key)
    monkeypatch.setenv("LUMA_API_KEY", vendor.dream_machine_key)


@pytest.mark.parametrize("kind", ["video", "image"])
def test_keys_and_addresses_of_the_environment_are_used(desk: Desk, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_environment(desk.vendor, monkeypatch)
    for model in (None, {"video": "ray-2", "image": "photon-1"}[kind]):
        desk.generate(kind, model=model, api_key=None, base_url=None)
    current, older = desk.vendor.requests("create")
    assert current.headers["authorization"] == f"Bearer {desk.vendor.key}"
    assert older.headers["authorization"] == f"Bearer {desk.vendor.dream_machine_key}"
    assert current.json["model"] == {"video": "ray-3.2", "image": "uni-1"}[kind]


def test_the_key_of_one_interface_is_not_tried_at_the_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    in_environment(desk.vendor, monkeypatch)
    monkeypatch.delenv("LUMA_AGENTS_API_KEY")
    with pytest.raises(ValidationError, match="set LUMA_AGENTS_API_KEY"):
        desk.generate("video", model=None, api_key=None, base_url=None)
    assert desk.vendor.server.requests.total == 0
    with pytest.raises(HTTPError, match=r"HTTP 401.*keys of their own"):
        desk.generate("video", api_key=desk.vendor.dream_machine_key)


def test_a_job_is_gone_on_with_where_it_was_begun(desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    in_environment(desk.vendor, monkeypatch)
    for model in ("ray-2", "ray-3.2"):
        job = Job.from_json(desk.submit("video", model=model, api_key=None, base_url=None).to_json())
        response = desk.ask("resume", job, model=None, api_key=None, base_url=None)
        assert response.status == "completed"
    assert ledger.total_charges == 2


def test_a_job_of_one_interface_is_none_of_the_other(desk: Desk) -> None:
    job = desk.submit("video", model="ray-2")
    with pytest.raises(JobRejectedError):
        desk.ask("resume", job, model="ray-3.2")


BAD_OPTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("ray-3.2", {"api": "dreams"}, "one of agents, dream-machine, not 'dreams'"),
    ("ray-3.2", {"api": ["agents"]}, "one of agents, dream-machine"),
    ("ray-3.2", {"webhook_url": "https://example.com"}, r"interface of ray-3.2 \(agents\) has no webhook_url"),
    ("ray-3.2", {"cancel_by_deleting": True}, "has no cancel_by_deleting"),
    ("ray-2", {"cancel_by_deleting": "yes"}, "must be bool, not str"),
    ("ray-2", {"webhook": "https://example.com"}, "does not know: webhook"),
]


@pytest.mark.parametrize(("model", "options", "problem"), BAD_OPTIONS)
def test_an_option_that_does_not_fit_is_refused(
    vendor: LumaSimulator, model: str, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem):
        Desk(SyncWorld(), vendor).generate("video", model=model, provider_config=options)
    assert vendor.server.requests.total == 0


def test_the_states_of_one_interface_are_unknown_to_the_other(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.vendor.next_generation(GenerationOutcome(states=["dreaming"]))
    assert desk.generate("video").status == "completed"
    assert "unknown state 'dreaming'" in caplog.text
