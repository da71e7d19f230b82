"""Making things with the mock: what is saved, what is printed, what is refused before anything happens."""

import io
from pathlib import Path

import av
import pytest
from PIL import Image
from tests.cli.running import Command, json_of

from tarash.testkit import media

VEO = ("-m", "fal:fal-ai/veo3.1/fast", "--mock")


def frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_video_is_made_and_told_of(tarash: Command) -> None:
    done = tarash("video", "A lighthouse at dawn!", *VEO, "--aspect-ratio", "9:16")
    assert done.returncode == 0
    assert tarash.files == ["a-lighthouse-at-dawn.mp4"]
    assert frames(tarash.folder / "a-lighthouse-at-dawn.mp4") > 5
    first, second = done.stdout.splitlines()
    assert first.startswith("a-lighthouse-at-dawn.mp4  (")
    for fact in ("fal:fal-ai/veo3.1/fast", "video/mp4", "2 s long", "9:16", "mock: no provider was asked"):
        assert fact in second
    states = [line.split("  ")[1] for line in done.stderr.splitlines()]
    assert states == ["submitting", "queued", "processing", "completed 100 %", "saving"]
    assert "attempt 1 of 1" in done.stderr
    assert tarash.kept == []


def test_the_document_is_one_and_says_all(tarash: Command) -> None:
    done = tarash("video", "Eins, zwei, drei", *VEO, "--json", "--quiet", "--duration", "4", "-p", "odd=[1]")
    facts = json_of(done)
    assert done.stderr == ""
    assert facts["ok"] is True
    assert facts["is_mock"] is True
    assert (facts["provider"], facts["model"], facts["status"]) == ("fal", "fal-ai/veo3.1/fast", "completed")
    [file] = facts["files"]
    assert (tarash.folder / file["path"]).stat().st_size == file["bytes"]
    assert {(one["field"], one["outcome"]) for one in facts["parameters"]} >= {
        ("prompt", "sent"),
        ("duration_seconds", "sent"),
        ("odd", "sent"),
    }
    assert [attempt["status"] for attempt in facts["attempts"]] == ["success"]


def test_a_name_is_never_used_twice(tarash: Command) -> None:
    (tarash.folder / "a-cat.webm").write_bytes(b"somebody's")
    for _ in range(2):
        assert tarash("video", "A cat", "--mock", "--n", "2", "-q").returncode == 0
    assert tarash.files == ["a-cat-2-2.mp4", "a-cat-2.mp4", "a-cat-3-2.mp4", "a-cat-3.mp4", "a-cat.webm"]
    assert (tarash.folder / "a-cat.webm").read_bytes() == b"somebody's"


def test_an_existing_output_is_refused_unless_forced(tarash: Command) -> None:
    (tarash.folder / "out.mp4").write_bytes(b"mine")
    refused = tarash("video", "x", *VEO, "-o", "out.mp4")
    assert refused.returncode == 3
    assert "out.mp4 is there already" in refused.stderr
    assert "submitting" not in refused.stderr
    assert (tarash.folder / "out.mp4").read_bytes() == b"mine"
    assert tarash("video", "x", *VEO, "-o", "out.mp4", "--force").returncode == 0
    assert frames(tarash.folder / "out.mp4") > 5


@pytest.mark.parametrize("output", ["missing/out.mp4", "missing/", "-", "link.mp4", "second.mp4"])
def test_an_unusable_output_is_refused_before_anything_happens(tarash: Command, output: str) -> None:
    (tarash.folder / "link.mp4").symlink_to("nowhere")
    (tarash.folder / "second-2.mp4").write_bytes(b"mine")
    done = tarash("video", "x", *VEO, "--n", "2", "-o", output)
    assert done.returncode == 3
    assert "submitting" not in done.stderr
    assert tarash.files == ["link.mp4", "second-2.mp4"]


def test_a_folder_may_be_the_output_and_the_bytes_decide_the_extension(tarash: Command) -> None:
    (tarash.folder / "films").mkdir()
    assert tarash("video", "A dog", *VEO, "-o", "films").returncode == 0
    done = tarash("image", "A dog", "--mock", "-o", "films/dog.jpg", "--size", "1600x900")
    assert done.returncode == 0
    assert sorted(path.name for path in (tarash.folder / "films").iterdir()) == ["a-dog.mp4", "dog.png"]
    with Image.open(tarash.folder / "films" / "dog.png") as image:
        width, height = image.size
    assert width / height == pytest.approx(16 / 9, rel=0.02)


def test_a_file_that_only_its_bytes_would_overwrite_stays(tarash: Command) -> None:
    (tarash.folder / "film.mp4").write_bytes(b"mine")
    done = tarash("video", "x", *VEO, "-o", "film.mov", "--json")
    [file] = json_of(done)["files"]
    assert file["path"] == "film-2.mp4"
    assert (tarash.folder / "film.mp4").read_bytes() == b"mine"


@pytest.mark.parametrize("output", ["st", "st.wav"])
def test_a_name_that_is_taken_gets_the_next_number(tarash: Command, output: str) -> None:
    for name in ("st.mp3", "st-2.mp3"):
        (tarash.folder / name).write_bytes(b"mine")
    for stream in ((), ("--stream",)):
        assert tarash("speak", "Hello.", "--mock", "-o", output, *stream).returncode == 0
    assert tarash.files == ["st-2.mp3", "st-3.mp3", "st-4.mp3", "st.mp3"]


def test_several_outputs_whose_names_are_taken(tarash: Command) -> None:
    (tarash.folder / "dog.png").write_bytes(b"mine")
    done = tarash("image", "A dog", "--mock", "-n", "3", "-o", "dog.jpg", "--json")
    assert [file["path"] for file in json_of(done)["files"]] == ["dog-2.png", "dog-3.png", "dog-4.png"]


def test_several_images(tarash: Command) -> None:
    done = tarash("image", "A fox", "--mock", "-n", "3", "-o", "fox.png", "--json")
    assert [file["path"] for file in json_of(done)["files"]] == ["fox.png", "fox-2.png", "fox-3.png"]
    for name in tarash.files:
        Image.open(io.BytesIO((tarash.folder / name).read_bytes())).verify()


def test_speech_and_another_voice(tarash: Command) -> None:
    (tarash.folder / "text.txt").write_text("Guten Morgen\n", encoding="utf-8")
    spoken = tarash("speak", "@text.txt", "--mock", "--format", "wav", "--voice", "12345", "-o", "a.wav")
    assert spoken.returncode == 0
    assert (tarash.folder / "a.wav").read_bytes()[:4] == b"RIFF"
    converted = tarash("convert-voice", "a.wav", "--voice", "v", "--mock", "-o", "b.mp3", "--json")
    assert json_of(converted)["content_type"] == "audio/mpeg"
    with av.open(str(tarash.folder / "b.mp3")) as container:
        assert sum(1 for _ in container.decode(audio=0)) > 5
    from_pipe = tarash("convert-voice", "-", "--voice", "v", "--mock", given=media.wav().content)
    assert from_pipe.returncode == 0
    assert "speech.mp3" in tarash.files


def test_a_prompt_from_standard_input(tarash: Command) -> None:
    assert tarash("video", "-", "--mock", given="Zwölf Boote\n").returncode == 0
    assert tarash.files == ["zwölf-boote.mp4"]


def test_a_file_name_is_not_spoken(tarash: Command) -> None:
    (tarash.folder / "text.txt").write_text("hello")
    done = tarash("speak", "text.txt", "--mock")
    assert done.returncode == 2
    assert "give @text.txt" in done.stderr
    assert tarash("speak", "@@home", "--mock").returncode == 0
    assert tarash.files == ["home.mp3", "text.txt"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["video", "x"], 2, "say who does the work"),
        (["video", "x", "--mock", "--seed", "many"], 2, "--seed"),
        (["video", "x", "--mock", "--image", "missing.png"], 3, "No such file"),
        (["video", "x", "-m", "nobody:model"], 3, "no provider 'nobody'"),
        (["jobs", "resume", "missing.json"], 3, "missing.json"),
        (["nothing"], 2, "nothing"),
    ],
)
def test_what_cannot_be_done_is_refused(tarash: Command, words: list[str], code: int, told: str) -> None:
    done = tarash(*words, "--json")
    assert (done.returncode, json_of(done)["exit_code"]) == (code, code)
    assert json_of(done)["ok"] is False
    assert told in json_of(done)["error"]["message"]
    assert told in done.stderr
    assert tarash.files == []


def test_a_job_is_submitted_by_one_process_and_resumed_by_another(tarash: Command) -> None:
    submitted = tarash("video", "A boat", *VEO, "--submit-only", "--json")
    facts = json_of(submitted)
    assert (facts["ok"], facts["status"], facts["job"]["provider"]) == (True, "submitted", "fal")
    assert len(tarash.kept) == 1
    resumed = tarash("jobs", "resume", "-", "-o", "boat.mp4", given=submitted.stdout)
    assert resumed.returncode == 0
    assert frames(tarash.folder / "boat.mp4") > 5
    assert tarash.kept == []
