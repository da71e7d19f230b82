"""One picture of every kind and way, in both worlds: from the request to the bytes on disk."""

import base64
import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.stability.cases import BOTH, CASES, Case
from tests.stability.desk import MASK, ONE, PICTURE, PROMPT, SECOND, Desk, as_input
from tests.support.worlds import SyncWorld

from tarash.providers.stability import StabilityProvider
from tarash.tarash_gateway.exceptions import UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest
from tarash.testkit.ledger import Ledger
from tarash.testkit.media import png
from tarash.testkit.server import ScriptedServer
from tarash.testkit.stability import Outcome, StabilitySimulator
from tarash.testkit.stability.shapes import SHAPES
from tarash.testkit.steps import Answer

BY_MODEL = {case.model: case for case in CASES}


@pytest.mark.parametrize("case", BY_MODEL.values(), ids=lambda case: case.model)
@pytest.mark.parametrize("accept", ["json", "image"])
def test_a_picture_is_made_and_saved(desk: Desk, ledger: Ledger, case: Case, accept: str, tmp_path: Path) -> None:
    response = desk.generate(case.request, case.model, provider_config={"accept": accept})
    [work] = desk.vendor.works
    path = desk.world.save(response, tmp_path / "picture")
    assert path.read_bytes() == work.content
    wanted = case.texts.get("output_format", "png")
    assert path.suffix == {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}[wanted]
    Image.open(io.BytesIO(path.read_bytes())).load()
    assert response.provider_metadata["seed"] == work.seed
    assert response.raw_response == {"seed": work.seed, "finish_reason": "SUCCESS"}
    assert (ledger.posts, ledger.total_charges) == (1, 1)
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


def test_slow_work_is_asked_for_every_ten_seconds(desk: Desk, ledger: Ledger) -> None:
    updates: list[Any] = []
    job = desk.submit({**ONE, "creativity": 0.3}, "upscale/creative")
    assert job.provider_ids == [desk.vendor.works[0].id]
    response = desk.ask("resume", job, updates.append)
    assert response.status == "completed"
    assert [(update.status, update.update["status"]) for update in updates[:-1]] == [("processing", "in-progress")] * 3
    times = [request.at for request in desk.vendor.requests("result")]
    assert [later - earlier for earlier, later in pairwise(times)] == [10, 10, 10]
    assert (ledger.total_charges, ledger.polls) == (1, 4)


def test_the_first_question_waits_too_where_the_job_was_just_made(desk: Desk) -> None:
    desk.generate(ONE, "upscale/creative")
    assert desk.vendor.clock.sleeps == [10, 10, 10]


def test_a_state_that_nobody_knows_is_waited_through(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.vendor.next_work(Outcome(status="dreaming"))
    assert desk.generate(ONE, "upscale/creative").status == "completed"
    assert caplog.text.count("dreaming") == 1


def test_the_default_model_is_used(desk: Desk) -> None:
    desk.generate(model=None)
    assert len(desk.vendor.requests("generate/core")) == 1


def test_several_pictures_are_bought_one_by_one_with_seeds_of_their_own(desk: Desk, ledger: Ledger) -> None:
    response = desk.generate({"n": 3, "seed": 7})
    assert len(response.images) == ledger.posts == ledger.total_charges == 3
    assert [work.seed for work in desk.vendor.works] == [7, 8, 9]


def texts_of(request: Any) -> dict[str, str]:
    return {part.name: part.text for part in request.parts if part.file_name is None}


def test_a_file_is_sent_without_its_name(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "secret-name.png"
    path.write_bytes(PICTURE)
    desk.generate({"image_list": [path], "mask_image": as_input(MASK)}, "edit/inpaint")
    [sent] = [request.parts for request in desk.vendor.requests("create")]
    files = {part.name: (part.file_name, part.content) for part in sent if part.file_name}
    assert files == {"image": ("input.png", PICTURE), "mask": ("input.png", MASK)}


@pytest.mark.parametrize("value", [f"data:image/png;base64,{'%s'}", as_input(SECOND), SECOND])
def test_a_picture_may_be_given_by_the_vendor_s_name(desk: Desk, value: Any) -> None:
    given = value % base64.b64encode(SECOND).decode() if isinstance(value, str) else value
    desk.generate({"image": given, "strength": 0.3}, "sd3.5-large")
    [work] = desk.vendor.works
    parts = {part.name: part.content for part in desk.vendor.requests("create")[0].parts}
    assert (parts["image"], parts["mode"], parts["strength"]) == (SECOND, b"image-to-image", b"0.3")
    assert work.endpoint == "generate/sd3"


def test_a_link_is_fetched_without_the_key(desk: Desk, ledger: Ledger) -> None:
    serve = ScriptedServer(lambda request: Answer(200, {}, SECOND), clock=desk.vendor.clock, ledger=ledger)
    with serve as elsewhere:
        desk.generate({"image_list": [f"{elsewhere.url}/picture"]}, "edit/inpaint")
    sent = desk.vendor.requests("create")[0].parts[-1]
    assert (sent.name, sent.content_type, sent.content) == ("image", "image/png", SECOND)
    ledger.assert_key_only_at(desk.vendor.server.url, desk.vendor.key)


def test_a_link_that_leads_to_nothing_costs_nothing(desk: Desk) -> None:
    with pytest.raises(ValidationError, match=r"cannot be fetched \(HTTP 401\). Nothing was paid"):
        desk.generate({"image_list": [f"{desk.vendor.base_url}/picture.png"]}, "edit/inpaint")
    assert desk.vendor.requests("create") == []


def test_a_path_cannot_be_given_by_the_vendor_s_name(desk: Desk) -> None:
    with pytest.raises(ValidationError, match="Give light_reference as bytes"):
        desk.generate({**ONE, "light_reference": Path("light.png")}, "edit/replace-background-and-relight")
    assert desk.vendor.server.requests.total == 0


def test_an_endpoint_that_is_not_known_yet_can_be_used(world: Any) -> None:
    new = {"edit/polish": SHAPES["edit/inpaint"], "generate/next": SHAPES["generate/core"]}
    with StabilitySimulator(new_endpoints=new) as vendor:
        desk = Desk(world, vendor)
        desk.generate({**ONE, "mask_image": as_input(MASK), "style": "anime"}, "edit/polish")
        desk.generate({"aspect_ratio": "1:1"}, "stable-image-next")
        sent = [{str(part.name) for part in request.parts} for request in vendor.requests("create")]
    assert sent == [{"prompt", "image", "mask", "style_preset"}, {"prompt", "aspect_ratio"}]


def test_a_model_of_stable_diffusion_that_is_not_known_yet_goes_where_they_all_go(desk: Desk) -> None:
    with pytest.raises(ValidationError, match="Stability refused the request: model: must be one of"):
        desk.generate({"aspect_ratio": "4:3"}, "sd4-huge")
    [request] = desk.vendor.requests("generate/sd3")
    assert texts_of(request) == {"model": "sd4-huge", "prompt": PROMPT, "aspect_ratio": "4:3"}


def test_who_asks_may_be_told(desk: Desk) -> None:
    told = {"client_id": "shop", "client_user_id": "u-1", "client_version": "1.2"}
    desk.generate(ONE, "upscale/creative", provider_config=told)
    for request in desk.vendor.requests():
        assert [request.headers[f"stability-{name.replace('_', '-')}"] for name in told] == ["shop", "u-1", "1.2"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"accept": "video"}, "accept is one of json, image"),
        ({"accept": 1}, "must be str"),
        ({"client_id": "a\r\nb"}, "plain text in one line"),
        ({"client_version": "x" * 257}, "up to 256 characters"),
        ({"webhook": "https://example.com"}, "options that stability does not know: webhook"),
    ],
)
def test_an_option_that_cannot_be_is_refused(desk: Desk, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate(provider_config=options)
    assert desk.vendor.server.requests.total == 0


def test_there_is_no_video(vendor: StabilitySimulator) -> None:
    config = VideoGenerationConfig(**vendor.settings)
    with pytest.raises(UnsupportedOperationError, match="stability has no video generation"):
        SyncWorld().call("generate_video", config, VideoGenerationRequest(prompt="x"))


def test_the_environment_s_key_is_used(vendor: StabilitySimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABILITY_API_KEY", vendor.key)
    Desk(SyncWorld(), vendor).generate(api_key=None)
    assert len(vendor.works) == 1


def test_every_active_model_has_an_endpoint_of_the_vendor() -> None:
    from tarash.providers.stability.endpoints import ENDPOINTS, endpoint_of

    models = StabilityProvider().known_models()
    assert {endpoint_of(info.id) for info in models} == {*ENDPOINTS} == {*SHAPES}


def test_a_picture_too_small_is_the_vendor_s_refusal(desk: Desk, ledger: Ledger) -> None:
    with pytest.raises(ValidationError, match="every side must be at least 64 pixels"):
        desk.generate({"image_list": [as_input(png(63, 70).content)]}, "edit/inpaint")
    assert ledger.total_charges == 0


def test_two_pictures_are_told_apart_by_their_parts(desk: Desk) -> None:
    desk.generate({**BOTH, "image_list": list(reversed(BOTH["image_list"]))}, "control/style-transfer")
    parts = {part.name: part.content for part in desk.vendor.requests("create")[0].parts}
    assert (parts["init_image"], parts["style_image"]) == (PICTURE, SECOND)


@pytest.mark.parametrize("told", ["", "many", "-1", "9" * 5000])
def test_a_seed_that_makes_no_sense_harms_nothing(desk: Desk, told: str) -> None:
    answer = Answer(200, {"Content-Type": "image/png", "seed": told, "finish-reason": "SUCCESS"}, PICTURE)
    desk.vendor.fail_next("create", answer)
    response = desk.generate(provider_config={"accept": "image"})
    assert (response.status, response.raw_response) == ("completed", {"finish_reason": "SUCCESS"})
