"""Every kind of work and every operation, end to end, in both worlds; what is saved are the bytes that were served."""

import io
import wave
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from tests.google.conftest import Studio

from tarash.testkit import media
from tarash.testkit.google import Outcome

PNG, CLIP = media.png().content, media.mp4().content
VEO = "veo-3.1-generate-001"
BUCKET = {"output_gcs_uri": "gs://films/out"}


def saved(studio: Studio, response: Any, path: Path) -> bytes:
    return studio.world.save(response, path).read_bytes()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"image_list": [{"image": PNG, "type": "first_frame"}]},
        {"image_list": [{"image": PNG, "type": "first_frame"}, {"image": PNG, "type": "last_frame"}]},
        {"image_list": [PNG, {"image": PNG, "type": "asset"}]},
        {"image_list": [{"image": PNG, "type": "first_frame"}, PNG]},
        {"video": CLIP},
        {"video": CLIP, "task": "edit"},
    ],
    ids=["text", "first frame", "both frames", "references", "mixed", "extend", "edit"],
)
def test_omni_makes_a_video_that_plays(either: Studio, fields: dict[str, Any], tmp_path: Path) -> None:
    response = either.generate(**fields, aspect_ratio="9:16")

    assert saved(either, response, tmp_path / "film.mp4") == media.mp4("9:16").content
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert container.streams.video[0].width < container.streams.video[0].height
    assert either.google.ledger.total_charges == 1
    assert response.job.provider_ids == [either.google.jobs[0].id]


def test_omni_waits_until_the_file_is_unpacked(gemini: Studio, tmp_path: Path) -> None:
    response = gemini.generate()

    assert len(gemini.google.requests("file")) >= 2
    assert response.video.startswith(f"{gemini.google.url}/v1beta/files/")
    assert saved(gemini, response, tmp_path / "film") == CLIP


def test_a_file_that_failed_is_a_failed_job(gemini: Studio) -> None:
    from tarash.tarash_gateway.exceptions import GenerationFailedError

    job = gemini.world.call("submit_video", gemini.config(), _video())
    gemini.google.clock.advance(60)
    gemini.world.call("poll", job, gemini.config())
    gemini.google.files[0].failed = True
    with pytest.raises(GenerationFailedError, match="failed to store"):
        gemini.world.call("resume", job, gemini.config())


def _video() -> Any:
    from tarash.tarash_gateway.models import VideoGenerationRequest

    return VideoGenerationRequest(prompt="a cat")


@pytest.mark.filterwarnings("ignore:.*veo-3.1-generate-001 is")
def test_results_in_a_bucket_are_fetched_with_the_token(vertex: Studio, tmp_path: Path) -> None:
    for model in ("gemini-omni-1.1-flash", VEO):
        response = vertex.generate(config=vertex.config(model=model, provider_config=BUCKET))

        assert saved(vertex, response, tmp_path / f"{model}.mp4") == CLIP
        assert response.provider_metadata["uris"][0].startswith("gs://films/out/")
    assert {request.headers["authorization"] for request in vertex.google.requests("object")} == {
        f"Bearer {vertex.google.tokens.issued[0]}"
    }


def test_blocking_interactions_answer_at_once(gemini: Studio, tmp_path: Path) -> None:
    response = gemini.generate(background=False, store=False, response_format={"delivery": "inline"})

    assert saved(gemini, response, tmp_path / "film.mp4") == CLIP
    assert not gemini.google.requests("read")


@pytest.mark.parametrize("model", [VEO, "veo-3.0-generate-001", "veo-2.0-generate-001"])
def test_veo_makes_videos(either: Studio, model: str, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="gemini-omni-1.1-flash"):
        response = either.generate(model=f"google/{model}", number_of_videos=2, duration_seconds=6)

    assert len(response.videos) == 2
    assert saved(either, response, tmp_path / "film.mp4") == CLIP
    assert either.google.ledger.total_charges == 1


@pytest.mark.filterwarnings("ignore:.*veo-3.1-generate-001 is")
def test_veo_takes_frames_references_and_clips(either: Studio) -> None:
    frames = [{"image": PNG, "type": "first_frame"}, {"image": PNG, "type": "last_frame"}]
    either.generate(model=VEO, image_list=frames)
    instance = either.body("start")["instances"][0]
    assert instance.keys() == {"prompt", "image", "lastFrame"}

    either.generate(model=VEO, image_list=[PNG, PNG], duration_seconds=4)
    body = either.body("start")
    assert [one["referenceType"] for one in body["instances"][0]["referenceImages"]] == ["ASSET", "ASSET"]
    assert body["parameters"]["durationSeconds"] == 8

    either.generate(model=VEO, image_list=[PNG])
    assert "image" in either.body("start")["instances"][0]

    either.generate(model=VEO, video=CLIP)
    spelling = {"bytesBase64Encoded", "mimeType"} if either.way == "vertex" else {"encodedVideo", "encoding"}
    assert either.body("start")["instances"][0]["video"].keys() == spelling


def test_images(either: Studio, tmp_path: Path) -> None:
    response = either.generate("image", image_list=[PNG], n=2, size="2K", aspect_ratio="16:9")

    assert len(response.images) == 2
    assert saved(either, response, tmp_path / "picture") == PNG
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.size == (64, 64)
    assert either.google.ledger.total_charges == 2


@pytest.mark.filterwarnings("ignore:.*imagen-.* is retired")
def test_imagen(either: Studio, tmp_path: Path) -> None:
    response = either.generate("image", model="imagen-4.0-generate-001", n=3)

    assert len(response.images) == 3
    assert saved(either, response, tmp_path / "picture.png") == PNG
    assert either.google.ledger.total_charges == 1


@pytest.mark.filterwarnings("ignore:.*imagen-.* is retired")
def test_imagen_edits_below_a_mask_and_stores_in_a_bucket(vertex: Studio, tmp_path: Path) -> None:
    config = vertex.config("image", model="imagen-3.0-capability-001", provider_config=BUCKET)
    response = vertex.generate("image", config=config, image_list=[PNG], mask_image=PNG)

    assert saved(vertex, response, tmp_path / "picture.png") == PNG
    body = vertex.body("predict")
    references = body["instances"][0]["referenceImages"]
    assert [one["referenceType"] for one in references] == ["REFERENCE_TYPE_RAW", "REFERENCE_TYPE_MASK"]
    assert body["parameters"]["editMode"] == "EDIT_MODE_INPAINT_INSERTION"


@pytest.mark.parametrize("model", ["gemini-3.8-flash-tts", "gemini-2.5-flash-tts"])
@pytest.mark.parametrize("wanted", [None, "mp3", "wav", "pcm"])
def test_speech_comes_as_wav_or_bare_samples(either: Studio, model: str, wanted: str | None, tmp_path: Path) -> None:
    fields = {"output_format": {"format": wanted}} if wanted else {}
    response = either.generate("tts", model=model, voice_id="kore", **fields)

    sound = saved(either, response, tmp_path / "speech")
    if wanted == "pcm":
        assert sound == media.wav().content[44:]
    else:
        assert sound == media.wav().content
        with wave.open(io.BytesIO(sound)) as reader:
            assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (24000, 1, 2)
        assert response.content_type == "audio/wav"
    assert response.duration == pytest.approx(0.2)
    told = [one.outcome for one in response.parameters if one.field == "output_format"]
    assert told == (["converted"] if wanted else [])


def test_the_default_format_passes_even_where_nothing_may_be_ignored(either: Studio) -> None:
    config = either.config("tts", unsupported_params="error")
    assert either.generate("tts", config=config).audio


def test_unknown_models_work_by_their_family(either: Studio) -> None:
    assert either.generate(model="gemini-omni-9-ultra", duration_seconds=40).video
    assert either.body("create")["response_format"]["duration"] == "10s"
    with pytest.warns(UserWarning, match="'8k' is not one of"):
        assert either.generate(model="dream-1", duration_seconds=40, resolution="8k").video
    assert either.body("create")["response_format"]["duration"] == "40s"
    assert either.generate("image", model="gemini-9-image").images
    assert either.generate("tts", model="gemini-9-tts").audio
    assert either.generate(model="veo-9-generate", duration_seconds=11).video
    assert either.body("start")["parameters"]["durationSeconds"] == 11


def test_large_inputs_are_uploaded_and_waited_for(gemini: Studio, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(CLIP + bytes(15 * 1024 * 1024))
    gemini.generate(video=film)

    assert gemini.google.ledger.uploads == 1
    file = gemini.google.files[0]
    assert file.content == film.read_bytes()
    content = gemini.body("create")["input"][0]["content"]
    assert content[0] == {"type": "video", "uri": f"{gemini.google.url}/v1beta/{file.name}", "mime_type": "video/mp4"}
    assert [request.method for request in gemini.google.requests("file")][:2] == ["GET", "GET"]
    assert gemini.google.server.requests[0].headers["x-goog-upload-command"] == "start"


def test_links_are_fetched_and_sent_as_bytes(either: Studio) -> None:
    kept = either.google.storage.keep(PNG, "image/png")
    served = f"{either.google.url}/public/{kept.name}.png"
    either.google.server.script("GET", "/public/*", _serve(PNG))
    either.generate("image", image_list=[served])

    data = either.body("generate")["contents"][0]["parts"][0]["inlineData"]
    assert data["mimeType"] == "image/png"


def _serve(content: bytes) -> Any:
    from tarash.testkit.steps import Answer

    return Answer(200, {"Content-Type": "application/octet-stream"}, content)


def test_links_that_google_reads_itself_are_passed_on(vertex: Studio) -> None:
    vertex.generate("image", image_list=["gs://pictures/cat.png"])
    part = vertex.body("generate")["contents"][0]["parts"][0]
    assert part == {"fileData": {"fileUri": "gs://pictures/cat.png", "mimeType": "image/png"}}


def test_several_videos_of_omni_are_several_jobs(gemini: Studio) -> None:
    gemini.google.next_outcome(Outcome(media=[media.mp4("1:1")]))
    response = gemini.generate(number_of_videos=2)

    assert len(response.videos) == 2
    assert gemini.google.ledger.total_charges == 2
