"""The account of parameters, for every model of every provider, with any fields set: one outcome each, and a true one.

What is true of an outcome that names a parameter is that a paid request had that parameter; requests are taken from
the wire. How each provider spells its values is looked at in the provider's own tests.
"""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.support.purchases import CLASSES, PURCHASES

from tarash import tarash_gateway as tarash
from tarash.tarash_gateway.clock import use_clock
from tarash.tarash_gateway.exceptions import TarashException, ValidationError
from tarash.tarash_gateway.models import (
    AudioOutputFormat,
    Kind,
)
from tarash.tarash_gateway.plugins import registry
from tarash.testkit.clock import VirtualClock
from tarash.testkit.media import mp4, png, wav
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.simulators import SIMULATORS, Simulator, find_simulator

PICTURE = {"content": png(64, 64).content, "content_type": "image/png"}
FILM = {"content": mp4().content, "content_type": "video/mp4"}
SOUND = {"content": wav().content, "content_type": "audio/wav"}
FORMATS = [AudioOutputFormat(format="mp3", sample_rate=44_100, bitrate=128), AudioOutputFormat(format="wav")]
IMAGES = [
    [PICTURE],
    [{"image": PICTURE, "type": "first_frame"}],
    [{"image": PICTURE, "type": "first_frame"}, {"image": PICTURE, "type": "last_frame"}],
]
FIELDS: dict[Kind, dict[str, list[Any]]] = {
    "video": {
        "duration_seconds": [4, 5, 6.5, 8, 10],
        "resolution": ["480p", "720p", "1080p"],
        "aspect_ratio": ["16:9", "9:16", "1:1"],
        "generate_audio": [True, False],
        "image_list": IMAGES,
        "video": [FILM],
        "seed": [7],
        "number_of_videos": [1, 2],
        "negative_prompt": ["fog"],
        "enhance_prompt": [True, False],
    },
    "image": {
        "size": ["1024x1024"],
        "aspect_ratio": ["16:9", "1:1"],
        "quality": ["high"],
        "style": ["vivid", "cinematic"],
        "n": [1, 2],
        "seed": [7],
        "negative_prompt": ["fog"],
        "image_list": [[PICTURE], [{"image": PICTURE, "type": "reference"}]],
        "mask_image": [PICTURE],
    },
    "tts": {
        "output_format": FORMATS,
        "language_code": ["en"],
        "voice_settings": [{"speed": 1.1}, {"stability": 0.5}],
    },
    "sts": {"output_format": FORMATS, "voice_settings": [{"stability": 0.5}]},
}
NEEDED: dict[Kind, dict[str, Any]] = {"sts": {"audio": SOUND}}
ON_THE_WIRE = ("sent", "renamed", "converted", "rounded")


@pytest.fixture(scope="module")
def shelf() -> Iterator[dict[str, Simulator]]:
    """One simulator of each provider, all on one clock."""
    with ExitStack() as stack:
        clock = stack.enter_context(use_clock(VirtualClock()))
        yield {name: stack.enter_context(find_simulator(name)(clock=clock)) for name in SIMULATORS}


@st.composite
def orders(draw: st.DrawFn, provider: str) -> tuple[Kind, str | None, dict[str, Any]]:
    """A kind of work, one of the known models, and any of the fields with any of their values."""
    kind = draw(st.sampled_from(sorted(PURCHASES[provider])))
    known = [info.id for info in registry.models(provider) if kind in info.kinds and info.status != "retired"]
    model = draw(st.sampled_from([PURCHASES[provider][kind].get("model"), *known]))
    wanted = draw(st.sets(st.sampled_from(sorted(FIELDS[kind]))))
    return kind, model, {name: draw(st.sampled_from(FIELDS[kind][name])) for name in sorted(wanted)}


@pytest.mark.parametrize("provider", SIMULATORS)
def test_each_field_has_one_outcome_and_it_is_true(shelf: dict[str, Simulator], provider: str) -> None:
    bought = 0

    @settings(max_examples=80, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(order=orders(provider))
    def check(order: tuple[Kind, str | None, dict[str, Any]]) -> None:
        nonlocal bought
        kind, model, fields = order
        request = {**PURCHASES[provider][kind]["request"], **NEEDED.get(kind, {}), **fields}
        before = set(map(id, shelf[provider].requests()))
        response = buy(shelf[provider], kind, model, request)
        sent = [one for one in shelf[provider].requests() if id(one) not in before]
        if isinstance(response, ValidationError):
            assert not paid_for(sent) or "refused" in str(response), response
            return
        assume(not isinstance(response, TarashException))
        bought += 1
        judge(response.parameters, request, sent)

    check()
    assert bought >= 15


def buy(simulator: Simulator, kind: Kind, model: str | None, request: dict[str, Any]) -> Any:
    """The response, or the error; warnings are another test's matter."""
    new_config, new_request = CLASSES[kind]
    config = new_config(**simulator.settings, model=model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(tarash, f"generate_{kind}")(config, new_request(**request))
        except TarashException as error:
            return error


def judge(parameters: Any, request: dict[str, Any], sent: list[RecordedRequest]) -> None:
    assert sorted(one.field for one in parameters) == sorted(request)
    names = {name for one in sent for name in names_in(one)}
    for one in parameters:
        if one.outcome not in ON_THE_WIRE:
            assert one.reason, one
        elif one.parameter is not None:
            told = {part for name in one.parameter.split(", ") for part in pieces(name)}
            # A value may be a piece of the path, which has no name.
            assert told & names or str(request[one.field]) in names, (one, names)


def pieces(parameter: str) -> list[str]:
    """The names in a path such as `a.b[first]`, the last one first; a parameter of the URL or the core has none."""
    return [part for part in reversed(parameter.replace("[", ".").replace("]", "").split(".")) if part]


def paid_for(sent: list[RecordedRequest]) -> list[RecordedRequest]:
    return [one for one in sent if one.method == "POST" and "upload" not in one.path and "file" not in one.path]


def names_in(request: RecordedRequest) -> set[str]:
    """Every name in the body and the query of a request, and the pieces of its path."""
    found = {name for name, _ in request.query} | set(request.segments)
    kind = request.headers.get("content-type") or ""
    if "multipart" in kind:
        return found.union(*({str(part.name), *pieces(str(part.name))} for part in request.parts))
    return found | (keys_of(request.json) if "json" in kind and request.body else set())


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()
