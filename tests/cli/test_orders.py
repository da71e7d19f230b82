"""From options to a request: what is read how, and what is wrong usage or refused."""

from pathlib import Path
from typing import Any

import pytest
import typer

from tarash.cli import inputs
from tarash.cli.orders import Order, read_order
from tarash.cli.targets import slug
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import Kind

COMMON = {"models": None, "params": None, "output": None, "force": False, "mock": True, "submit_only": False}
MORE = {"base_url": None, "provider_config": None, "timeout": None, "number_of_videos": None}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def order(kind: Kind = "video", **given: Any) -> Order:
    text = {} if kind == "sts" else {"text" if kind == "tts" else "prompt": "x"}
    return read_order(kind, {**COMMON, **MORE, **text, **given})


def test_values_are_json_where_they_are_json() -> None:
    pairs = [
        "a=1",
        "b=true",
        'c={"d": [null]}',
        "e=1.5",
        'f="7"',
        "g=word",
        "h=NaN",
        "i=",
        "j=x=y",
        f"k={'[' * 100_000}",
    ]
    extra = order(params=pairs).request.extra_params
    assert extra.pop("k") == "[" * 100_000
    assert extra == {
        "a": 1,
        "b": True,
        "c": {"d": [None]},
        "e": 1.5,
        "f": "7",
        "g": "word",
        "h": "NaN",
        "i": "",
        "j": "x=y",
    }


def test_standard_fields_are_known_by_name(here: Path) -> None:
    pairs = ["seed=7", "negative_prompt=12", "duration_seconds=4", 'extra_params={"own": 1}', "video=a.mp4"]
    request = order(params=pairs).request
    assert (request.seed, request.negative_prompt, request.duration_seconds) == (7, "12", 4)
    assert request.video == Path("a.mp4")
    assert request.extra_params == {"own": 1}
    assert order("tts", params=["voice_id=123"]).request.voice_id == "123"


def test_images_and_their_roles(here: Path) -> None:
    (here / "a=b.png").touch()
    images = ["one.png", "first_frame=two.png", "a=b.png", "https://x.example/?a=b", "style=https://x.example/3.png"]
    assert order(image_list=images).request.image_list == [
        {"image": Path("one.png"), "type": "reference"},
        {"image": Path("two.png"), "type": "first_frame"},
        {"image": Path("a=b.png"), "type": "reference"},
        {"image": "https://x.example/?a=b", "type": "reference"},
        {"image": "https://x.example/3.png", "type": "style"},
    ]


def test_a_chain_with_options_for_each(here: Path) -> None:
    made = order(
        models=["a:m:1", "b"],
        base_url=["b:http://127.0.0.1:2", "a:http://127.0.0.1:1"],
        provider_config=["a:priority=low", "a:retries=2"],
        timeout=90.0,
        mock=False,
    )
    [last] = made.config.fallback_configs  # type: ignore[attr-defined]
    assert (made.config.provider, made.config.model, last.provider, last.model) == ("a", "m:1", "b", None)
    assert (made.config.base_url, last.base_url) == ("http://127.0.0.1:1", "http://127.0.0.1:2")
    assert (made.config.provider_config, last.provider_config) == ({"priority": "low", "retries": 2}, {})
    assert (made.config.timeout, last.timeout, made.attempts) == (90, 90, 2)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"mock": False}, "say who does the work"),
        ({"models": ["fal:"]}, "PROVIDER:MODEL"),
        ({"models": ["fal-ai/veo3"]}, "PROVIDER:MODEL"),
        ({"prompt": " "}, "empty"),
        ({"params": ["novalue"]}, "KEY=VALUE"),
        ({"params": ["seed=1", "seed=2"]}, "twice"),
        ({"params": ["seed=1"], "seed": 2}, "seed: given by an option and by -p"),
        ({"image_list": ["hat=a.png"]}, "no role"),
        ({"models": ["a", "b"], "base_url": ["http://127.0.0.1:1"]}, "several providers"),
        ({"models": ["a"], "base_url": ["http://127.0.0.1:1", "a:http://127.0.0.1:1"]}, "twice"),
    ],
)
def test_wrong_usage(given: dict[str, Any], told: str) -> None:
    with pytest.raises(typer.BadParameter, match=told):
        order(**given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"duration_seconds": -4.0}, "duration_seconds: "),
        ({"params": ["seed=many"]}, "seed: "),
        ({"prompt": "@missing.txt"}, "missing.txt"),
        ({"prompt": "@."}, "not a file"),
        ({"prompt": "@bytes.txt"}, "not UTF-8 text"),
        ({"prompt": "half \ud83d"}, "lone surrogate"),
        ({"output": "missing/film.mp4"}, "does not exist"),
    ],
)
def test_values_that_cannot_be(here: Path, given: dict[str, Any], told: str) -> None:
    (here / "bytes.txt").write_bytes(b"caf\xe9")
    with pytest.raises(ValidationError, match=told):
        order(**given)


def test_a_prompt_is_taken_as_it_is(here: Path) -> None:
    (here / "text.txt").write_bytes(b"\xef\xbb\xbfline one\nline two\r\n\n")
    assert inputs.read_prompt("@text.txt") == "line one\nline two"
    assert inputs.read_prompt("@@home") == "@home"
    assert inputs.read_prompt("  a\tb\n") == "  a\tb\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A Lighthouse, at dawn!", "a-lighthouse-at-dawn"),
        ("Ünïcode — 東京", "ünïcode-東京"),
        ("../../etc/passwd\x00\x1b[31m", "etc-passwd-31m"),
        ("word " * 40, "word-word-word-word-word-word-word-word-word"),
        ("x" * 300, "x" * 48),
        ("!!!", "video"),
    ],
)
def test_a_file_name_is_made_of_a_text(text: str, name: str) -> None:
    assert slug(text, "video") == name
