"""Inputs that lie, vanish, or lead astray: found before anything is paid, and repeated nowhere."""

import base64
import contextlib
import io
import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pydantic
import pytest
from tests.support.acme import MAPPING, Acme, Videos
from tests.support.bench import KEY, REQUEST, Bench
from tests.support.studio import FILM

from tarash.tarash_gateway import register_provider
from tarash.tarash_gateway.exceptions import DownloadError, ProtocolError, TarashException, ValidationError
from tarash.tarash_gateway.media import INLINE_LIMIT, Media
from tarash.tarash_gateway.messages import Done, Pending, Request, Step
from tarash.tarash_gateway.models import ImageGenerationRequest, Kind, VideoGenerationConfig, VideoGenerationRequest
from tarash.tarash_gateway.network import is_public
from tarash.tarash_gateway.providers.base import Call, Operation, place_media
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, media_field_mapper
from tarash.tarash_gateway.providers.inputs import fetched
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Do, Redirect

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture, more or less"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"a song, more or less"


class Uploads(Videos):
    """Places its input the way `how` says: passed on as a link or data URI, streamed from disk, or fetched."""

    def __init__(self, how: Callable[[Call, Media], Step[Any]]) -> None:
        self.how = how

    def submit(self, call: Call) -> Step[Pending | Done]:
        payload = yield from place_media(call.payload, lambda media: self.how(call, media))
        return (yield from super().submit(replace(call, payload=payload)))


def pass_on(call: Call, media: Media) -> Step[Any]:
    return media.url or media.data_uri()
    yield


def stream(call: Call, media: Media) -> Step[Any]:
    yield Request("GET", f"{call.base_url}/ticket")
    yield Request("PUT", f"{call.base_url}/uploads/1", body=media.as_file())
    return "uploads/1"


def fetch(call: Call, media: Media) -> Step[Any]:
    there = yield from fetched(media, max_bytes=1_000_000)
    return there.data_uri()


class WithInput(Acme):
    mappings: ClassVar[Mapping[Kind, Mapping[str, FieldMapping]]] = {
        "video": {"": {**MAPPING, "input": media_field_mapper("video")}}
    }

    def __init__(self, how: Callable[[Call, Media], Step[Any]]) -> None:
        self.operations: Mapping[Kind, Operation] = {"video": Uploads(how)}


@pytest.fixture(scope="module", autouse=True)
def providers() -> None:
    for how in (pass_on, stream, fetch):
        register_provider(f"acme-{how.__name__}", WithInput(how))


def with_input(video: Any, **fields: Any) -> VideoGenerationRequest:
    """A request whose input was never looked at, as after an assignment."""
    request = VideoGenerationRequest(prompt="x", **fields)
    request.video = video
    return request


def refused(bench: Bench, request: VideoGenerationRequest = REQUEST, **changes: Any) -> ValidationError:
    """The request is refused with a ValidationError, and nothing at all was sent."""
    errors = []
    for function in ("generate_video", "submit_video"):
        with pytest.raises(TarashException) as caught:
            bench.world.call(function, bench.config(**changes), request)
        errors.append(judged(bench, caught.value))
    assert not bench.server.requests
    return errors[0]


def judged(bench: Bench, error: TarashException) -> ValidationError:
    assert type(error) is ValidationError, f"{type(error).__name__}: {error}"
    bench.assert_no_key(error)
    return error


# --- E1: files


def files(folder: Path) -> dict[str, Any]:
    os.mkfifo(folder / "pipe")
    (folder / "empty").touch()
    (folder / "link to nothing").symlink_to(folder / "nothing")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "link to a folder").symlink_to(folder)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(folder / "socket"))
    closed = io.BytesIO(PNG)
    closed.close()
    spent = io.BytesIO(PNG)
    spent.read()
    return {
        "nothing": folder / "nothing",
        "a folder": folder,
        "a pipe": folder / "pipe",
        "a socket": folder / "socket",
        "a device": Path("/dev/zero"),
        "no device": Path("/dev/null"),
        "an empty file": folder / "empty",
        "a link to nothing": folder / "link to nothing",
        "a link to itself": folder / "loop",
        "a link to a folder": folder / "link to a folder",
        "below a file": folder / "empty" / "x",
        "a long name": folder / ("x" * 5000),
        "a name with NUL": folder / "a\0b",
        "a name with half a character": folder / "a\ud800b",
        "a closed file": closed,
        "a file at its end": spent,
        "a text file": io.StringIO("text"),
    }


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_file_that_cannot_be_read_is_found_before_anything_is_sent(bench: Bench, tmp_path: Path) -> None:
    descriptors = open_descriptors()
    for name, file in files(tmp_path).items():
        for where in ("video", "image_list"):
            given: Any = {"video": file} if where == "video" else {"image_list": [{"image": file, "type": "asset"}]}
            request = VideoGenerationRequest(prompt="x")
            for field, value in given.items():
                setattr(request, field, value)
            assert len(refused(bench, request, provider="acme-pass_on").message) < 6000, name
    if bench.world.name == "sync":
        assert open_descriptors() == descriptors


def test_text_that_names_a_file_is_never_taken_for_base64(bench: Bench) -> None:
    for path in ("/etc/passwd", "/etc/hostname", "/srv/films/cat", "/aaa/bbb/ccc/ddd"):
        assert "pathlib.Path" in str(refused(bench, with_input(path), provider="acme-pass_on"))


def test_a_file_with_a_password_of_its_own_is_not_read(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "private.png"
    file.write_bytes(PNG)
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read every file")
    refused(bench, with_input(file), provider="acme-pass_on")


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A film that is too large for memory, nearly all of it a hole."""
    file = tmp_path / "large.mp4"
    file.write_bytes(FILM)
    os.truncate(file, INLINE_LIMIT + 1)
    return file


def vanish(file: Path) -> None:
    file.unlink()


def change(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"something else")
    os.utime(file, ns=(1, 1))


def shrink(file: Path) -> None:
    os.truncate(file, 10)


def grow(file: Path) -> None:
    os.truncate(file, INLINE_LIMIT * 2)


def become_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def become_another(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(FILM)
    os.truncate(other, INLINE_LIMIT + 1)
    os.utime(other, ns=(1, 1))
    other.replace(file)


@pytest.mark.parametrize("happening", [vanish, change, shrink, grow, become_a_folder, become_another])
def test_a_file_that_changes_between_check_and_upload_is_never_paid_for(
    bench: Bench, large: Path, happening: Callable[[Path], None]
) -> None:
    bench.server.script("GET", "/ticket", Do(lambda: happening(large)), Answer(json={}))
    with pytest.raises(TarashException) as caught:
        bench.generate(None, VideoGenerationRequest(prompt="x", video=large), provider="acme-stream")
    assert "Nothing was paid" in judged(bench, caught.value).message
    assert (bench.posts, bench.charges) == (0, 0)


def test_a_large_file_is_streamed_whole(bench: Bench, large: Path) -> None:
    bench.server.script("GET", "/ticket", Answer(json={}))
    bench.server.script("PUT", "/uploads/1", Answer(json={}))
    bench.generate(None, VideoGenerationRequest(prompt="x", video=large), provider="acme-stream")
    [upload] = bench.server.requests.matching("PUT")
    assert len(upload.body) == INLINE_LIMIT + 1
    assert upload.body.startswith(FILM)


def test_a_small_file_is_sent_as_it_was_when_it_was_read(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "small.png"
    file.write_bytes(PNG)
    with file.open("rb") as opened:
        request = VideoGenerationRequest(prompt="x", video=opened)
        for _ in range(2):
            bench.generate(None, request, provider="acme-pass_on")
    sent = [one.json["input"] for one in bench.server.requests.matching("POST")]
    assert sent == [f"data:image/png;base64,{base64.b64encode(PNG).decode()}"] * 2


# --- E2: media that is not what it says

MALFORMED: dict[str, Any] = {
    "nothing": "",
    "blanks": "  \n",
    "words": "a picture of a cat",
    "a letter too many": "YWJjZ",
    "no alphabet": "YWJj*ZGVm",
    "two alphabets": "YWJj+Z-f",
    "padding in the middle": "YW==YWJj",
    "padding too long": "YWJj====",
    "letters of another script": "\u0410\u0411\u0412\u0413",
    "half a character": "YWJj\ud800",
    "no data": "data:image/png;base64,",
    "no comma": "data:image/png;base64",
    "no base64": "data:image/png,hello",
    "percent": "data:image/png,%89PNG",
    "broken base64": "data:image/png;base64,YWJj*",
    "no type at all": "data:;;base64,YWJj",
    "a blank in the type": "data:image /png;base64,YWJj",
    "only the word": "data:",
    "many parameters": "data:" + ";a=b" * 100_000,
    "another scheme": "file:///etc/passwd",
    "ftp": "ftp://media.example/a.png",
    "javascript": "javascript:alert(1)",
    "a link with a blank": "https://media.example/a b.png",
    "a link with a line break": "https://media.example/a\r\nX-Evil: 1",
    "empty bytes": b"",
    "a number": 3,
    "an empty dict": {},
    "a dict without type": {"content": PNG},
    "a dict with more": {"content": PNG, "content_type": "image/png", "name": "x"},
    "a dict with text": {"content": "text", "content_type": "image/png"},
    "a dict without bytes": {"content": b"", "content_type": "image/png"},
    "a type that is none": {"content": PNG, "content_type": "png"},
    "a type with a line break": {"content": PNG, "content_type": "image/png\r\nX-Evil: 1"},
    "a type with a hidden line break": {"content": PNG, "content_type": "image/png;a\rX-Evil: 1"},
    "a type with an accent": {"content": PNG, "content_type": "image/p\u00f1g"},
    "no type": {"content": PNG, "content_type": None},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_media_is_refused_without_being_repeated(bench: Bench, name: str) -> None:
    value = MALFORMED[name]
    with pytest.raises(pydantic.ValidationError) as caught:
        VideoGenerationRequest(prompt="x", video=value)
    assert len(str(caught.value)) < 500
    with pytest.raises(pydantic.ValidationError):
        VideoGenerationRequest(prompt="x", image_list=[{"image": value, "type": "asset"}])
    error = refused(bench, with_input(value), provider="acme-pass_on")
    assert len(error.message) < 500
    if isinstance(value, str) and len(value) > 20:
        assert value not in error.message


@pytest.mark.parametrize(
    "given",
    [
        PNG,
        {"content": PNG, "content_type": "video/mp4"},
        {"content": PNG, "content_type": "text/html"},
        f"data:video/mp4;base64,{base64.b64encode(PNG).decode()}",
        f"data:;base64,{base64.b64encode(PNG).decode()}",
        f"data:image/jpeg;name=cat.jpg;base64,{base64.b64encode(PNG).decode()}",
        base64.b64encode(PNG).decode(),
        base64.encodebytes(PNG).decode(),
        base64.urlsafe_b64encode(PNG).decode(),
    ],
)
def test_the_bytes_decide_whatever_was_declared(bench: Bench, given: Any) -> None:
    bench.generate(None, VideoGenerationRequest(prompt="x", video=given), provider="acme-pass_on")
    [submit] = bench.server.requests.matching("POST")
    assert submit.json["input"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


def test_sixty_megabytes_are_sent_but_shown_nowhere(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    content = MP3 + bytes(60 * 1024 * 1024)
    request = VideoGenerationRequest(prompt="x", video=base64.b64encode(content).decode())
    with caplog.at_level(logging.DEBUG):
        response = bench.generate(None, request, provider="acme-pass_on")
    [submit] = bench.server.requests.matching("POST")
    assert len(submit.body) > 80 * 1024 * 1024
    shown = [repr(request), repr(response), str(request), *caplog.messages]
    assert sum(map(len, shown)) < 100_000


def test_sixty_megabytes_of_nonsense_are_refused_in_few_words(bench: Bench) -> None:
    value = "YWJj" * (15 * 1024 * 1024) + "*"
    with pytest.raises(pydantic.ValidationError) as caught:
        VideoGenerationRequest(prompt="x", video=value)
    assert len(str(caught.value)) + len(repr(caught.value.errors())) + len(caught.value.json()) < 2000
    assert len(refused(bench, with_input(value), provider="acme-pass_on").message) < 500


# --- E3: text

TEXTS = {
    "NUL": "a\0b",
    "only NUL": "\0",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f\x9b",
    "escapes of a terminal": "\x1b[31mred\x1b]8;;http://x\x07",
    "line separators": "a\u2028b\u2029c\r\nd",
    "a byte order mark": "\ufeffa",
    "beyond the basic plane": "\U0001f600 \U0010ffff",
    "no character": "\ufffe\uffff",
    "combined": "e\u0301 \u0065\u0301",
    "right to left": "\u202eabc\u05d0",
    "quotes and backslashes": '"\\" \\u0000 \' <script> %00',
    "blanks": "  \t ",
    "nothing": "",
    "1 MB": "x" * 1_000_000,
    "1 M characters of four bytes": "\U0001f600" * 1_000_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_comes_through_exactly(bench: Bench, name: str) -> None:
    text = TEXTS[name]
    bench.generate(None, VideoGenerationRequest(prompt=text, note=text, deep=[{"a": text}]))  # type: ignore[call-arg]
    [submit] = bench.server.requests.matching("POST")
    assert submit.json == {"prompt": text, "note": text, "deep": [{"a": text}]} or not text


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ud83d\ude00", "\udc80" * 10])
def test_half_a_character_is_an_error_wherever_it_stands(bench: Bench, text: str) -> None:
    for field in ("prompt", "negative_prompt"):
        with pytest.raises(pydantic.ValidationError, match="half a character"):
            VideoGenerationRequest.model_validate({"prompt": "x", field: text})
    for extra in ({"note": text}, {"deep": [{"a": text}]}, {text: "x"}):
        refused(bench, VideoGenerationRequest(prompt="x", extra_params=extra))
    refused(bench, with_input(None).model_copy(update={"prompt": text}))


class NotText:
    pass


def circular() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


def deep(kind: type) -> Any:
    value: Any = 0
    for _ in range(100_000):
        value = {"a": value} if kind is dict else [value]
    return value


NO_JSON: dict[str, Callable[[], Any]] = {
    "bytes": lambda: b"x",
    "a set": lambda: {1},
    "an object": NotText,
    "not a number": lambda: float("nan"),
    "endless": lambda: [float("-inf")],
    "a key that is no text": lambda: {("a", "b"): 1},
    "in a circle": circular,
    "a number beyond bounds": lambda: 10**5000,
    "very deep objects": lambda: deep(dict),
    "very deep lists": lambda: deep(list),
}


@pytest.mark.parametrize("name", NO_JSON)
def test_a_parameter_that_json_cannot_say_is_refused(bench: Bench, name: str) -> None:
    error = refused(bench, VideoGenerationRequest(prompt="x", extra_params={"odd": NO_JSON[name]()}))
    assert len(error.message) < 500


# --- what is no request at all


@pytest.mark.parametrize(
    "request_",
    [
        None,
        3,
        "a cat",
        {"prompt": "a cat"},
        VideoGenerationRequest,
        ImageGenerationRequest(prompt="x"),
        Request("GET", "x"),
    ],
)
def test_what_is_no_request_is_refused(bench: Bench, request_: Any) -> None:
    assert "VideoGenerationRequest" in refused(bench, request_).message


@pytest.mark.parametrize("config", [None, "acme", {"provider": "acme"}, VideoGenerationConfig, REQUEST])
def test_what_is_no_configuration_is_refused(bench: Bench, config: Any) -> None:
    work = [("generate_video", config, REQUEST), ("submit_video", config, REQUEST)]
    job = bench.submit()
    for function, *arguments in [*work, *((name, job, config) for name in ("resume", "poll", "cancel"))]:
        with pytest.raises(ValidationError, match="VideoGenerationConfig"):
            bench.world.call(function, *arguments)
    assert bench.posts == len(bench.server.requests) == 1


# --- E4: model ids

TRICKS = [
    *("../jobs/job-1", "film/../../jobs", "..", ".", "a/./b", "a//b", "/a", "a/", "//evil.example/x", "a/.."),
    *("film?key=x", "film#x", "film;x", "film&x=1", "film%2e%2e", "film%2f..%2f", "film%00", "%2e%2e/x"),
    *("http://evil.example/", "\\\\evil.example\\x", "a\\..\\b", "film\\"),
    *("film 1", " film", "film ", "film\t1", "film\r\nX-Evil: 1", "film\n", "film\0", "film\x7f", "film\u2028x"),
    *("f\u00eflm", "\uff46ilm", "film\u202e", "film\ud800", "\u2215etc\u2215passwd", "film\u3002\u3002/x"),
    *("film'", 'film"', "film<x>", "film{x}", "film|x", "film^", "film`x`", "film$x", "film*", "film,x", "film=x"),
]


@pytest.mark.parametrize("model", TRICKS)
def test_a_model_id_that_could_lead_elsewhere_is_refused(bench: Bench, model: str) -> None:
    refused(bench, model=model)


@pytest.mark.parametrize(
    "model",
    [
        "film-1",
        "maker/film",
        "maker/film/v1.5/pro",
        "maker/film:1a2b",
        "film_1.0",
        "@cf/maker/film",
        "~a",
        "a+b",
        "https:/x",
    ],
)
def test_any_other_model_id_arrives_as_its_segments(bench: Bench, model: str) -> None:
    bench.generate(model=model)
    [submit] = bench.server.requests.matching("POST")
    assert submit.segments == ["videos", *model.split("/")]
    assert submit.query == []


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://127.0.0.1", "file:///etc", "127.0.0.1", "//127.0.0.1", "https://", "http:///x", "javascript:x"),
        *("https://user:pass@127.0.0.1", "https://@127.0.0.1", "https://127.0.0.1?x=1", "https://127.0.0.1#x"),
        *("https://127.0.0.1:port", "https://127.0.0.1:99999", "https://127.0.0.1 /", "https://127.0.0.1\r\nX: 1"),
        *("https://[::1", "https://\ud800", " ", "https://evil.example\\@127.0.0.1"),
    ],
)
def test_a_base_url_that_is_none_is_refused(bench: Bench, address: str) -> None:
    refused(bench, base_url=address)


# --- E5: parameters that would decide who pays and who is told


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "Authorization", "AUTHORIZATION", "proxy-authorization", "headers", "Headers"),
        *("api_key", "apiKey", "api-key", "API_KEY", "x-api-key", "X-Api-Key", "xi-api-key", "x-goog-api-key"),
        *("access_token", "accessToken", "auth_token", "bearer_token"),
        *("webhook", "webhooks", "webhook_url", "webhookUrl", "WebHook-URL", "fal_webhook", "webhook_events_filter"),
        *("callback_url", "callbackURL", "callback", "callback_uri", "notify_url", "notifyUrl"),
    ],
)
def test_reserved_parameters_are_refused(bench: Bench, name: str) -> None:
    for request in (
        VideoGenerationRequest(prompt="x", extra_params={name: "https://evil.example/"}),
        VideoGenerationRequest.model_validate({"prompt": "x", name: {"a": 1}}),
    ):
        for policy in ("warn", "ignore", "error"):
            error = refused(bench, request, unsupported_params=policy)
            assert name in error.message
            assert "evil.example" not in error.message


# --- E6: links that tarash itself must fetch

PRIVATE = [
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3"),
    "0.0.0.0",  # noqa: S104 - nobody binds to it here
    *("198.18.0.1", "192.0.0.1", "192.0.2.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("[::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]"),
    *("[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::10.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b::10.0.0.1]"),
    *("[64:ff9b:1::1]", "[2002:a9fe:a9fe::1]", "[2002:0a00:0001::]", "[2001:0:a9fe:a9fe::]", "[::ffff:0:10.0.0.1]"),
    # Other spellings of 10.0.0.1 and 169.254.169.254.
    *(
        "10.1",
        "0x0a000001",
        "167772161",
        "012.0.0.1",
        "0xa.0.0.0x1",
        "2852039166",
        "169.254.43518",
        "0251.0376.0251.0376",
    ),
]


@pytest.mark.parametrize("host", PRIVATE)
def test_a_link_to_a_private_address_is_blocked(bench: Bench, host: str) -> None:
    link = f"http://{host}/latest/meta-data?token=s3cret"
    error = refused(bench, with_input(link), provider="acme-fetch")
    assert "s3cret" not in error.message


def test_public_addresses_are_told_from_private_ones() -> None:
    public = ("1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1")
    assert [address for address in public if not is_public(address)] == []
    assert not is_public("127.0.0.1")
    assert not is_public("::1")
    assert is_public("127.0.0.1", allow_loopback=True)


Resolver = dict[str, list[list[str]]]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """The system's resolver, with names of our own; each look-up of a name takes the next of its answers."""
    names: Resolver = {}
    system = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in names:
            return system(host, port, *rest, **named)
        answers = names[name].pop(0) if len(names[name]) > 1 else names[name][0]
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in answers
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


@pytest.fixture
def elsewhere() -> Iterator[ScriptedServer]:
    """A host of media on this machine. It must never be sent a key."""
    with ScriptedServer(lambda request: Answer(headers={"Content-Type": "image/png"}, body=PNG)) as server:
        yield server
        assert not [one for one in server.requests if KEY in repr(one.headers)]


def test_a_link_is_fetched_where_it_leads(bench: Bench, elsewhere: ScriptedServer) -> None:
    bench.generate(None, VideoGenerationRequest(prompt="x", video=f"{elsewhere.url}/a.png"), provider="acme-fetch")
    [submit] = bench.server.requests.matching("POST")
    assert submit.json["input"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert len(elsewhere.requests) == 1


@pytest.mark.parametrize("target", ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[fd00:ec2::254]/"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_private_address_is_blocked(
    bench: Bench, elsewhere: ScriptedServer, target: str, status: int
) -> None:
    elsewhere.script("GET", "/a.png", Redirect(target, status), times=None)
    refused(bench, with_input(f"{elsewhere.url}/a.png"), provider="acme-fetch")
    assert len(elsewhere.requests) == 2


@pytest.mark.parametrize(
    "target",
    [
        *(
            "file:///etc/passwd",
            "ftp://127.0.0.1/a",
            "gopher://127.0.0.1/",
            "data:image/png;base64,YWJj",
            "javascript:1",
        ),
        *("http://", "http://user:pass@127.0.0.1/", "//user@127.0.0.1/", "http://[::1", "http://127.0.0.1:port/"),
    ],
)
def test_a_redirect_to_anything_but_a_plain_web_address_is_blocked(
    bench: Bench, elsewhere: ScriptedServer, target: str
) -> None:
    elsewhere.script("GET", "/a.png", Redirect(target), times=None)
    refused(bench, with_input(f"{elsewhere.url}/a.png"), provider="acme-fetch")


def test_redirects_come_to_an_end(bench: Bench, elsewhere: ScriptedServer) -> None:
    elsewhere.script("GET", "*", Redirect("/again"), times=None)
    refused(bench, with_input(f"{elsewhere.url}/a.png"), provider="acme-fetch")
    assert len(elsewhere.requests) <= 2 * 10


def test_a_redirect_within_the_web_is_followed(bench: Bench, elsewhere: ScriptedServer) -> None:
    elsewhere.script("GET", "/a.png", Redirect("/b.png", 302))
    bench.generate(None, VideoGenerationRequest(prompt="x", video=f"{elsewhere.url}/a.png"), provider="acme-fetch")
    assert [one.path for one in elsewhere.requests] == ["/a.png", "/b.png"]


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["fe80::1"]])
def test_a_name_that_stands_for_a_private_address_is_blocked(
    bench: Bench, elsewhere: ScriptedServer, resolver: Resolver, answers: list[str]
) -> None:
    resolver["media.example"] = [answers]
    refused(bench, with_input(f"http://media.example:{elsewhere.port}/a.png"), provider="acme-fetch")
    assert not elsewhere.requests


def test_a_name_that_changes_is_looked_up_once_and_connected_to_as_judged(
    bench: Bench, elsewhere: ScriptedServer, resolver: Resolver
) -> None:
    resolver["media.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    link = f"http://media.example:{elsewhere.port}/a.png"
    bench.generate(None, VideoGenerationRequest(prompt="x", video=link), provider="acme-fetch")
    assert elsewhere.requests[0].headers["host"] == f"media.example:{elsewhere.port}"
    # The next look-up finds the private address, also when a connection from before could be used again.
    with pytest.raises(ValidationError):
        bench.generate(None, VideoGenerationRequest(prompt="x", video=link), provider="acme-fetch")
    assert (len(elsewhere.requests), bench.posts) == (1, 1)


def test_loopback_is_private_for_a_provider_that_is_not_on_this_machine(
    bench: Bench, elsewhere: ScriptedServer, resolver: Resolver
) -> None:
    resolver["api.acme.example"] = [["127.0.0.1"]]
    options = {"base_url": f"http://api.acme.example:{bench.server.port}", "provider_config": {"allow_http": True}}
    for host in ("127.0.0.1", "localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0"):
        refused(bench, with_input(f"http://{host}:{elsewhere.port}/a.png"), provider="acme-fetch", **options)
    assert not elsewhere.requests


@pytest.mark.parametrize("link", ["http://user:pass@{}/a.png", "http://user@{}/a.png", "http://:pass@{}/a.png"])
def test_a_link_with_a_password_is_not_fetched(bench: Bench, elsewhere: ScriptedServer, link: str) -> None:
    error = refused(bench, with_input(link.format(f"127.0.0.1:{elsewhere.port}")), provider="acme-fetch")
    assert "pass@" not in error.message
    assert not elsewhere.requests


def test_a_proxy_does_not_open_the_way_to_private_addresses(
    bench: Bench, elsewhere: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", elsewhere.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    refused(bench, with_input("http://10.0.0.1/a.png"), provider="acme-fetch")
    assert not elsewhere.requests


@pytest.mark.parametrize(
    "answer",
    [Answer(404), Answer(403, body="no"), Answer(200, body=b"x" * 2_000_000), Answer(500)],
    ids=["gone", "forbidden", "too long", "broken"],
)
def test_an_input_that_cannot_be_fetched_is_never_paid_for(
    bench: Bench, elsewhere: ScriptedServer, answer: Answer
) -> None:
    elsewhere.script("GET", "*", answer, times=None)
    with pytest.raises(TarashException):
        bench.generate(None, with_input(f"{elsewhere.url}/a.png?sig=s3cret"), provider="acme-fetch")
    assert not bench.server.requests


@pytest.mark.parametrize(
    "link",
    [
        *("http://10.0.0.1/a.png", "http://169.254.169.254/latest", "http://localhost/a.png", "gs://bucket/a.png"),
        *(
            "https://user:pass@media.example/a.png",
            "https://media.example/a.png?sig=a%2Fb&x=1#frag",
            "HTTPS://X.EXAMPLE/",
        ),
    ],
)
def test_a_link_that_is_only_passed_on_is_not_touched(
    bench: Bench, elsewhere: ScriptedServer, link: str, resolver: Resolver
) -> None:
    bench.generate(None, VideoGenerationRequest(prompt="x", video=link), provider="acme-pass_on")
    [submit] = bench.server.requests.matching("POST")
    assert submit.json["input"] == link


@pytest.mark.parametrize("link", ["http://10.0.0.1/a.mp4", "http://user:pass@127.0.0.1/a.mp4", "file:///etc/passwd"])
def test_a_result_that_leads_astray_is_not_saved(bench: Bench, tmp_path: Path, link: str) -> None:
    bench.studio.finished = lambda job: {"id": job, "status": "done", "url": link}  # type: ignore[method-assign]
    with contextlib.ExitStack() as stack:
        caught = stack.enter_context(pytest.raises(TarashException))
        response = bench.generate()
        bench.world.save(response, tmp_path / "film.mp4")
    assert caught.value.job is not None
    assert "pass@" not in str(caught.value)
    assert isinstance(caught.value, DownloadError | ProtocolError)
    assert list(tmp_path.iterdir()) == []
