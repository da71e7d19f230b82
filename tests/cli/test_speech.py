"""Speech: streams into files and pipes, players, long texts, and lists of voices."""

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import Command, interrupt, json_of
from tests.support.speech import heard

from tarash.tarash_gateway.mock_media import asset
from tarash.testkit.server import ScriptedServer
from tarash.testkit.sounds import sound
from tarash.testkit.steps import Answer, Chunk, Close, CutChunked, Finish, Gate, Hang, Hold, Start

KEY = "key-of-the-account"
PLAYER = f"""#!{sys.executable}
import pathlib, sys
pathlib.Path(__file__).with_suffix(".arguments").write_text(" ".join(sys.argv[1:]))
pathlib.Path(__file__).with_suffix(".heard").write_bytes(sys.stdin.buffer.read())
"""
BROKEN = f"#!{sys.executable}\nraise SystemExit(3)\n"


class Players:
    """A folder that is all of the command's PATH. `heard` is what a player was given to play."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, script: str = PLAYER) -> None:
        path = self.folder / name
        path.write_text(script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def heard(self, name: str) -> bytes:
        return (self.folder / name).with_suffix(".heard").read_bytes()

    def arguments(self, name: str) -> str:
        return (self.folder / name).with_suffix(".arguments").read_text()


@pytest.fixture
def players(tarash: Command, tmp_path: Path) -> Players:
    (tmp_path / "programs").mkdir()
    tarash.environment["PATH"] = str(tmp_path / "programs")
    return Players(tmp_path / "programs")


@pytest.fixture
def vendor(tarash: Command) -> ScriptedServer:
    """A server in place of ElevenLabs: `-m elevenlabs` with `--base-url`."""
    tarash.environment["ELEVENLABS_API_KEY"] = KEY
    return ScriptedServer()


def speak(server: ScriptedServer, *words: str) -> tuple[str, ...]:
    return ("speak", "Hello there.", "-m", "elevenlabs", "--voice", "ada", "--base-url", server.url, *words)


MOCK = ("speak", "Hello there.", "--mock")


# --- streams


def test_a_stream_is_written_as_it_comes(tarash: Command, vendor: ScriptedServer) -> None:
    gate, audio = Gate(), asset("audio.mp3")
    with vendor as server:
        server.handler = lambda request: (Start(200), Chunk(audio[:2000]), Hold(gate), Chunk(audio[2000:]), Finish())
        process: Any = tarash.start(*speak(server, "--stream", "-o", "-"), text=False)
        assert os.read(process.stdout.fileno(), 2000) == audio[:2000]
        gate.open()
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest) == (0, audio[2000:])
    assert b"standard output" in errors
    assert b"first sound after" in errors
    [request] = server.requests
    assert request.path == "/v1/text-to-speech/ada/stream"
    assert tarash.files == []


def test_a_streamed_file_is_what_was_served(tarash: Command, vendor: ScriptedServer) -> None:
    audio = asset("audio.mp3")
    with vendor as server:
        server.handler = lambda request: Answer(body=audio)
        done = tarash(*speak(server, "--stream", "-o", "hello.mp3"))
    assert done.returncode == 0
    assert (tarash.folder / "hello.mp3").read_bytes() == audio
    assert done.stdout.startswith("hello.mp3  (")
    assert "elevenlabs:eleven_multilingual_v2" in done.stdout
    states = [line.split("  ")[1] for line in done.stderr.splitlines()]
    assert states == ["submitting", "speaking"]


def test_a_streamed_file_is_called_what_it_is(tarash: Command, vendor: ScriptedServer) -> None:
    """Some vendors stream bare samples whatever was asked for: nobody could play those under another name."""
    with vendor as server:
        server.handler = lambda request: Answer(headers={"Content-Type": "audio/mpeg"}, body=asset("audio.wav"))
        done = tarash(*speak(server, "--stream", "-o", "hello.mp3"))
    assert done.stdout.startswith("hello.wav  (")
    assert tarash.files == ["hello.wav"]


def test_the_document_of_a_stream(tarash: Command) -> None:
    facts = json_of(tarash(*MOCK, "--stream", "--format", "wav", "--json", "-q"))
    [file] = facts["files"]
    assert (tarash.folder / file["path"]).read_bytes() == asset("audio.wav")
    assert file["bytes"] == facts["bytes"] == len(asset("audio.wav"))
    assert facts["chunks"] > 1
    assert (facts["ok"], facts["status"], facts["is_mock"], facts["timings"]) == (True, "completed", True, [])
    assert [attempt["status"] for attempt in facts["attempts"]] == ["success"]
    assert facts["first_sound_seconds"] <= facts["seconds"]


def test_what_was_heard_before_a_stream_broke_is_kept(tarash: Command, vendor: ScriptedServer) -> None:
    with vendor as server:
        server.handler = lambda request: CutChunked(9, Answer(body=b"beginning and end"))
        done = tarash(*speak(server, "--stream", "-o", "hello.mp3", "--json"))
    assert done.returncode == 4
    assert (tarash.folder / "hello.mp3").read_bytes() == b"beginning"
    assert "What was heard until then is in hello.mp3" in done.stderr
    assert json_of(done)["files"] == [{"path": "hello.mp3", "bytes": 9}]
    assert len(server.requests) == 1


def test_a_refused_stream_leaves_no_file(tarash: Command, vendor: ScriptedServer) -> None:
    (tarash.folder / "old.mp3").write_bytes(b"mine")
    with vendor as server:
        server.handler = lambda request: Answer(401, json={"detail": {"message": "Who are you?"}})
        done = tarash(*speak(server, "--stream", "-o", "old.mp3", "--force"))
        again = tarash(*speak(server, "--stream", "-o", "new.mp3"))
    assert (done.returncode, again.returncode) == (3, 3)
    assert "Who are you?" in done.stderr
    assert tarash.files == ["old.mp3"]
    assert (tarash.folder / "old.mp3").read_bytes() == b"mine"


def test_an_existing_file_is_replaced_only_by_force(tarash: Command) -> None:
    (tarash.folder / "old.mp3").write_bytes(b"mine")
    assert tarash(*MOCK, "--stream", "-o", "old.mp3").returncode == 3
    assert (tarash.folder / "old.mp3").read_bytes() == b"mine"
    assert tarash(*MOCK, "--stream", "-o", "old.mp3", "--force").returncode == 0
    assert (tarash.folder / "old.mp3").read_bytes() == asset("audio.mp3")


def test_a_reader_that_goes_away_ends_the_stream(tarash: Command, vendor: ScriptedServer) -> None:
    gate = Gate()
    with vendor as server:
        server.handler = lambda request: (Start(200), Chunk(b"x" * 100), Hold(gate), Chunk(b"y" * 100), Finish())
        process: Any = tarash.start(*speak(server, "--stream", "-o", "-"), text=False)
        os.read(process.stdout.fileno(), 100)
        process.stdout.close()
        gate.open()
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b"Traceback" not in errors


def test_an_interrupted_stream_ends_with_its_code(tarash: Command, vendor: ScriptedServer) -> None:
    with vendor as server:
        server.handler = lambda request: (Start(200), Chunk(b"x" * 100), Hang())
        process: Any = tarash.start(*speak(server, "--stream", "-o", "-"), text=False)
        assert os.read(process.stdout.fileno(), 100) == b"x" * 100
        errors: Any = interrupt(process)[1]
        assert process.returncode == 130
        assert b"Interrupted." in errors
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "words", [("--stream", "--submit-only"), ("--play", "--submit-only"), ("--stream", "--json", "-o", "-")]
)
def test_what_does_not_go_together_is_wrong_usage(tarash: Command, words: tuple[str, ...]) -> None:
    assert tarash(*MOCK, *words).returncode == 2


def test_only_a_stream_goes_to_standard_output(tarash: Command) -> None:
    assert tarash(*MOCK, "-o", "-").returncode == 3


# --- players


def test_the_saved_file_is_played(tarash: Command, players: Players) -> None:
    players.install("ffplay")
    done = tarash(*MOCK, "--play", "-o", "hello.mp3")
    assert done.returncode == 0
    assert players.heard("ffplay") == (tarash.folder / "hello.mp3").read_bytes() == asset("audio.mp3")
    assert players.arguments("ffplay").endswith(" -")


def test_a_stream_is_played_and_saved(tarash: Command, players: Players) -> None:
    players.install("mpv")
    done = tarash(*MOCK, "--play", "--stream", "-o", "hello.mp3")
    assert done.returncode == 0
    assert players.heard("mpv") == (tarash.folder / "hello.mp3").read_bytes() == asset("audio.mp3")


@pytest.mark.parametrize(
    ("player", "arguments"), [("ffplay", "-sample_rate 16000 -"), ("mpv", "-rate=16000 -"), ("aplay", "-r 16000 -")]
)
def test_samples_are_played_at_their_rate(tarash: Command, players: Players, player: str, arguments: str) -> None:
    players.install(player)
    wanted = 'output_format={"format": "pcm", "sample_rate": 16000}'
    assert tarash(*MOCK, "--play", "-p", wanted).returncode == 0
    assert players.arguments(player).endswith(arguments)
    assert tarash(*MOCK, "--play", "--format", "pcm").returncode == 3


def test_a_player_of_files_is_given_the_file(tarash: Command, players: Players) -> None:
    players.install("afplay")
    assert tarash(*MOCK, "--play", "-o", "hello.mp3").returncode == 0
    assert players.arguments("afplay") == str((tarash.folder / "hello.mp3").absolute())
    assert "none is installed" in tarash(*MOCK, "--play", "--stream").stderr


@pytest.mark.parametrize(
    ("player", "words"), [(None, ()), (None, ("--stream",)), ("aplay", ()), ("mpg123", ("--format", "wav"))]
)
def test_without_a_player_nothing_is_paid(
    tarash: Command, players: Players, player: str | None, words: tuple[str, ...]
) -> None:
    if player:
        players.install(player)
    done = tarash(*MOCK, "--play", *words)
    assert done.returncode == 3
    assert "none is installed: install ffplay or mpv" in done.stderr
    assert "submitting" not in done.stderr
    assert tarash.files == []


@pytest.mark.parametrize("more", [(), ("--stream",)])
def test_a_player_that_fails_costs_nothing(tarash: Command, players: Players, more: tuple[str, ...]) -> None:
    players.install("ffplay", BROKEN)
    done = tarash(*MOCK, "--play", "-o", "hello.mp3", *more)
    assert done.returncode == 0
    assert "ffplay did not play to the end" in done.stderr
    assert (tarash.folder / "hello.mp3").read_bytes() == asset("audio.mp3")


# --- long texts


def test_a_long_text_is_spoken_in_pieces(tarash: Command, vendor: ScriptedServer) -> None:
    text = " ".join(["This is a sentence of some length."] * 200)
    with vendor as server:
        server.handler = lambda request: Answer(body=sound("mp3", 44_100, seconds=1.0))
        model = ("-m", "elevenlabs:eleven_v3", "--voice", "ada", "--base-url", server.url)
        refused = tarash("speak", "-", *model, given=text)
        assert refused.returncode == 3
        assert "the model takes 5000" in refused.stderr
        assert not server.requests
        done = tarash("speak", "-", *model, "--split-text", "-o", "long.mp3", given=text)
    assert done.returncode == 0
    assert [len(request.json["text"]) <= 5000 for request in server.requests] == [True, True]
    assert heard((tarash.folder / "long.mp3").read_bytes(), "mp3").seconds == pytest.approx(2.0, abs=0.1)
    assert "split_text: converted from True to 2" in done.stdout


def test_what_is_missing_of_a_long_text_is_told(tarash: Command, vendor: ScriptedServer) -> None:
    sentences = [f"Sentence {number} is of some length." for number in range(200)]
    with vendor as server:
        server.handler = lambda request: Answer(body=sound("mp3", 44_100, seconds=1.0))
        server.script("POST", "/v1/text-to-speech/ada", Answer(body=sound("mp3", 44_100, seconds=1.0)))
        server.script("POST", "/v1/text-to-speech/ada", Close())
        model = ("-m", "elevenlabs:eleven_v3", "--voice", "ada", "--base-url", server.url)
        done = tarash("speak", "-", *model, "--split-text", "-o", "a.mp3", "--json", given=" ".join(sentences))
    facts = json_of(done)
    [first, second] = [request.json["text"] for request in server.requests]
    assert (done.returncode, facts["error"]["missing"], facts["error"]["possibly_billed"]) == (1, [second], True)
    assert f"{first} {second}" == " ".join(sentences)
    assert [file["path"] for file in facts["files"]] == ["a.mp3"]


def test_pieces_that_do_not_join_are_saved_each(tarash: Command, vendor: ScriptedServer) -> None:
    rates = [16_000, 24_000]
    with vendor as server:
        server.handler = lambda request: Answer(body=sound("wav", rates[len(server.requests) - 1], seconds=0.2))
        model = ("-m", "elevenlabs:eleven_v3", "--voice", "ada", "--base-url", server.url)
        text = "This is a sentence of some length. " * 200
        done = tarash("speak", "-", *model, "--split-text", "-o", "a.wav", "--format", "wav", given=text)
    assert done.returncode == 1
    assert "cannot be joined" in done.stderr
    assert [heard((tarash.folder / name).read_bytes(), "wav").sample_rate for name in ("a.wav", "a-2.wav")] == rates


# --- voices


def test_voices_are_a_table(tarash: Command) -> None:
    done = tarash("voices", "--provider", "sarvam:bulbul:v4-flash")
    assert done.returncode == 0
    [line] = [line for line in done.stdout.splitlines() if " shubh_enhi_ads " in line]
    assert line.split() == ["sarvam", "shubh_enhi_ads", "Shubh", "en-IN,hi-IN", "ads"]


def test_voices_are_asked_of_the_vendor(tarash: Command, vendor: ScriptedServer) -> None:
    voice = {"voice_id": "v1", "name": "Ada \x1b[31m", "labels": {"gender": "female"}, "description": "x" * 200}
    with vendor as server:
        server.handler = lambda request: Answer(json={"voices": [voice], "has_more": False})
        asked = ("voices", "--provider", "elevenlabs", "--base-url", server.url)
        table, facts = tarash(*asked), json_of(tarash(*asked, "--json"))
    assert "\x1b" not in table.stdout
    assert len(table.stdout.strip()) < 120
    assert facts["voices"] == [
        {
            "provider": "elevenlabs",
            "id": "v1",
            "name": "Ada \x1b[31m",
            "languages": [],
            "gender": "female",
            "description": "x" * 200,
            "preview_url": None,
        }
    ]


def test_without_a_name_every_provider_that_can_tell_is_listed(tarash: Command) -> None:
    done = tarash("voices", "--json")
    providers = {voice["provider"] for voice in json_of(done)["voices"]}
    assert {"openai", "google", "runway", "sarvam"} <= providers
    assert "elevenlabs is left out: There is no key" in done.stderr


def test_several_providers_may_be_named(tarash: Command) -> None:
    done = tarash("voices", "-m", "openai", "-m", "runway")
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"openai", "runway"}
    assert len(done.stdout.splitlines()) == 13 + 49


@pytest.mark.parametrize(
    ("words", "code"), [(("--provider", "elevenlabs"), 3), (("--provider", "fal"), 3), (("--provider", "nobody"), 3)]
)
def test_a_named_provider_without_voices_is_an_error(tarash: Command, words: tuple[str, ...], code: int) -> None:
    assert tarash("voices", *words).returncode == code


def test_a_provider_without_a_list_of_voices_asks_for_no_key(tarash: Command) -> None:
    done = tarash("voices", "--provider", "fal", "--json")
    error = json_of(done)["error"]
    assert (error["type"], "fal has no list of voices" in error["message"]) == ("UnsupportedOperationError", True)
    assert "FAL_KEY" not in done.stderr
    assert "FAL_KEY" not in tarash("voices").stderr


def test_the_mock_has_voices(tarash: Command) -> None:
    assert tarash("voices", "--mock").stdout.count("(mock)") == 3
