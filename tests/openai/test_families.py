"""Each family of models, in each of its ways, with everything that a request may say at once."""

from typing import Any

import pytest
from tests.openai.desk import PICTURE, Desk, drawn_mask
from tests.support.desks import as_input
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import AudioOutputFormat
from tarash.testkit.openai import OpenAISimulator

FULL = {"size": "1024x1024", "quality": "high", "style": "vivid", "n": 2}
EDIT = {**FULL, "image_list": [as_input(PICTURE)], "mask_image": as_input(drawn_mask())}
GPT = {
    "size": "sent",
    "quality": "sent",
    "n": "sent",
    "style": "only DALL-E had styles; describe the style in the prompt",
}
NO_PARAMETER = "the model has no such parameter"
GPT_MODELS = ("gpt-image-1.5", "gpt-image-2", "gpt-image-2.5-flare", "gpt-image-2.6-flare", "gpt-image-9")
ROWS: dict[str, tuple[dict[str, Any], dict[str, str], dict[str, str]]] = {
    **{model: ({}, GPT, GPT) for model in GPT_MODELS},
    "dall-e-2": ({"quality": "standard"}, {**GPT, "style": NO_PARAMETER}, {**GPT, "style": NO_PARAMETER}),
    "painter": ({}, {**GPT, "style": "sent"}, {**GPT, "style": "editing knows no styles"}),
}
SOUND = "these videos always have sound"


def told(vendor: OpenAISimulator, kind: str, request: dict[str, Any], model: str, provider: str = "openai") -> Any:
    """What became of each field: its outcome, or the reason why it was left out."""
    parameters = Desk(SyncWorld(), vendor).generate(kind, request, provider, model=model).parameters
    return {one.field: one.reason if one.outcome == "ignored" else one.outcome for one in parameters}


@pytest.mark.parametrize("provider", ["openai", "azure-openai"])
@pytest.mark.parametrize("model", ROWS)
def test_a_family_of_images(vendor: OpenAISimulator, model: str, provider: str) -> None:
    changes, generate, edit = ROWS[model]
    assert told(vendor, "image", {**FULL, **changes}, model, provider) == {"prompt": "sent", **generate}
    both = {"prompt": "sent", "image_list": "renamed", "mask_image": "converted", **edit}
    assert told(vendor, "image", {**EDIT, **changes}, model, provider) == both
    sent = {str(part.name): part for part in vendor.requests("edit_image")[0].parts}
    image = "image" if model == "dall-e-2" else "image[]"
    usual = {"model", "prompt", "size", "quality", "n", image, "mask"}
    assert set(sent) == usual


@pytest.mark.parametrize("model", ROWS)
def test_a_mask_without_an_image_is_refused(vendor: OpenAISimulator, model: str) -> None:
    with pytest.raises(ValidationError, match="give that image in image_list"):
        told(vendor, "image", {"mask_image": as_input(drawn_mask())}, model)
    assert vendor.ledger.posts == 0


@pytest.mark.parametrize("operation", ["remix", "edit", "extend"])
def test_a_way_from_video_to_video(vendor: OpenAISimulator, operation: str) -> None:
    first = Desk(SyncWorld(), vendor).submit("video").provider_ids[0]
    request = {"video_id": first, "operation": operation, "generate_audio": False, "duration_seconds": 8}
    told_of = told(vendor, "video", request, "sora-2")
    assert told_of == {
        "prompt": "sent",
        "generate_audio": SOUND,
        "duration_seconds": "converted" if operation == "extend" else NO_PARAMETER,
        "video_id": "sent",
        "operation": "sent",
    }


@pytest.mark.parametrize(
    ("wanted", "outcome"),
    [
        (AudioOutputFormat(format="wav"), "renamed"),
        (AudioOutputFormat(format="wav", sample_rate=24_000), "renamed"),
        (AudioOutputFormat(format="wav", sample_rate=44_100), "sample_rate: the vendor chooses it (24000 Hz)"),
        (AudioOutputFormat(format="mp3", bitrate=128), "bitrate: the vendor chooses it"),
        (
            AudioOutputFormat(format="mp3", sample_rate=16_000, bitrate=64),
            "sample_rate: the vendor chooses it (24000 Hz); bitrate: the vendor chooses it",
        ),
    ],
)
def test_what_becomes_of_a_format(vendor: OpenAISimulator, wanted: AudioOutputFormat, outcome: str) -> None:
    """What is not used is named, and the outcome is that of the format, which is sent."""
    outcomes = Desk(SyncWorld(), vendor).generate("tts", {"output_format": wanted}, model="tts-1").parameters
    [told] = [one for one in outcomes if one.field == "output_format"]
    assert vendor.requests("speech")[0].json["response_format"] == wanted.format
    expected = (outcome, None) if outcome == "renamed" else ("converted", f"only format is used; {outcome}")
    assert (told.outcome, told.reason, told.parameter) == (*expected, "response_format")
