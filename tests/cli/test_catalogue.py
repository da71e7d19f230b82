"""`tarash models`, `tarash providers`: what is installed and known, also when some of it is broken."""

from pathlib import Path

import pytest
from tests.cli.running import KEY, CinemaServer, Command, add_distribution, json_of

pytestmark = pytest.mark.usefixtures("cinema")


@pytest.fixture
def broken(tarash: Command, cinema: CinemaServer, tmp_path: Path) -> None:
    """Another provider, which cannot be imported."""
    add_distribution(tmp_path / "site", "tarash-broken", entry_points={"broken": "broken_cinema"})


def test_the_models_of_a_provider(tarash: Command) -> None:
    lines = tarash("models", "cinema").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["cinema:film-1", "video", "active"],
        ["cinema:film-0", "video", "retired", "since", "2024-01-31", "use", "film-1"],
        ["cinema:voice-1", "tts,sts", "active"],
    ]
    speaking = json_of(tarash("models", "cinema", "--kind", "sts", "--json"))["models"]
    assert [(model["id"], model["kinds"]) for model in speaking] == [("voice-1", ["tts", "sts"])]


def test_the_models_of_all_providers_but_the_broken(tarash: Command, broken: None) -> None:
    done = tarash("models", "--json")
    assert done.returncode == 0
    facts = json_of(done)
    assert {"cinema", "fal"} <= {model["provider"] for model in facts["models"]}
    assert "tarash-broken" in facts["warnings"][0]


def test_one_model(tarash: Command) -> None:
    lines = tarash("models", "show", "film-1").stdout.splitlines()
    assert lines[0] == "cinema:film-1"
    assert "    seconds  integer, 4 | 8" in lines
    assert "    odd      a word" in lines
    retired = tarash("models", "show", "cinema:film-0").stdout
    assert "status: retired since 2024-01-31, use film-1" in retired
    assert "note: [bold]loud[/bold] [31m" in retired
    # Without a description of its own, the model's parameters are those that the provider's mapping fills.
    assert "    ratio    16:9 | 9:16, from aspect_ratio" in retired.splitlines()
    assert "    prompt   required, from prompt" in retired.splitlines()


def test_a_model_of_fal(tarash: Command) -> None:
    [facts] = json_of(tarash("models", "show", "fal:fal-ai/veo3.1/fast", "--json"))["models"]
    assert facts["parameters"]["prompt"]["required"] is True
    assert "720p" in facts["parameters"]["resolution"]["allowed"]


def test_an_unknown_model(tarash: Command, broken: None) -> None:
    done = tarash("models", "show", "cinema:film-2")
    assert done.returncode == 1
    assert "can be used all the same" in done.stderr
    assert "Did you mean cinema:film-1?" in done.stderr
    facts = json_of(tarash("models", "show", "no/such:model", "--json"))
    assert (facts["ok"], facts["nearest"]) == (False, [])


def test_providers_and_their_keys(tarash: Command, broken: None) -> None:
    done = tarash("providers")
    rows = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "tarash-cinema 1.0" in rows["cinema"]
    assert "CINEMA_KEY is set" in rows["cinema"]
    assert "FAL_KEY is not set" in rows["fal"]
    assert "no film in the camera" in rows["broken:"]
    facts = json_of(tarash("providers", "--json"))["providers"]
    assert {one["id"]: one["keys"] for one in facts}["cinema"] == {"CINEMA_KEY": True}
    assert KEY not in done.stdout + done.stderr


def test_the_keys_of_a_provider_with_two_interfaces(tarash: Command) -> None:
    tarash.environment["LUMA_AGENTS_API_KEY"] = KEY
    told = "LUMA_AGENTS_API_KEY is set (for ray-3.2, uni-1), LUMAAI_API_KEY is not set (for other models)"
    assert told in tarash("providers").stdout
    [luma] = [one for one in json_of(tarash("providers", "--json"))["providers"] if one["id"] == "luma"]
    assert luma["keys"] == {"LUMA_AGENTS_API_KEY": True, "LUMAAI_API_KEY": False, "LUMA_API_KEY": False}
    assert luma["key_models"] == {"LUMA_AGENTS_API_KEY": ["ray-3.2", "uni-1"]}
