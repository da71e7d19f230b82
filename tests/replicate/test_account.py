"""The account of parameters: each field that is set has one outcome, and the wire agrees with it."""

from typing import Any

import pytest
from tests.replicate.desk import Desk, image
from tests.support.desks import PROMPT
from tests.support.worlds import SyncWorld

from tarash.providers.replicate import ReplicateProvider
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.testkit.replicate import PublishedModel, ReplicateSimulator

FIELDS: dict[str, dict[str, list[Any]]] = {
    "video": {
        "duration_seconds": [4, 5, 6],
        "resolution": ["720p", "480p"],
        "aspect_ratio": ["16:9", "21:9"],
        "generate_audio": [False],
        "image_list": [
            [image(role="first_frame")],
            [image(role="last_frame")],
            [image()],
            [image(role="first_frame"), image(role="last_frame"), image()],
        ],
        "video": ["https://example.com/a.mp4"],
        "audio": ["https://example.com/a.mp3"],
        "seed": [7],
        "negative_prompt": ["fog"],
        "enhance_prompt": [True],
    },
    "image": {
        "size": ["1024x1024"],
        "aspect_ratio": ["1:1"],
        "quality": ["high"],
        "style": ["vivid"],
        "n": [2],
        "seed": [7],
        "negative_prompt": ["fog"],
        "image_list": [[image()]],
        "mask_image": ["https://example.com/m.png"],
        "enhance_prompt": [True],
    },
}
MODELS = [
    *(("video", info.id) for info in ReplicateProvider().known_models()),
    ("video", "someone/new-film"),
    ("image", "someone/new-picture"),
    ("image", "black-forest-labs/flux-schnell"),
]
SENT = ("sent", "renamed", "converted", "rounded")


def combinations(kind: str) -> list[dict[str, Any]]:
    """Each field alone in each of its values, and all of them together; frames also with the first frame they need."""
    singles = [{name: value} for name, values in FIELDS[kind].items() for value in values]
    framed = [{**one, "image_list": [image(role="first_frame")]} for one in singles if "image_list" not in one]
    together = {name: values[0] for name, values in FIELDS[kind].items()}
    return [*singles, *(framed if kind == "video" else ()), together]


@pytest.mark.parametrize(("kind", "model"), MODELS)
def test_each_field_has_one_outcome_and_the_wire_agrees(vendor: ReplicateSimulator, kind: str, model: str) -> None:
    desk, answered = Desk(SyncWorld(), vendor), 0
    vendor.models.setdefault(model, PublishedModel())
    vendor.models[model] = PublishedModel(vendor.models[model].inputs, ())
    for request in combinations(kind):
        vendor.server.requests.clear()
        try:
            response = desk.generate(kind, request, model=model, unsupported_params="warn")
        except ValidationError:
            assert vendor.requests("create") == []
            continue
        answered += 1
        outcomes = {outcome.field: outcome for outcome in response.parameters}
        assert len(outcomes) == len(response.parameters)
        assert outcomes.keys() == {"prompt", *request}
        body = vendor.requests("create")[0].json["input"]
        told = {
            name
            for outcome in outcomes.values()
            # Of several images some may be ignored; the others still name where they went.
            if outcome.outcome in SENT or outcome.field == "image_list"
            for name in (outcome.parameter or "").split(", ")
        } - {""}
        assert body.keys() == told
        assert body["prompt"] == PROMPT
    assert answered
