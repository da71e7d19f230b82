"""Google's own SDK, unmodified, against the simulator."""

import asyncio
import io
import time
import wave
from collections.abc import Generator
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tarash.testkit import media
from tarash.testkit.clock import VirtualClock
from tarash.testkit.google import PROJECT, GoogleSimulator, Outcome, errors
from tarash.testkit.ledger import Ledger

genai = pytest.importorskip("google.genai")
auth = pytest.importorskip("google.oauth2.service_account")

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::google.genai.errors.ExperimentalWarning"),
    # With aiohttp installed the SDK's async client makes a subclass of its session.
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    # The SDK leaves sockets of its clients to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OMNI, VEO, TTS = "gemini-omni-1.1-flash", "veo-3.1-lite-generate-001", "gemini-3.8-flash-tts"
LINK = {"type": "video", "delivery": "uri"}


@pytest.fixture
def google(ledger: Ledger) -> Generator[GoogleSimulator]:
    """Its clock starts at the real time, because google-auth signs with it; polls move it."""
    clock = VirtualClock(wall=time.time())
    with GoogleSimulator(clock=clock, ledger=ledger, run_seconds=2, file_seconds=1, advance_per_poll=1) as running:
        yield running


@pytest.fixture
def gemini(google: GoogleSimulator) -> Any:
    return genai.Client(api_key=google.key, http_options={"base_url": google.url})


@pytest.fixture
def vertex(google: GoogleSimulator, tmp_path: Path) -> Any:
    """The SDK with a service account, whose token it fetches itself."""
    file = google.write_service_account(tmp_path / "account.json")
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials = auth.Credentials.from_service_account_file(str(file), scopes=scopes)
    place = {"project": PROJECT, "location": "us-central1"}
    return genai.Client(vertexai=True, credentials=credentials, http_options={"base_url": google.url}, **place)


def finished(client: Any, interaction: Any) -> Any:
    while interaction.status in ("queued", "in_progress"):
        interaction = client.interactions.get(interaction.id)
    return interaction


def plays(content: bytes) -> bool:
    with av.open(io.BytesIO(content), "r") as container:
        return next(container.decode(video=0)) is not None


def test_a_video_from_create_to_download(google: GoogleSimulator, gemini: Any) -> None:
    made = gemini.interactions.create(model=OMNI, input="a cat", background=True, response_format=LINK)
    assert made.status == "in_progress"
    done = finished(gemini, made)
    assert done.status == "completed"
    name = "files/" + done.steps[-1].content[0].uri.rpartition("files/")[2].partition(":")[0]
    while gemini.files.get(name=name).state.name == "PROCESSING":
        pass
    assert plays(gemini.files.download(file=name))
    assert google.ledger.charges(made.id) == google.ledger.total_charges == 1
    assert google.ledger.polls >= 2


def test_a_video_inside_the_answer(google: GoogleSimulator, vertex: Any) -> None:
    import base64

    made = vertex.interactions.create(model=OMNI, input="a cat", background=True)
    content = finished(vertex, made).steps[-1].content[0]
    assert plays(base64.b64decode(content.data))
    assert google.tokens.issued


def test_cancelling_and_deleting(google: GoogleSimulator, gemini: Any) -> None:
    made = gemini.interactions.create(model=OMNI, input="a cat", background=True)
    assert gemini.interactions.cancel(made.id).status == "cancelled"
    gemini.interactions.delete(made.id)
    with pytest.raises(Exception, match="not found"):
        gemini.interactions.get(made.id)
    assert google.ledger.cancels == 1


def test_failures_of_a_job(google: GoogleSimulator, gemini: Any, vertex: Any) -> None:
    google.next_outcome(Outcome(failure={"code": "internal", "message": "Rendering broke"}))
    made = gemini.interactions.create(model=OMNI, input="a cat", background=True)
    assert finished(gemini, made).status == "failed"

    google.next_outcome(Outcome(failure={"code": 3, "message": "Support codes: 58061214"}))
    operation = vertex.models.generate_videos(model=VEO, source={"prompt": "a cat"})
    while not operation.done:
        operation = vertex.operations.get(operation)
    assert operation.error["message"] == "Support codes: 58061214"


@pytest.mark.parametrize("bucket", [None, "gs://films/out"])
def test_veo(google: GoogleSimulator, vertex: Any, bucket: str | None) -> None:
    config = genai.types.GenerateVideosConfig(number_of_videos=2, output_gcs_uri=bucket)
    operation = vertex.models.generate_videos(model=VEO, source={"prompt": "a cat"}, config=config)
    while not operation.done:
        operation = vertex.operations.get(operation)
    first, second = (one.video for one in operation.response.generated_videos)
    if bucket:
        assert first.uri.startswith(bucket)
    else:
        assert plays(first.video_bytes)
    assert second
    assert google.ledger.total_charges == 1


def test_filtered_videos(google: GoogleSimulator, vertex: Any) -> None:
    google.next_outcome(Outcome(media=(), filtered=["Support codes: 61493863"]))
    operation = vertex.models.generate_videos(model=VEO, source={"prompt": "a cat"})
    while not operation.done:
        operation = vertex.operations.get(operation)
    assert operation.response.rai_media_filtered_count == 1
    assert operation.response.rai_media_filtered_reasons == ["Support codes: 61493863"]


def test_images_and_blocked_prompts(google: GoogleSimulator, gemini: Any) -> None:
    answer = gemini.models.generate_content(model="gemini-3.1-flash-image", contents="a cat")
    pictures = [part.inline_data for part in answer.parts if part.inline_data and not part.thought]
    with Image.open(io.BytesIO(pictures[0].data)) as picture:
        assert picture.size == (64, 64)

    google.next_outcome(Outcome(block_reason="PROHIBITED_CONTENT"))
    answer = gemini.models.generate_content(model="gemini-3.1-flash-image", contents="a cat")
    assert answer.prompt_feedback.block_reason.name == "PROHIBITED_CONTENT"
    assert google.ledger.total_charges == 2


def test_imagen(google: GoogleSimulator, vertex: Any) -> None:
    config = genai.types.GenerateImagesConfig(number_of_images=2)
    answer = vertex.models.generate_images(model="imagen-9", prompt="a cat", config=config)
    with Image.open(io.BytesIO(answer.generated_images[1].image.image_bytes)) as picture:
        assert picture.size == (64, 64)


@pytest.mark.parametrize(("model", "kind"), [("gemini-3.8-flash-tts", "wav"), ("gemini-2.5-flash-tts", "L16")])
def test_speech(gemini: Any, model: str, kind: str) -> None:
    config = genai.types.GenerateContentConfig(response_modalities=["AUDIO"])
    answer = gemini.models.generate_content(model=model, contents="hello", config=config)
    sound = answer.parts[0].inline_data
    assert kind in sound.mime_type
    if kind == "wav":
        with wave.open(io.BytesIO(sound.data)) as reader:
            assert reader.getframerate() == 24000
    else:
        assert sound.data == media.wav().content[44:]


def sound_of(answers: Any) -> list[bytes]:
    parts = [part for answer in answers for part in answer.parts or ()]
    assert {part.inline_data.mime_type for part in parts} == {"audio/L16;codec=pcm;rate=24000"}
    return [part.inline_data.data for part in parts]


SPOKEN = genai.types.GenerateContentConfig(response_modalities=["AUDIO"])


@pytest.mark.parametrize("way", ["gemini", "vertex"])
@pytest.mark.parametrize("model", ["gemini-3.8-flash-tts", "gemini-2.5-flash-tts"])
def test_streamed_speech(google: GoogleSimulator, request: pytest.FixtureRequest, way: str, model: str) -> None:
    client = request.getfixturevalue(way)
    answers = list(client.models.generate_content_stream(model=model, contents="hello", config=SPOKEN))

    pieces = sound_of(answers)
    assert len(pieces) > 2
    assert b"".join(pieces) == media.wav().content[44:]
    assert [answer.candidates[0].finish_reason for answer in answers[:-1]] == [None] * len(pieces)
    assert answers[-1].candidates[0].finish_reason.name == "STOP"
    assert answers[-1].usage_metadata.total_token_count
    assert google.ledger.total_charges == 1


def test_streamed_speech_of_the_async_client(google: GoogleSimulator, gemini: Any) -> None:
    async def listen() -> list[Any]:
        stream = await gemini.aio.models.generate_content_stream(model=TTS, contents="hello", config=SPOKEN)
        answers = [answer async for answer in stream]
        await gemini.aio.aclose()
        return answers

    assert b"".join(sound_of(asyncio.run(listen()))) == media.wav().content[44:]
    assert google.ledger.total_charges == 1


def test_ends_of_streams(google: GoogleSimulator, gemini: Any) -> None:
    def listen() -> Any:
        return list(gemini.models.generate_content_stream(model=TTS, contents="hello", config=SPOKEN))

    google.next_outcome(Outcome(block_reason="PROHIBITED_CONTENT"))
    assert listen()[0].prompt_feedback.block_reason.name == "PROHIBITED_CONTENT"
    google.next_outcome(Outcome(finish_reason="SAFETY"))
    [answer] = listen()
    assert (answer.candidates[0].finish_reason.name, answer.parts) == ("SAFETY", [])
    google.next_outcome(Outcome(failure={"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}))
    with pytest.raises(genai.errors.ServerError, match="Overloaded") as caught:
        listen()
    assert (caught.value.code, caught.value.status) == (503, "UNAVAILABLE")


def test_a_stream_of_a_picture_is_one_piece(gemini: Any) -> None:
    [answer] = gemini.models.generate_content_stream(model="gemini-3.1-flash-image", contents="a cat")
    assert [part.inline_data.mime_type for part in answer.parts if part.inline_data and not part.thought]


def test_uploads_in_pieces(google: GoogleSimulator, gemini: Any, tmp_path: Path) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(media.mp4().content + bytes(9 * 1024 * 1024))
    stored = gemini.files.upload(file=str(file))
    assert stored.state.name == "ACTIVE"
    assert google.files[0].content == file.read_bytes()
    assert google.ledger.uploads == 1


def test_the_async_client(google: GoogleSimulator, gemini: Any) -> None:
    async def make() -> Any:
        made = await gemini.aio.interactions.create(model=OMNI, input="a cat", background=True)
        while made.status == "in_progress":
            made = await gemini.aio.interactions.get(made.id)
        await gemini.aio.aclose()
        return made

    assert asyncio.run(make()).status == "completed"
    assert google.ledger.total_charges == 1


ERRORS = [
    (errors.rpc_error(400, "wrong"), 400, "INVALID_ARGUMENT"),
    (errors.invalid_key(), 400, "INVALID_ARGUMENT"),
    (errors.rpc_error(403, "no"), 403, "PERMISSION_DENIED"),
    (errors.model_not_found("veo"), 404, "NOT_FOUND"),
    (errors.rpc_error(429, "slow down", details=[errors.retry_info("3s")]), 429, "RESOURCE_EXHAUSTED"),
    (errors.rpc_error(503, "later"), 503, "UNAVAILABLE"),
]


@pytest.mark.parametrize(("answer", "code", "status"), ERRORS, ids=[row[2] + str(row[1]) for row in ERRORS])
def test_errors_as_the_sdk_reads_them(
    google: GoogleSimulator, gemini: Any, answer: Any, code: int, status: str
) -> None:
    google.fail_next("generate", answer, times=None)
    with pytest.raises(genai.errors.APIError) as caught:
        gemini.models.generate_content(model="gemini-3.1-flash-image", contents="a cat")
    assert (caught.value.code, caught.value.status) == (code, status)
    assert len(google.requests("generate")) == 1


def test_a_wrong_key_and_an_unknown_field(google: GoogleSimulator) -> None:
    client = genai.Client(api_key="AIza-wrong", http_options={"base_url": google.url})
    with pytest.raises(genai.errors.ClientError, match="API key not valid"):
        client.models.generate_content(model="gemini-3.1-flash-image", contents="a cat")
    client = genai.Client(api_key=google.key, http_options={"base_url": google.url, "extra_body": {"nonsense": 1}})
    with pytest.raises(genai.errors.ClientError, match="nonsense"):
        client.models.generate_content(model="gemini-3.1-flash-image", contents="a cat")


def test_what_the_sdk_pays_where_tarash_pays_once(google: GoogleSimulator, gemini: Any) -> None:
    """The other column beside test_money: answers that a proxy replaced are asked for again by the SDK."""
    google.fail_next("create", errors.ingress_error(504), times=None, charged=True)
    with pytest.raises(Exception, match="504"):
        gemini.interactions.create(model=OMNI, input="a cat", background=True)
    posts = len(google.requests("create"))
    print(f"one interaction behind a proxy that answers 504: {posts} POSTs of google-genai, 1 of tarash")
    assert google.ledger.total_charges == posts > 1
