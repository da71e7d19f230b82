"""Faults while a result of fal's is fetched: a whole file or none, and never a second submit (C1 to C8)."""

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from tests.fal.desk import Desk
from tests.support.pages import HTML, PAGE

from tarash.tarash_gateway.exceptions import DownloadError, ProtocolError, TarashException, ValidationError
from tarash.testkit.fal import MediaFile, Outcome
from tarash.testkit.media import Media, mp3, mp4, png
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import (
    Answer,
    Close,
    CutBody,
    CutChunked,
    DecompressionBomb,
    Do,
    EndlessBody,
    Raw,
    Redirect,
    Reset,
    Step,
)

FILM = mp4().content


@pytest.fixture
def response(desk: Desk) -> Any:
    """A finished video that was not fetched yet."""
    return desk.generate()


def assert_nothing_is_left(folder: Path) -> None:
    assert list(folder.iterdir()) == []


def fails_to_save(desk: Desk, response: Any, path: Path, **named: Any) -> DownloadError:
    with pytest.raises(DownloadError) as info:
        desk.save(response, path, **named)
    error = info.value
    desk.assert_no_key(error)
    assert error.job is not None
    assert error.job.provider_ids == desk.ledger.charged_jobs
    assert not error.retryable
    assert_nothing_is_left(path.parent)
    return error


# --- C1: links that have ended


def test_an_expired_link_is_renewed_once(desk: Desk, response: Any, tmp_path: Path) -> None:
    asked = len(desk.fal.requests("status"))
    desk.fal.expire_links()
    assert desk.save(response, tmp_path / "film").read_bytes() == FILM
    assert len(desk.fal.requests("status")) == asked + 1
    assert len(desk.fal.requests("download")) == 2
    assert (desk.submits, desk.charges) == (1, 1)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_link_that_stays_dead_is_told_of(desk: Desk, response: Any, tmp_path: Path, status: int) -> None:
    desk.fal.fail_next("download", Answer(status), times=None)
    error = fails_to_save(desk, response, tmp_path / "film")
    assert error.url
    assert "?" not in error.url
    assert len(desk.fal.requests("download")) == 2
    assert desk.submits == 1


def test_the_right_one_of_several_is_renewed(desk: Desk, tmp_path: Path) -> None:
    pictures = [png(64, 64), png(32, 32), png(16, 16)]
    desk.fal.next_outcome(Outcome(output={"images": [MediaFile(picture) for picture in pictures]}))
    response = desk.generate("image")
    desk.fal.expire_links()
    for index, picture in enumerate(pictures):
        assert desk.save(response, tmp_path / f"{index}", index=index).read_bytes() == picture.content


def test_a_result_that_is_gone_with_its_link(desk: Desk, response: Any, tmp_path: Path) -> None:
    desk.fal.expire_links()
    desk.fal.forget(desk.fal.jobs[0].id)
    with pytest.raises(TarashException) as info:
        desk.save(response, tmp_path / "film")
    assert info.value.job is not None
    assert_nothing_is_left(tmp_path)


# --- C2: bodies that end too soon

CUT: dict[str, list[Step]] = {
    "cut": [CutBody(200)],
    "cut before the body": [CutBody(0)],
    "cut by a reset": [CutBody(200, reset=True)],
    "cut between chunks": [CutChunked(300)],
    "closed": [Close()],
    "reset": [Reset()],
    "no HTTP": [Raw(b"nope\r\n\r\n"), Close()],
    "502": [Answer(502, HTML, PAGE)],
    "429": [Answer(429)],
}


@pytest.mark.parametrize("fault", CUT)
def test_a_cut_download_is_completed(desk: Desk, response: Any, tmp_path: Path, fault: str) -> None:
    desk.fal.fail_next("download", *CUT[fault], times=2)
    path = desk.save(response, tmp_path / "film")
    assert path.read_bytes() == FILM
    assert list(tmp_path.iterdir()) == [path]
    downloads = desk.fal.requests("download")
    assert len(downloads) == 3
    if fault == "cut":
        assert [one.headers.get("range") for one in downloads] == [None, "bytes=200-", "bytes=400-"]


@pytest.mark.parametrize("fault", ["cut", "reset", "502"])
def test_a_download_that_is_always_cut_leaves_nothing(desk: Desk, response: Any, tmp_path: Path, fault: str) -> None:
    step: Step = CutBody(0) if fault == "cut" else CUT[fault][0]
    script = desk.fal.fail_next("download", step, times=None)
    fails_to_save(desk, response, tmp_path / "film")
    assert 2 <= len(desk.fal.requests("download")) <= 8
    script.remaining = 0
    assert desk.save(response, tmp_path / "film").read_bytes() == FILM
    assert desk.charges == 1


@pytest.mark.parametrize("kind", ["tts", "sts"])
def test_speech_is_fetched_whole(desk: Desk, kind: str) -> None:
    desk.fal.fail_next("download", CutBody(100))
    assert base64.b64decode(desk.generate(kind).audio) == mp3().content
    assert desk.submits == 1


@pytest.mark.parametrize("kind", ["tts", "sts"])
def test_an_expired_link_to_speech_is_renewed_once(desk: Desk, kind: str) -> None:
    desk.fal.fail_next("download", Do(desk.fal.expire_links), Answer(404))
    assert base64.b64decode(desk.generate(kind).audio) == mp3().content
    assert len(desk.fal.requests("result")) == 2
    desk.fal.fail_next("download", Answer(404), times=None)
    with pytest.raises(DownloadError) as info:
        desk.generate(kind, fallback_configs=[desk.config(kind)])
    assert info.value.job is not None
    assert desk.submits == 2


def test_speech_whose_link_ended_can_be_had_by_resuming(desk: Desk) -> None:
    script = desk.fal.fail_next("download", Answer(404), times=None)
    with pytest.raises(TarashException) as info:
        desk.generate("tts")
    script.remaining = 0
    assert base64.b64decode(desk.ask("resume", info.value.job).audio) == mp3().content
    assert (desk.submits, desk.charges) == (1, 1)


# --- C3: pages instead of media

PAGES: dict[str, Answer] = {
    "HTML as video": Answer(200, {"Content-Type": "video/mp4"}, PAGE),
    "HTML": Answer(200, HTML, PAGE),
    "XML": Answer(200, {"Content-Type": "video/mp4"}, "<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>"),
    "JSON": Answer(200, {"Content-Type": "video/mp4"}, '{"error": "gone"}'),
    "nothing": Answer(200, {"Content-Type": "video/mp4"}),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_no_film(desk: Desk, response: Any, tmp_path: Path, page: str) -> None:
    desk.fal.fail_next("download", PAGES[page], times=None)
    fails_to_save(desk, response, tmp_path / "film.mp4")


# --- C4: more than anybody wants


@pytest.mark.parametrize("fault", ["endless", "bomb"])
def test_too_much_is_not_read_to_its_end(desk: Desk, response: Any, tmp_path: Path, fault: str) -> None:
    step: Step = EndlessBody(block=FILM[:4096]) if fault == "endless" else DecompressionBomb(64 << 20)
    desk.fal.fail_next("download", step, times=None)
    started = time.monotonic()
    fails_to_save(desk, response, tmp_path / "film", max_bytes=1 << 20)
    assert time.monotonic() - started < 5
    assert desk.ledger.bytes_served < 64 << 20


# --- C5, C6: places and names


def test_nothing_is_overwritten(desk: Desk, response: Any, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_text("mine")
    with pytest.raises(ValidationError):
        desk.save(response, tmp_path / "film.mp4")
    assert not desk.fal.requests("download")
    assert (tmp_path / "film.mp4").read_text() == "mine"
    assert desk.save(response, tmp_path / "film.mp4", overwrite=True).read_bytes() == FILM


def test_a_planted_link_is_not_written_through(desk: Desk, response: Any, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    (tmp_path / "film.mp4").symlink_to(target)
    with pytest.raises(TarashException):
        desk.save(response, tmp_path / "film.mp4")
    assert target.read_text() == "mine"


@pytest.mark.parametrize("name", ["../../evil.sh", "/etc/passwd", "a\x00b.mp4", "..", "CON", "x" * 5000, "film.exe"])
def test_the_names_that_fal_gives_build_no_path(desk: Desk, tmp_path: Path, name: str) -> None:
    file = MediaFile(mp4(), {"file_name": name})
    desk.fal.next_outcome(Outcome(output={"video": file}))
    folder = tmp_path / "inner"
    folder.mkdir()
    response = desk.generate()
    desk.fal.fail_next("download", Answer(200, {"Content-Disposition": f'attachment; filename="{name[:50]!r}"'}, FILM))
    assert desk.save(response, folder / "film") == folder / "film.mp4"
    assert [path.name for path in tmp_path.rglob("*")] == ["inner", "film.mp4"]


# --- C7: what the bytes are

DECLARED = ["text/plain", "image/png", "application/octet-stream", "video/quicktime", "", "nonsense"]


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("name", ["film", "film.mov", "film.v2"])
def test_the_bytes_decide(desk: Desk, tmp_path: Path, declared: str, name: str) -> None:
    odd = Media(FILM, declared, "file.bin")
    desk.fal.next_outcome(Outcome(output={"video": MediaFile(odd)}))
    path = desk.save(desk.generate(), tmp_path / name)
    assert path.suffix == ".mp4"
    assert path.read_bytes() == FILM


# --- C8: no credentials for the host of the result


def test_a_result_on_the_queues_own_host_gets_no_key(desk: Desk, tmp_path: Path) -> None:
    link = f"{desk.fal.queue_url}/files/film.mp4"
    desk.fal.next_outcome(Outcome(output={"video": {"url": link}}))
    response = desk.generate()
    desk.fal.server.script("GET", "/files/film.mp4", Answer(200, {"Content-Type": "video/mp4"}, FILM))
    assert desk.save(response, tmp_path / "film").read_bytes() == FILM
    [download] = [request for request in desk.fal.requests() if request.path == "/files/film.mp4"]
    assert "authorization" not in download.headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_result_may_move_but_the_key_stays(desk: Desk, response: Any, tmp_path: Path, status: int) -> None:
    with ScriptedServer(clock=desk.clock, ledger=desk.ledger) as other:
        other.script("GET", "/film", Answer(200, {"Content-Type": "video/mp4"}, FILM))
        desk.fal.fail_next("download", Redirect(f"{other.url}/film", status))
        assert desk.save(response, tmp_path / "film").read_bytes() == FILM
        assert all("authorization" not in request.headers for request in other.requests)


@pytest.mark.parametrize("link", ["http://10.0.0.1/film.mp4", "http://169.254.169.254/latest/meta-data"])
def test_links_into_private_networks_are_not_opened(desk: Desk, tmp_path: Path, link: str) -> None:
    desk.fal.next_outcome(Outcome(output={"video": {"url": link}}))
    fails_to_save(desk, desk.generate(), tmp_path / "film")


@pytest.mark.parametrize("link", ["file:///etc/passwd", "ftp://a.example/b"])
def test_what_is_no_link_is_no_result(desk: Desk, link: str) -> None:
    desk.fal.next_outcome(Outcome(output={"video": {"url": link}}))
    assert desk.fails(ProtocolError).job is not None
