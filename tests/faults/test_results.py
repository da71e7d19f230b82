"""Fetching what was paid for: expired links, cut bodies, pages that pretend to be films (C1 to C4, C7, C8)."""

import gzip
import time
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from tests.support.acme import Acme, Videos
from tests.support.bench import KEY, Bench
from tests.support.pages import PAGE
from tests.support.studio import FILM
from tests.support.variants import GuardedAcme

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.downloads import LinkExpiredError
from tarash.tarash_gateway.exceptions import DownloadError, PartialResultError
from tarash.tarash_gateway.messages import Done, Output, Pending
from tarash.tarash_gateway.messages import Step as Steps
from tarash.tarash_gateway.mock_media import asset
from tarash.tarash_gateway.models import Kind, VideoGenerationRequest
from tarash.tarash_gateway.providers.base import Call, Operation
from tarash.testkit.server import ScriptedServer, refused_port
from tarash.testkit.steps import (
    Answer,
    Chunk,
    Close,
    CutBody,
    CutChunked,
    DecompressionBomb,
    Drip,
    EndlessBody,
    Finish,
    Hang,
    Raw,
    Redirect,
    Reset,
    Start,
    Step,
)

FILM_HEADERS = {"Content-Type": "video/mp4"}
GONE = [401, 403, 404, 410]


def save(bench: Bench, folder: Path, response: Any = None, **named: Any) -> bytes:
    """Save, and return what is in the only file of the folder."""
    path = bench.world.save(response or bench.generate(), folder / "film.mp4", **named)
    assert list(folder.iterdir()) == [path]
    return path.read_bytes()


def fails(bench: Bench, folder: Path, response: Any = None, **named: Any) -> DownloadError:
    """Saving must fail, leave nothing in the folder, and carry the job and the link away."""
    response = response or bench.generate()
    with pytest.raises(DownloadError) as info:
        bench.world.save(response, folder / "film.mp4", **named)
    error = info.value
    assert not list(folder.iterdir())
    assert error.job == response.job
    assert error.url is not None
    assert "?" not in error.url
    assert (error.provider, error.retryable) == ("acme", False)
    assert bench.posts == 1
    bench.assert_no_key(error)
    return error


# --- C1: links that expire


@pytest.mark.parametrize("status", GONE)
def test_for_an_expired_link_the_job_is_asked_once(bench: Bench, tmp_path: Path, status: int) -> None:
    response = bench.generate()
    bench.on_film(Answer(status, {"Content-Type": "application/xml"}, "<Error>Request has expired</Error>"))
    bench.on_poll(Answer(json={"id": "job-1", "status": "done", "url": f"{bench.server.url}/films/fresh.mp4?sig=2"}))
    polls = bench.polls
    assert save(bench, tmp_path, response) == FILM
    assert (bench.polls - polls, bench.downloads, bench.posts) == (1, 2, 1)
    assert bench.server.requests[-1].path == "/films/fresh.mp4"


@pytest.mark.parametrize("status", GONE)
def test_when_the_fresh_link_is_gone_too(bench: Bench, tmp_path: Path, status: int) -> None:
    response = bench.generate()
    bench.on_film(Answer(status), times=None)
    polls = bench.polls
    error = fails(bench, tmp_path, response)
    assert str(status) in error.message
    assert (bench.polls - polls, bench.downloads) == (1, 2)

    bench.server.scripts.clear()
    assert save(bench, tmp_path, bench.resume(error.job)) == FILM
    assert bench.posts == 1


@pytest.mark.parametrize("answer", [Answer(500), Answer(401), Answer(404), Reset(), Answer(json={"id": "job-1"})])
def test_when_the_job_cannot_be_asked_for_a_fresh_link(bench: Bench, tmp_path: Path, answer: Step) -> None:
    response = bench.generate()
    bench.on_film(Answer(403))
    bench.on_poll(answer, times=None)
    error = fails(bench, tmp_path, response)
    assert "403" in error.message
    assert bench.downloads == 1


def test_a_link_without_its_signature_stands_in_the_error(bench: Bench, tmp_path: Path) -> None:
    link = f"{bench.server.url}/films/job-1.mp4?X-Signature=very-secret&expires=1"
    bench.on_poll(Answer(json={"id": "job-1", "status": "done", "url": link}))
    bench.on_film(Answer(418), times=None)
    error = fails(bench, tmp_path)
    assert "very-secret" not in f"{error!r} {error.url} {error.message}"
    assert error.url == link.partition("?")[0]


TWO = VideoGenerationRequest(prompt="a lighthouse at dawn", number_of_videos=2)
UNREADABLE: dict[str, Step] = {
    "503": Answer(503),
    "401": Answer(401),
    "404": Answer(404),
    "reset": Reset(),
    "failed": Answer(json={"id": "job-1", "status": "failed", "reason": "the machine broke"}),
    "running": Answer(json={"id": "job-1", "status": "running"}),
    "without a film": Answer(json={"id": "job-1", "status": "done"}),
}


@pytest.mark.parametrize("unreadable", UNREADABLE)
def test_a_job_that_cannot_be_asked_gets_no_film_of_another(bench: Bench, tmp_path: Path, unreadable: str) -> None:
    response = bench.generate(request=TWO)
    bench.server.script("GET", "/films/job-1.mp4", Answer(403))
    bench.server.script("GET", "/jobs/job-1", UNREADABLE[unreadable], times=None)
    with pytest.raises(LinkExpiredError, match=r"job-1\.mp4 is no longer served \(HTTP 403\)") as info:
        bench.world.save(response, tmp_path / "film.mp4", index=0)
    assert info.value.job == response.job
    assert not list(tmp_path.iterdir())
    assert (bench.posts, bench.downloads) == (2, 1)
    # The other one is asked for by itself.
    assert bench.world.save(response, tmp_path / "film.mp4", index=1).read_bytes() == FILM
    assert bench.server.requests[-1].path == "/films/job-2.mp4"


@pytest.mark.parametrize("index", [0, 1])
def test_for_an_expired_link_its_own_job_is_asked(bench: Bench, tmp_path: Path, index: int) -> None:
    response = bench.generate(request=TWO)
    own, other = (f"job-{index + 1}", f"job-{2 - index}")
    bench.server.script("GET", f"/films/{own}.mp4", Answer(410))
    bench.server.script("GET", f"/jobs/{other}", Answer(503), times=None)
    bench.studio.film_url = f"{bench.server.url}/films/fresh"
    assert save(bench, tmp_path, response, index=index) == FILM
    assert [request.path for request in bench.server.requests[-2:]] == [f"/jobs/{own}", f"/films/fresh/{own}.mp4"]


def test_what_failed_leaves_the_places_of_the_others(bench: Bench, tmp_path: Path) -> None:
    bench.on_poll(UNREADABLE["failed"])
    with bench.failing(PartialResultError) as caught:
        bench.generate(request=TWO)
    bench.on_film(Answer(403))
    bench.studio.film_url = f"{bench.server.url}/films/fresh"
    assert save(bench, tmp_path, caught[0].response, index=0) == FILM
    assert bench.server.requests[-1].path == "/films/fresh/job-2.mp4"


class PairedVideos(Videos):
    """Each job makes two films."""

    def poll(self, call: Call, state: JsonValue) -> Steps[Pending | Done]:
        answer = yield from super().poll(call, state)
        if isinstance(answer, Done):
            [film] = answer.outputs
            return replace(answer, outputs=[film, Output(url=f"{film.url}?second")])
        return answer


class PairedAcme(Acme):
    """Makes films in pairs."""

    operations: Mapping[Kind, Operation] = {"video": PairedVideos()}


@pytest.mark.parametrize("index", range(4))
def test_jobs_of_several_films_keep_their_places(bench: Bench, tmp_path: Path, index: int) -> None:
    register_provider("paired-acme", PairedAcme())
    response = bench.generate(request=TWO, provider="paired-acme")
    bench.on_film(Answer(403))
    assert save(bench, tmp_path, response, index=index) == FILM
    assert bench.server.requests[-2].path == f"/jobs/job-{index // 2 + 1}"
    assert f"{bench.server.url}{bench.server.requests[-1].raw_target}" == response.videos[index]


# --- C2: cut on the way

LENGTH = len(FILM)
CUTS: dict[str, Step] = {
    **{f"after {size} bytes": CutBody(size) for size in (0, 1, 7, 4096, LENGTH - 1)},
    "by a reset": CutBody(5000, reset=True),
    "between chunks": CutChunked(5000),
    "before the first chunk": CutChunked(0),
    "before the last chunk": CutChunked(LENGTH),
    "closed": Close(),
    "reset": Reset(),
    "no HTTP": Raw(b"hello\r\n\r\n"),
    "500": Answer(500, {"Content-Type": "text/html"}, PAGE),
    "503": Answer(503),
    "408": Answer(408),
    "too early": Answer(425),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("etag", [None, '"v1"', 'W/"v1"'])
@pytest.mark.parametrize("times", [1, 3])
def test_a_cut_film_is_fetched_again(bench: Bench, tmp_path: Path, cut: str, etag: str | None, times: int) -> None:
    response = bench.generate()
    bench.studio.etag = etag
    bench.on_film(CUTS[cut], *([Close()] if cut == "no HTTP" else []), times=times)
    assert save(bench, tmp_path, response) == FILM
    # Where the rest is one byte or nothing, it comes before the next cut.
    is_almost_whole = etag == '"v1"' and cut in (f"after {LENGTH - 1} bytes", "before the last chunk")
    assert bench.downloads == (2 if is_almost_whole else times + 1)
    again = bench.server.requests[-1].headers
    # Only a strong tag says that the rest belongs to the same bytes.
    if etag != '"v1"' or isinstance(CUTS[cut], Answer):
        assert "range" not in again
    elif "after" in cut and cut != "after 0 bytes":
        assert again["if-range"] == etag
        assert 0 < int(again["range"].removeprefix("bytes=").removesuffix("-")) < LENGTH


@pytest.mark.parametrize("cut", [name for name in CUTS if name != "no HTTP"])
def test_a_film_that_is_always_cut_leaves_nothing(bench: Bench, tmp_path: Path, cut: str) -> None:
    response = bench.generate()
    bench.on_film(CUTS[cut], times=None)
    slept = sum(bench.clock.sleeps)
    error = fails(bench, tmp_path, response)
    assert bench.downloads == 4
    assert "4 attempts" in error.message
    assert 0 < sum(bench.clock.sleeps) - slept < 30


def test_a_busy_host_is_given_its_time(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate()
    bench.on_film(Answer(429, {"Retry-After": "7"}))
    bench.on_film(Answer(503, {"Retry-After": "99999"}))
    assert save(bench, tmp_path, response) == FILM
    assert bench.clock.sleeps[-2:] == [7, 60]


HALF = LENGTH // 2


def part(start: int, end: int, told: str | None = "", etag: str = '"v1"', status: int = 206) -> Answer:
    """An answer with some bytes of the film, and what it tells of them."""
    span = f"bytes {start}-{end - 1}/{LENGTH}" if told == "" else told
    headers = {**FILM_HEADERS, "ETag": etag, **({"Content-Range": span} if span is not None else {})}
    return Answer(status, headers, FILM[start:end])


ODD_PARTS: dict[str, Answer] = {
    "too late": part(HALF + 1000, LENGTH),
    "too early": part(HALF - 1000, LENGTH),
    "the beginning": part(0, HALF),
    "only some of it": part(HALF, HALF + 100),
    "of another film": part(HALF, LENGTH, f"bytes {HALF}-{LENGTH - 1}/{LENGTH + 9}"),
    "of another version": part(HALF, LENGTH, etag='"v2"'),
    "no range told": part(HALF, LENGTH, None),
    "nonsense told": part(HALF, LENGTH, "bytes all/of it"),
    "a number of 5,000 digits": part(HALF, LENGTH, f"bytes {HALF}-{'9' * 5000}/{'9' * 5000}"),
    "another unit": part(HALF, LENGTH, f"pages {HALF}-{LENGTH - 1}/{LENGTH}"),
    "whole, as if it were a part": part(0, LENGTH),
    "whole": part(0, LENGTH, None, status=200),
    "whole, of another version": part(0, LENGTH, None, '"v2"', 200),
    "not satisfiable": Answer(416, {"Content-Range": f"bytes */{LENGTH}"}),
    "nothing": part(HALF, HALF),
}


@pytest.mark.parametrize("oddity", ODD_PARTS)
def test_an_odd_part_never_makes_a_wrong_film(bench: Bench, tmp_path: Path, oddity: str) -> None:
    response = bench.generate()
    bench.studio.etag = '"v1"'
    bench.on_film(CutBody(HALF))
    bench.on_film(ODD_PARTS[oddity])
    assert save(bench, tmp_path, response) == FILM
    assert bench.server.requests.matching("GET", "/films/*")[1].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize("answer", [part(0, HALF), part(0, HALF, None), part(100, LENGTH)])
def test_a_part_that_was_not_asked_for_is_not_a_film(bench: Bench, tmp_path: Path, answer: Answer) -> None:
    response = bench.generate()
    bench.on_film(answer)
    assert save(bench, tmp_path, response) == FILM


def test_a_film_cut_at_its_very_end(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate()
    bench.studio.etag = '"v1"'
    bench.on_film(CutChunked(LENGTH))
    assert save(bench, tmp_path, response) == FILM


@pytest.mark.parametrize("members", [1, 3])
def test_compression_that_was_not_asked_for_is_undone(bench: Bench, tmp_path: Path, members: int) -> None:
    response = bench.generate()
    third = LENGTH // members
    pieces = [FILM[start : start + third] for start in range(0, LENGTH, third)]
    packed = b"".join(map(gzip.compress, pieces))
    headers = {**FILM_HEADERS, "Content-Encoding": "gzip", "ETag": '"v1"'}
    bench.studio.etag = '"v1"'
    # What was received before the cut is counted unpacked; a range would be counted packed.
    bench.on_film(CutBody(len(packed) // 2, Answer(headers=headers, body=packed)))
    bench.on_film(Answer(headers=headers, body=packed))
    assert save(bench, tmp_path, response) == FILM
    assert "range" not in bench.server.requests[-1].headers
    assert bench.server.requests[-1].headers["accept-encoding"] == "identity"


def test_compression_cut_where_its_length_does_not_tell(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate()
    headers = {**FILM_HEADERS, "Content-Encoding": "gzip"}
    bench.on_film(Answer(headers=headers, body=gzip.compress(FILM)[:-2000]))
    assert save(bench, tmp_path, response) == FILM
    assert bench.downloads == 2


def test_a_silent_host_is_left_and_asked_again(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate(timeout=0.25, poll_interval=0.01)
    bench.studio.etag = '"v1"'
    bench.on_film(
        Raw(f'HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\nETag: "v1"\r\n\r\n'.encode() + FILM[:HALF]), Hang()
    )
    bench.on_film(Hang())
    assert save(bench, tmp_path, response) == FILM
    assert bench.server.requests[-1].headers["range"] == f"bytes={HALF}-"


def test_a_dripping_host_is_no_better_than_a_silent_one(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate(timeout=0.3, poll_interval=0.01)
    bench.on_film(Drip(0.02, Answer(headers=FILM_HEADERS, body=FILM)), times=None)
    started = time.monotonic()
    fails(bench, tmp_path, response)
    assert time.monotonic() - started < 2
    assert bench.downloads == 4


def test_a_host_that_is_down(bench: Bench, tmp_path: Path) -> None:
    with refused_port() as port:
        link = f"http://127.0.0.1:{port}/film.mp4"
        bench.on_poll(Answer(json={"id": "job-1", "status": "done", "url": link}))
        error = fails(bench, tmp_path)
    assert error.url == link


# --- C3: no film at all

PAGES: dict[str, bytes] = {
    "HTML": PAGE.encode(),
    "HTML after blanks": b"\r\n\r\n   " + PAGE.encode(),
    "HTML with a mark": b"\xef\xbb\xbf" + PAGE.encode(),
    "HTML in UTF-16": PAGE.encode("utf-16"),
    "XML": b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
    "an error in XML": b"<Error><Code>AccessDenied</Code></Error>",
    "JSON": b'{"error": {"message": "not ready yet"}}',
    "a JSON list": b'["not", "ready"]',
    "words": b"Not Found",
    "words in French": "Fichier non trouvé, réessayez plus tard.".encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("content_type", ["video/mp4", "application/octet-stream", "text/html"])
def test_a_page_is_not_saved_as_a_film(bench: Bench, tmp_path: Path, page: str, content_type: str) -> None:
    bench.on_film(Answer(headers={"Content-Type": content_type}, body=PAGES[page]), times=None)
    error = fails(bench, tmp_path)
    assert "text" in error.message or "empty" in error.message
    assert bench.downloads == 1


@pytest.mark.parametrize("page", [name for name in PAGES if name != "nothing"])
def test_a_page_that_comes_letter_by_letter(bench: Bench, tmp_path: Path, page: str) -> None:
    letters = [Chunk(PAGES[page][number : number + 1]) for number in range(len(PAGES[page]))]
    bench.on_film(Start(headers=FILM_HEADERS), *letters, Finish(), times=None)
    fails(bench, tmp_path)


@pytest.mark.parametrize(
    "name", ["image_1x1.png", "video_1x1_480p.mp4", "audio.mp3", "audio.wav", "audio.flac", "audio.opus"]
)
def test_a_film_may_come_byte_by_byte(bench: Bench, tmp_path: Path, name: str) -> None:
    bench.studio.film = asset(name)[:3000]
    pieces = [Chunk(bench.studio.film[number : number + 1]) for number in range(len(bench.studio.film))]
    bench.on_film(Start(headers=FILM_HEADERS), *pieces, Finish())
    [path] = [bench.world.save(bench.generate(), tmp_path / "film")]
    assert path.read_bytes() == bench.studio.film


# --- C4: too much

MIB = 1 << 20


@pytest.mark.parametrize("steps", [[EndlessBody(FILM_HEADERS)], [DecompressionBomb(1 << 30, headers=FILM_HEADERS)]])
@pytest.mark.parametrize("limit", [1, 1000, 3 * MIB])
def test_a_film_without_end_stops_at_the_limit(bench: Bench, tmp_path: Path, steps: list[Step], limit: int) -> None:
    bench.on_film(*steps, times=None)
    error = fails(bench, tmp_path, max_bytes=limit)
    assert str(limit) in error.message
    assert bench.downloads == 1


@pytest.mark.parametrize("step", [EndlessBody(FILM_HEADERS), DecompressionBomb(1 << 30, headers=FILM_HEADERS)])
def test_memory_stays_small_however_long_the_film(bench: Bench, tmp_path: Path, step: Step) -> None:
    response = bench.generate()
    bench.on_film(step, times=None)
    tracemalloc.start()
    try:
        fails(bench, tmp_path, response, max_bytes=48 * MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * MIB


def test_the_limit_is_exact(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate()
    fails(bench, tmp_path, response, max_bytes=LENGTH - 1)
    assert save(bench, tmp_path, response, max_bytes=LENGTH) == FILM


def test_the_limit_counts_a_continued_film_once(bench: Bench, tmp_path: Path) -> None:
    response = bench.generate()
    bench.studio.etag = '"v1"'
    bench.on_film(CutBody(HALF))
    bench.on_film(part(0, LENGTH, None, '"v2"', 200))
    assert save(bench, tmp_path, response, max_bytes=LENGTH) == FILM


@pytest.mark.parametrize("status", [404, 500])
def test_of_a_long_error_not_much_is_read(bench: Bench, tmp_path: Path, status: int) -> None:
    response = bench.generate()
    much = [Chunk(b"x" * 65536)] * 512
    bench.on_film(Start(status), *much, Finish(), times=None)
    before = bench.ledger.bytes_served
    fails(bench, tmp_path, response)
    assert bench.ledger.bytes_served - before < bench.downloads * 8 * MIB


# --- C7: what the type says, and what the bytes say


@pytest.mark.parametrize(
    "told", ["image/png", "text/html", "application/json", "", None, "video/quicktime", "nonsense"]
)
@pytest.mark.parametrize("name", ["video_16x9_480p.mp4", "image_1x1.png", "audio.mp3"])
@pytest.mark.parametrize("wanted", ["film", "film.mp4", "film.png", "film.v2"])
def test_the_bytes_decide_what_it_is(bench: Bench, tmp_path: Path, told: str | None, name: str, wanted: str) -> None:
    bench.on_film(Answer(headers={} if told is None else {"Content-Type": told}, body=asset(name)))
    path = bench.world.save(bench.generate(), tmp_path / wanted)
    assert path.suffix == Path(name).suffix
    assert path.name.startswith("film")
    assert path.read_bytes() == asset(name)


# --- C8: who may see the key


def test_a_result_elsewhere_is_fetched_without_the_key(bench: Bench, second: ScriptedServer, tmp_path: Path) -> None:
    bench.studio.film_url = f"{second.url}/films"
    assert save(bench, tmp_path) == FILM
    assert len(second.requests) == 1
    assert KEY not in repr(second.requests[0].headers)


def test_a_result_at_home_is_fetched_without_the_key_too(bench: Bench, tmp_path: Path) -> None:
    assert save(bench, tmp_path) == FILM
    assert KEY not in repr(bench.server.requests[-1].headers)


def test_a_result_that_needs_the_key_gets_it_at_home_only(bench: Bench, second: ScriptedServer, tmp_path: Path) -> None:
    register_provider("guarded-acme", GuardedAcme())
    response = bench.generate(provider="guarded-acme")
    bench.on_film(Redirect(f"{second.url}/films/job-1.mp4", 302))
    assert save(bench, tmp_path, response) == FILM
    assert bench.server.requests[-1].headers["x-acme-key"] == KEY
    assert KEY not in repr(second.requests[0].headers)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_result_may_be_led_elsewhere(bench: Bench, second: ScriptedServer, tmp_path: Path, status: int) -> None:
    bench.on_film(Redirect(f"{second.url}/films/moved.mp4", status))
    assert save(bench, tmp_path) == FILM
    assert KEY not in repr(second.requests[0].headers)


LEADS = {
    "in circles": "/films/job-1.mp4",
    "nowhere": "",
    "to a file": "file:///etc/passwd",
    "to another scheme": "ftp://127.0.0.1/film.mp4",
    "to a broken address": "http://[::1/film.mp4",
    "to a broken port": "http://127.0.0.1:99999999/film.mp4",
    "to a private network": "http://10.0.0.1/film.mp4",
    "to the cloud's own data": "http://169.254.169.254/latest/meta-data",
    "to a private network in disguise": "http://[::ffff:10.0.0.1]/film.mp4",
    "with a login": "http://user:password@10.0.0.1/film.mp4",
}


def done(link: str) -> Answer:
    return Answer(json={"id": "job-1", "status": "done", "url": link})


@pytest.mark.parametrize("where", LEADS)
def test_a_redirect_does_not_lead_anywhere(bench: Bench, tmp_path: Path, where: str) -> None:
    bench.on_film(Answer(302, {"Location": LEADS[where]} if LEADS[where] else {}), times=None)
    error = fails(bench, tmp_path)
    assert bench.downloads <= 6
    assert "password" not in f"{error!r} {error.url}"


@pytest.mark.parametrize("where", [where for where, link in LEADS.items() if link.startswith("http")])
def test_a_result_does_not_lead_anywhere(bench: Bench, tmp_path: Path, where: str) -> None:
    bench.on_poll(done(LEADS[where]))
    error = fails(bench, tmp_path)
    assert bench.downloads == 0
    assert "password" not in f"{error!r} {error.url}"


@pytest.mark.parametrize("where", [where for where, link in LEADS.items() if not link.startswith("http")])
def test_a_result_that_is_no_link_is_a_missed_poll(bench: Bench, tmp_path: Path, where: str) -> None:
    bench.on_poll(done(LEADS[where] or "/"), times=2)
    assert save(bench, tmp_path) == FILM
    assert bench.posts == 1
