"""fal's own Python client, unmodified, against the simulator.

fal-client insists on https and on fal's host names (the storage hosts are constants in it). Like every httpx client it
heeds HTTPS_PROXY and SSL_CERT_FILE, so the simulator stands in for the real hosts as a proxy that it trusts.
"""

import asyncio
import contextlib
import functools
import io
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import connect_sse

from tarash.testkit import media
from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import FalSimulator, Outcome, errors
from tarash.testkit.ledger import Ledger
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.steps import Answer, CutBody, Reset
from tarash.testkit.tls import LocalAuthority

fal_client = pytest.importorskip("fal_client")

pytestmark = [
    pytest.mark.vendor,
    # Each upload of the blocking client leaves a connection to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <s:pytest.PytestUnraisableExceptionWarning"),
]

KLING = "fal-ai/kling-video/v3/pro/text-to-video"
KEY_ORIGINS = ["https://queue.fal.run", "https://fal.run", "https://rest.fal.ai"]


@pytest.fixture(scope="module")
def authority() -> Generator[LocalAuthority]:
    with LocalAuthority() as authority:
        yield authority


@pytest.fixture
def fal(
    authority: LocalAuthority, clock: VirtualClock, book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> Generator[FalSimulator]:
    """The simulator under fal's own host names; its clients wait in real time, so polls move the clock."""
    with FalSimulator(
        clock=clock, ledger=book, authority=authority, queue_seconds=2, run_seconds=2, advance_per_poll=1
    ) as simulator:
        for name, value in simulator.proxy_environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("FAL_KEY", simulator.key)
        yield simulator


@contextlib.contextmanager
def blocking_client(**settings: Any) -> Generator[Any]:
    client = fal_client.SyncClient(**settings)
    yield client
    client._client.close()  # noqa: SLF001 - there is no public way


@contextlib.contextmanager
def async_client(runner: asyncio.Runner) -> Generator[Any]:
    client = fal_client.AsyncClient()
    yield client

    async def close() -> None:
        await (await client._client).aclose()  # noqa: SLF001 - there is no public way

    runner.run(close())


@pytest.fixture
def client(fal: FalSimulator) -> Generator[Any]:
    with blocking_client() as client:
        yield client


def shape(request: RecordedRequest) -> tuple[str, str]:
    return request.method, request.origin + request.raw_target


class Both:
    """The same calls on either of the two clients."""

    def __init__(self, wait: Callable[[Any], Any], client: Any) -> None:
        self._wait, self._client = wait, client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        return lambda *arguments, **named: self._wait(method(*arguments, **named))


@pytest.fixture(params=["sync", "async"])
def either(request: pytest.FixtureRequest, fal: FalSimulator) -> Generator[Both]:
    if request.param == "sync":
        with blocking_client() as client:
            yield Both(lambda value: value, client)
        return
    with asyncio.Runner() as runner, async_client(runner) as client:
        yield Both(functools.partial(run_to_the_end, runner), client)


def run_to_the_end(runner: asyncio.Runner, value: Coroutine[Any, Any, Any]) -> Any:
    return runner.run(value)


def test_subscribe_with_logs(fal: FalSimulator, either: Both, book: Ledger) -> None:
    fal.next_outcome(Outcome(logs=["loading", "rendering"]))
    events: list[Any] = []
    result = either.subscribe(
        KLING, {"prompt": "a cat"}, with_logs=True, on_queue_update=events.append, interval=0, start_timeout=30
    )

    assert result["video"]["url"].startswith("https://v3.fal.media/files/")
    assert [type(event).__name__ for event in events] == ["Queued"] * 2 + ["InProgress"] * 2 + ["Completed"]
    assert [event.position for event in events[:2]] == [2, 1]
    assert [entry["message"] for entry in events[-1].logs] == ["loading", "rendering"]
    assert events[-1].metrics == {"inference_time": 2}
    job_id = book.charged_jobs[0]
    root = f"https://queue.fal.run/fal-ai/kling-video/requests/{job_id}"
    assert [shape(request) for request in fal.requests()] == [
        ("POST", f"https://queue.fal.run/{KLING}"),
        *[("GET", f"{root}/status?logs=true")] * 5,
        ("GET", f"{root}/status?logs=false"),
        ("GET", root),
    ]
    submit = fal.requests("submit")[0]
    assert submit.json == {"prompt": "a cat"}
    assert submit.headers["x-fal-request-timeout"] == "30.0"
    assert book.total_charges == 1
    book.assert_key_only_at(KEY_ORIGINS, fal.key)


def test_submit_status_result(fal: FalSimulator, either: Both, book: Ledger) -> None:
    handle = either.submit("fal-ai/flux/dev", {"prompt": "a cat", "num_images": 2}, priority="low", hint="same")
    assert isinstance(either.status("fal-ai/flux/dev", handle.request_id), fal_client.Queued)
    fal.clock.advance(10)
    status = either.status("fal-ai/flux/dev", handle.request_id, with_logs=True)
    assert (type(status), status.logs, status.error) == (fal_client.Completed, [], None)
    assert len(either.result("fal-ai/flux/dev", handle.request_id)["images"]) == 2
    assert book.charges(handle.request_id) == 1
    headers = fal.requests("submit")[0].headers
    assert (headers["x-fal-queue-priority"], headers["x-fal-runner-hint"]) == ("low", "same")


def test_cancel(fal: FalSimulator, either: Both, book: Ledger) -> None:
    handle = either.submit(KLING, {})
    either.cancel(KLING, handle.request_id)
    status = either.status(KLING, handle.request_id)
    assert (type(status), status.error_type) == (fal_client.Completed, "client_cancelled")
    with pytest.raises(fal_client.FalClientHTTPError) as raised:
        either.result(KLING, handle.request_id)
    assert (raised.value.status_code, raised.value.error_type) == (499, "client_cancelled")
    assert book.cancels == 1


def test_cancel_too_late(fal: FalSimulator, either: Both) -> None:
    handle = either.submit(KLING, {})
    fal.clock.advance(10)
    with pytest.raises(fal_client.FalClientHTTPError) as raised:
        either.cancel(KLING, handle.request_id)
    assert raised.value.status_code == 400


def test_workflows_keep_three_segments(fal: FalSimulator, either: Both) -> None:
    handle = either.submit("workflows/somebody/flow/step", {})
    fal.clock.advance(10)
    assert either.result("workflows/somebody/flow/step", handle.request_id)


def test_run(fal: FalSimulator, either: Both, book: Ledger) -> None:
    result = either.run("fal-ai/minimax/speech-2.8-hd", {"prompt": "hello"})
    assert result["duration_ms"] == 1000
    assert [shape(request) for request in fal.requests()] == [("POST", "https://fal.run/fal-ai/minimax/speech-2.8-hd")]
    assert book.total_charges == 1


def test_stream(fal: FalSimulator, client: Any) -> None:
    assert "images" in list(client.stream("fal-ai/flux/dev", {"prompt": "a cat"}))[-1]


def test_stream_async(fal: FalSimulator) -> None:
    async def collect(client: Any) -> list[dict[str, Any]]:
        return [event async for event in client.stream("fal-ai/flux/dev", {})]

    with asyncio.Runner() as runner, async_client(runner) as client:
        assert "images" in runner.run(collect(client))[-1]


def test_the_status_stream_is_proper_sse(fal: FalSimulator, client: Any) -> None:
    handle = client.submit(KLING, {})
    headers = {"Authorization": f"Key {fal.key}"}
    with httpx.Client() as http, connect_sse(http, "GET", f"{handle.status_url}/stream", headers=headers) as events:
        told = [event.json()["status"] for event in events.iter_sse()]
    assert told == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]


def test_upload_and_download(fal: FalSimulator, either: Both, tmp_path: Path, book: Ledger) -> None:
    picture = media.png()
    file = tmp_path / "a cat.png"
    file.write_bytes(picture.content)
    links = [
        either.upload(picture.content, "image/png", "cat.png"),
        either.upload_file(file),
        either.upload("text", "text/plain"),
    ]
    assert [(stored.content, stored.content_type, stored.file_name) for stored in fal.uploads] == [
        (picture.content, "image/png", "cat.png"),
        (picture.content, "image/png", "a cat.png"),
        (b"text", "text/plain", "upload.bin"),
    ]
    assert httpx.get(links[1]).content == picture.content
    assert len(fal.requests("token")) <= 3
    book.assert_key_only_at(KEY_ORIGINS, fal.key)


def test_upload_in_the_other_way_shows_the_key_to_the_cdn(fal: FalSimulator, either: Both, book: Ledger) -> None:
    link = either.upload(b"abc", "text/plain", "x.txt", repository="fal")
    assert fal.file(link).content == b"abc"
    assert shape(fal.requests("initiate")[0])[1].startswith("https://rest.fal.ai/storage/upload/initiate")
    with pytest.raises(AssertionError, match=r"https://v3\.fal\.media"):
        book.assert_key_only_at(KEY_ORIGINS, fal.key)


def test_upload_in_parts(fal: FalSimulator, client: Any, tmp_path: Path) -> None:
    # The clients split files above 100 MiB; a sparse file of that size costs nothing to make.
    size = 100 * 1024 * 1024 + 5
    file = tmp_path / "big.bin"
    with file.open("wb") as sparse:
        sparse.seek(size - 5)
        sparse.write(b"end.\n")
    fal.file(client.upload_file(file))
    [stored] = fal.uploads
    assert (len(stored.content), stored.content[-5:]) == (size, b"end.\n")
    assert len(fal.requests("upload")) == 11


def test_upload_of_an_image(fal: FalSimulator, either: Both) -> None:
    from PIL import Image

    with Image.open(io.BytesIO(media.png(20, 10).content)) as picture:
        link = either.upload_image(picture, "png")
    with Image.open(io.BytesIO(fal.file(link).content)) as stored:
        assert stored.size == (20, 10)


@pytest.mark.parametrize(
    ("failure", "status", "kind"),
    [
        (errors.model_error("content_policy_violation"), 422, None),
        (errors.request_error("runner_server_error"), 500, "runner_server_error"),
        (errors.request_error("startup_timeout", by_caller=True), 504, "startup_timeout"),
    ],
)
def test_a_failed_job(fal: FalSimulator, either: Both, failure: Answer, status: int, kind: str | None) -> None:
    fal.next_outcome(Outcome(failure=failure))
    with pytest.raises(fal_client.FalClientHTTPError) as raised:
        either.subscribe(KLING, {}, interval=0)
    assert (raised.value.status_code, raised.value.error_type) == (status, kind)


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (errors.exhausted_balance(), 403, "Exhausted balance"),
        (errors.not_found(), 404, "not found"),
        (errors.legacy_error("bad", status=422), 422, "bad"),
    ],
)
def test_a_refused_submit(
    fal: FalSimulator, either: Both, book: Ledger, answer: Answer, status: int, text: str
) -> None:
    fal.fail_next("submit", answer)
    with pytest.raises(fal_client.FalClientHTTPError, match=text) as raised:
        either.submit(KLING, {})
    assert raised.value.status_code == status
    assert (book.posts, book.total_charges) == (1, 0)


def test_a_wrong_key(fal: FalSimulator) -> None:
    with blocking_client(key="wrong") as client, pytest.raises(fal_client.FalClientHTTPError) as raised:
        client.submit(KLING, {})
    assert raised.value.status_code == 401


def test_a_status_that_nobody_knows(fal: FalSimulator, either: Both) -> None:
    fal.next_outcome(Outcome(statuses=["PAUSED"]))
    handle = either.submit(KLING, {})
    with pytest.raises(ValueError, match="PAUSED"):
        either.status(KLING, handle.request_id)


def test_faults_that_the_client_gets_over(fal: FalSimulator, either: Both, book: Ledger) -> None:
    fal.fail_next("submit", errors.rate_limited("1"))
    fal.fail_next("status", errors.ingress_error(502))
    fal.fail_next("result", CutBody(20))
    assert either.subscribe(KLING, {}, interval=0)["video"]
    assert (book.posts, book.total_charges) == (2, 1)


def test_the_client_pays_twice_when_an_answer_is_lost(fal: FalSimulator, either: Both, book: Ledger) -> None:
    fal.fail_next("submit", Reset(), charged=True)
    assert either.subscribe(KLING, {}, interval=0)["video"]
    assert (book.posts, book.total_charges) == (2, 2)
