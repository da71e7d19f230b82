"""Submits that are answered with a no: come back later, never, or somewhere else (A3, A4, A5)."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.bench import KEY, Bench
from tests.support.pages import DEEP, HTML, PAGE
from tests.support.variants import PatientAcme

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import (
    ContentModerationError,
    HTTPError,
    InsufficientCreditsError,
    TarashException,
)
from tarash.testkit.clock import START_WALL
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import (
    Answer,
    Raw,
    Redirect,
)

# --- A3: not now, come back later


def busy(*headers: tuple[str, str], status: int = 429) -> Answer:
    return Answer(status, headers, json={"problem": "too many jobs"})


def date_in(seconds: float, form: str = "%a, %d %b %Y %H:%M:%S GMT") -> str:
    return datetime.fromtimestamp(START_WALL + seconds, UTC).strftime(form)


AFTER = "Retry-After"
TOLD: dict[str, tuple[list[tuple[str, str]], float]] = {
    "seconds": ([(AFTER, "7")], 7),
    "seconds, lower case": ([("retry-after", "7")], 7),
    "a fraction": ([(AFTER, "2.5")], 2.5),
    "with blanks": ([(AFTER, "  3 ")], 3),
    "a date": ([(AFTER, date_in(9))], 9),
    "a date in the zone's old name": ([(AFTER, date_in(9).replace("GMT", "UT"))], 9),
    "a date with an offset": ([(AFTER, date_in(9 + 3600, "%a, %d %b %Y %H:%M:%S +0100"))], 9),
    "a date of no zone": ([(AFTER, date_in(9, "%a, %d %b %Y %H:%M:%S -0000"))], 9),
    "a date as asctime writes it": ([(AFTER, date_in(9, "%a %b %d %H:%M:%S %Y"))], 9),
    "a date as in RFC 850": ([(AFTER, date_in(9, "%A, %d-%b-%y %H:%M:%S GMT"))], 9),
    "milliseconds": ([("retry-after-ms", "1500")], 1.5),
    "milliseconds win": ([(AFTER, "2"), ("Retry-After-Ms", "1500")], 1.5),
    "wrong milliseconds do not": ([(AFTER, "2"), ("retry-after-ms", "soon")], 2),
    "just before the deadline": ([(AFTER, "299")], 299),
}


@pytest.fixture
def zone_far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock is nine hours ahead of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "FAR-9")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("spelling", TOLD)
def test_it_waits_as_told_and_sends_once_more(bench: Bench, spelling: str, zone_far_away: None) -> None:
    headers, seconds = TOLD[spelling]
    bench.studio.polls_needed = 1
    bench.on_submit(busy(*headers))
    bench.generate()
    assert (bench.posts, bench.charges) == (2, 1)
    assert bench.clock.sleeps[0] == pytest.approx(seconds, abs=0.01)


ABSURD = ["-5", "-1e9", "0", "-0", "NaN", "nan", "inf", "-Infinity", "1e400", "9" * 5000, "", "soon", "0x10"]
ABSURD += ["5, 7", "5;7", "1 2", "\xff\xfe", "٣ s", "Wed", "Wed, 99 Foo 2099 25:61:61 GMT"]
ABSURD += [date_in(-9), "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 0000 00:00:00 GMT"]
ABSURD += ["Sat, 31 Dec 99999999 23:59:59 GMT", "Mon, 01 Jan 2040 00:00:00 +9999999"]
FAR = ["300", "301", "86400", "1e18", "9" * 300, date_in(400), "Fri, 31 Dec 9999 23:59:59 GMT"]


@pytest.mark.parametrize("name", [AFTER, "retry-after-ms"])
@pytest.mark.parametrize("value", ABSURD)
def test_absurd_hints_do_not_hasten_nor_delay(bench: Bench, name: str, value: str) -> None:
    raw = f"HTTP/1.1 429 Slow Down\r\n{name}: {value}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    bench.on_submit(Raw(raw))
    bench.generate()
    assert (bench.posts, bench.charges) == (2, 1)
    assert 0.09 <= bench.clock.sleeps[0] <= 0.5


@pytest.mark.parametrize(
    "value", ["300", "301", "86400", "1e18", "9" * 300, date_in(400), "Fri, 31 Dec 9999 23:59:59 GMT"]
)
def test_it_does_not_wait_beyond_the_deadline(bench: Bench, value: str) -> None:
    bench.on_submit(busy((AFTER, value)), times=None)
    error = bench.fails(HTTPError)
    assert (error.status_code, error.retryable, error.job) == (429, True, None)
    assert error.retry_after is not None
    assert error.retry_after >= 300
    assert "too many jobs" in error.message
    assert (bench.posts, bench.clock.sleeps) == (1, [])


@pytest.mark.parametrize(("hint", "posts"), [("200", 2), ("140", 3), ("1", 4), (None, 4)])
def test_patience_has_an_end(bench: Bench, hint: str | None, posts: int) -> None:
    bench.on_submit(busy(*([(AFTER, hint)] if hint else [])), times=None)
    error = bench.fails(HTTPError)
    assert (error.status_code, bench.posts, bench.charges) == (429, posts, 0)
    assert sum(bench.clock.sleeps) < 300
    assert not error.possibly_billed


@pytest.mark.parametrize("body", [b"", b"<html>slow down</html>", b"\xff", DEEP.encode(), b'{"problem": 7}', b"[]"])
def test_a_busy_answer_may_look_like_anything(bench: Bench, body: bytes) -> None:
    bench.on_submit(Answer(429, (("Retry-After", "4"),), body))
    bench.generate()
    assert (bench.posts, bench.charges, bench.clock.sleeps[0]) == (2, 1, 4)


def test_other_statuses_only_where_they_are_documented(bench: Bench) -> None:
    register_provider("patient-acme", PatientAcme())
    bench.on_submit(busy((AFTER, "4"), status=503), times=2)
    error = bench.fails(HTTPError)
    assert (error.status_code, error.retryable, bench.posts) == (503, True, 1)

    bench.generate(provider="patient-acme")
    assert (bench.posts, bench.charges, bench.clock.sleeps[0]) == (3, 1, 4)


def test_after_waiting_in_vain_the_chain_goes_on(bench: Bench, second: ScriptedServer) -> None:
    bench.on_submit(busy((AFTER, "9999")), times=None)
    response = bench.generate(fallback_configs=[bench.config(base_url=second.url)])
    assert (bench.posts, bench.charges) == (1, 1)
    assert [attempt.possibly_billed for attempt in response.execution_metadata.attempts] == [False, False]


# --- A4: refused

REFUSED: dict[str, tuple[int, dict[str, Any] | None, type[TarashException], bool]] = {
    "a wrong parameter": (400, {"problem": "seconds must be 4 or 8"}, HTTPError, False),
    "a wrong key": (401, {"problem": "unknown key"}, HTTPError, False),
    "payment required": (402, {"problem": "no credit"}, InsufficientCreditsError, False),
    "no permission": (403, {"problem": "not in your plan"}, HTTPError, False),
    "an unknown model": (404, {"problem": "no such model"}, HTTPError, False),
    "a conflict": (409, {"problem": "already there"}, HTTPError, False),
    "too large": (413, {"problem": "too large"}, HTTPError, False),
    "not processable": (422, {"problem": "no image"}, HTTPError, False),
    "an error of the provider": (500, {"problem": "internal error"}, HTTPError, True),
    "a provider overloaded": (503, {"problem": "overloaded"}, HTTPError, True),
    "a policy": (400, {"problem": "your prompt violates our content policy"}, ContentModerationError, False),
    "a policy, forbidden": (403, {"problem": "Moderation blocked this"}, ContentModerationError, False),
    "a policy, busy": (429, {"problem": "NSFW"}, ContentModerationError, False),
    "no credit, 400": (400, {"problem": "no credit"}, InsufficientCreditsError, False),
    "no credit, 403": (403, {"problem": "no credit"}, InsufficientCreditsError, False),
    "no credit, 429": (429, {"problem": "no credit"}, InsufficientCreditsError, False),
    "a page, 400": (400, None, HTTPError, False),
    "a page, 403": (403, None, HTTPError, False),
    "a page, 404": (404, None, HTTPError, False),
    "a page, 413": (413, None, HTTPError, False),
    "a page, 418": (418, None, HTTPError, False),
}


def refusal(status: int, body: dict[str, Any] | None) -> Answer:
    return Answer(status, HTML, PAGE) if body is None else Answer(status, json=body)


@pytest.mark.parametrize("why", REFUSED)
def test_a_refusal_is_final_at_that_provider(bench: Bench, why: str) -> None:
    status, body, expected, retryable = REFUSED[why]
    bench.on_submit(refusal(status, body), times=None)
    error = bench.fails(expected)
    assert (bench.posts, bench.charges, bench.clock.sleeps) == (1, 0, [])
    assert (error.retryable, error.possibly_billed, error.job) == (retryable, False, None)
    assert getattr(error, "status_code", status) == status
    assert (body["problem"] if body else "Bad Gateway") in error.message
    assert error.raw_response
    assert (error.provider, error.model) == ("acme", "film-1")


@pytest.mark.parametrize("why", REFUSED)
def test_only_retryable_refusals_move_the_chain(bench: Bench, second: ScriptedServer, why: str) -> None:
    status, body, expected, retryable = REFUSED[why]
    bench.on_submit(refusal(status, body), times=None)
    chain: dict[str, Any] = {"fallback_configs": [bench.config(base_url=second.url)]}
    if retryable:
        assert bench.generate(**chain).execution_metadata.fallback_triggered
    else:
        bench.fails(expected, **chain)
    assert (bench.posts, bench.ledger.posts) == (1, 2 if retryable else 1)


@pytest.mark.parametrize("body", [DEEP, '{"problem": ' + "9" * 5000 + "}", '{"problem": NaN}', "\xff", "x" * 2_000_000])
def test_a_refusal_may_look_like_anything(bench: Bench, body: str) -> None:
    bench.on_submit(Answer(400, body=body.encode("latin-1")))
    error = bench.fails(HTTPError)
    assert (error.status_code, bench.posts) == (400, 1)
    assert len(error.message) < 1000
    assert len(str(error.raw_response)) < 10_000


def test_the_key_is_not_repeated_when_the_provider_echoes_it(bench: Bench) -> None:
    bench.on_submit(Answer(401, (("X-You-Sent", KEY),), json={"problem": f"the key {KEY} is unknown"}))
    error = bench.fails(HTTPError)
    assert "[redacted]" in error.message


# --- A5: somewhere else


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["same host", "other host", "other scheme", "nowhere"])
def test_a_submit_is_not_led_elsewhere(bench: Bench, second: ScriptedServer, status: int, where: str) -> None:
    targets = {
        "same host": f"{bench.server.url}/videos/film-2",
        "other host": f"{second.url}/videos/film-1",
        "other scheme": "file:///etc/passwd",
        "nowhere": "",
    }
    bench.on_submit(Redirect(targets[where], status) if targets[where] else Answer(status))
    error = bench.fails(HTTPError)
    assert (error.status_code, error.retryable) == (status, False)
    assert len(bench.server.requests) == 1
    assert not second.requests
    assert bench.charges == 0
