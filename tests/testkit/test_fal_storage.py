"""Uploads in both ways, and the CDN."""

from collections.abc import Callable
from typing import Any

import pytest

from tarash.testkit import media
from tarash.testkit.clock import VirtualClock
from tarash.testkit.fal import FalSimulator, MediaFile, Outcome
from tarash.testkit.ledger import Ledger

Ask = Callable[..., Any]
TOKEN = "/storage/auth/token?storage_type=fal-cdn-v3"
INITIATE = "/storage/upload/initiate?storage_type=fal-cdn-v3"


@pytest.fixture
def bearer(fal: FalSimulator, ask: Ask) -> dict[str, str]:
    token = ask("POST", fal.rest_url + TOKEN, {}).json
    assert token["base_url"] == fal.cdn_url
    return {"Authorization": f"{token['token_type']} {token['token']}"}


def test_a_file_uploaded_with_a_token_is_served(
    fal: FalSimulator, ask: Ask, bearer: dict[str, str], book: Ledger
) -> None:
    headers = {**bearer, "Content-Type": "image/png", "X-Fal-File-Name": "a cat.png"}
    reply = ask("POST", f"{fal.cdn_url}/files/upload", media.png().content, key=None, headers=headers)
    url = reply.json["access_url"]
    served = ask("GET", url, key=None)
    assert (served.status, served.body, served.headers["content-type"]) == (200, media.png().content, "image/png")
    [upload] = fal.uploads
    assert (upload.file_name, upload.content_type, upload.content) == ("a cat.png", "image/png", media.png().content)
    assert fal.file(url) == upload
    assert (book.uploads, book.downloads) == (1, 1)


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Key simulated-key-id:simulated-key-secret"])
def test_without_a_token_nothing_is_uploaded(fal: FalSimulator, ask: Ask, authorization: str) -> None:
    headers = {"Authorization": authorization}
    for path in ("/files/upload", "/files/upload/multipart"):
        assert ask("POST", fal.cdn_url + path, b"x", key=None, headers=headers).status == 401
    assert fal.uploads == []


def test_a_token_is_no_key_and_no_signature(fal: FalSimulator, ask: Ask, bearer: dict[str, str]) -> None:
    as_key = {"Authorization": bearer["Authorization"].replace("Bearer", "Key")}
    assert ask("POST", f"{fal.cdn_url}/files/upload", b"x", key=None, headers=as_key).status == 401
    begun = ask("POST", f"{fal.cdn_url}/files/upload/multipart", b"", key=None, headers=bearer).json
    for signature in ("", "?signature=", "?signature=x"):
        assert ask("PUT", f"{fal.cdn_url}/upload/{begun['uploadId']}{signature}", b"x", key=None).status == 403


def test_a_token_ends_after_an_hour(fal: FalSimulator, ask: Ask, bearer: dict[str, str], clock: VirtualClock) -> None:
    clock.advance(3599)
    assert ask("POST", f"{fal.cdn_url}/files/upload", b"x", key=None, headers=bearer).status == 200
    clock.advance(1)
    assert ask("POST", f"{fal.cdn_url}/files/upload", b"x", key=None, headers=bearer).status == 401


def test_the_kind_of_token_must_be_named(fal: FalSimulator, ask: Ask) -> None:
    assert ask("POST", f"{fal.rest_url}/storage/auth/token", {}).status == 422


def test_a_file_in_parts(fal: FalSimulator, ask: Ask, bearer: dict[str, str], book: Ledger) -> None:
    headers = {**bearer, "Content-Type": "video/mp4", "X-Fal-File-Name": "big.mp4"}
    begun = ask("POST", f"{fal.cdn_url}/files/upload/multipart", b"", key=None, headers=headers).json
    root = f"{begun['access_url']}/multipart/{begun['uploadId']}"
    etags = {
        number: ask("PUT", f"{root}/{number}", content, key=None, headers=bearer).headers["etag"]
        for number, content in {2: b"second", 1: b"first"}.items()
    }
    parts = [{"partNumber": number, "etag": etag} for number, etag in etags.items()]
    assert ask("PUT", f"{root}/1", b"x", key=None).status == 401
    assert ask("POST", f"{root}/complete", {"parts": parts}, key=None).status == 401
    assert ask("GET", begun["access_url"], key=None).status == 404
    assert ask("POST", f"{root}/complete", {"parts": parts[:1]}, key=None, headers=bearer).status == 422
    assert ask("POST", f"{root}/complete", {"parts": parts}, key=None, headers=bearer).status == 200
    assert ask("GET", begun["access_url"], key=None).body == b"firstsecond"
    assert ask("POST", f"{root}/complete", {"parts": parts}, key=None, headers=bearer).status == 404
    assert ask("PUT", f"{root}/1", b"x", key=None, headers=bearer).status == 404
    assert book.uploads == 1


def test_a_part_with_the_wrong_etag_is_refused(fal: FalSimulator, ask: Ask, bearer: dict[str, str]) -> None:
    begun = ask("POST", f"{fal.cdn_url}/files/upload/multipart", b"", key=None, headers=bearer).json
    root = f"{begun['access_url']}/multipart/{begun['uploadId']}"
    ask("PUT", f"{root}/1", b"first", key=None, headers=bearer)
    parts = [{"partNumber": 1, "etag": '"wrong"'}]
    assert ask("POST", f"{root}/complete", {"parts": parts}, key=None, headers=bearer).status == 422


def test_a_file_uploaded_to_a_signed_link_is_served(fal: FalSimulator, ask: Ask) -> None:
    reply = ask("POST", fal.rest_url + INITIATE, {"file_name": "x.wav", "content_type": "audio/wav"}).json
    assert ask("PUT", reply["upload_url"], media.wav().content, key=None).status == 200
    served = ask("GET", reply["file_url"], key=None)
    assert (served.body, served.headers["content-type"]) == (media.wav().content, "audio/wav")
    assert ask("PUT", reply["upload_url"], b"again", key=None).status == 403


def test_a_signed_link_needs_its_signature(fal: FalSimulator, ask: Ask) -> None:
    reply = ask("POST", fal.rest_url + INITIATE, {"file_name": "x", "content_type": "audio/wav"}).json
    bare = reply["upload_url"].partition("?")[0]
    for url in (bare, bare + "?signature=", bare + "?signature=wrong", bare + "x?signature=wrong"):
        assert ask("PUT", url, b"x", key=None).status == 403
    assert ask("PUT", bare + "/1", b"x", key=None).status == 403
    assert ask("POST", bare + "/complete", {"parts": []}, key=None).status == 403
    assert ask("POST", fal.rest_url + INITIATE, {"file_name": "x"}).status == 422
    assert fal.uploads == []


def test_a_signed_link_takes_parts(fal: FalSimulator, ask: Ask) -> None:
    path = INITIATE.replace("initiate", "initiate-multipart")
    reply = ask("POST", fal.rest_url + path, {"file_name": "x", "content_type": "video/mp4"}).json
    bare, _, query = reply["upload_url"].partition("?")
    parts = [
        {
            "partNumber": number,
            "etag": ask("PUT", f"{bare}/{number}?{query}", content, key=None).headers["etag"],
        }
        for number, content in enumerate([b"one", b"two", b"three"], 1)
    ]
    assert ask("POST", f"{bare}/complete?{query}", {"parts": parts}, key=None).status == 200
    assert ask("GET", reply["file_url"], key=None).body == b"onetwothree"


@pytest.fixture
def link(fal: FalSimulator, ask: Ask) -> str:
    fal.register_endpoint("a/model", output={"file": MediaFile(media.wav())})
    return str(ask("POST", f"{fal.run_url}/a/model", {}).json["file"]["url"])


@pytest.mark.parametrize(
    ("wanted", "status", "slice_of"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=5-99999999", 206, slice(5, None)),
        ("bytes=0-0,5-6", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_a_range_is_served(ask: Ask, link: str, wanted: str, status: int, slice_of: slice) -> None:
    whole = media.wav().content
    reply = ask("GET", link, key=None, headers={"Range": wanted})
    assert (reply.status, reply.body) == (status, whole[slice_of])
    if status == 206:
        start, stop, _ = slice_of.indices(len(whole))
        assert reply.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


def test_a_range_behind_the_end_cannot_be_served(ask: Ask, link: str) -> None:
    reply = ask("GET", link, key=None, headers={"Range": "bytes=99999999-"})
    assert (reply.status, reply.headers["content-range"]) == (416, f"bytes */{len(media.wav().content)}")


def test_ranges_and_copies_are_checked_by_etag(ask: Ask, link: str) -> None:
    whole = ask("GET", link, key=None)
    etag = whole.headers["etag"]
    assert whole.headers["accept-ranges"] == "bytes"
    assert ask("GET", link, key=None, headers={"If-None-Match": etag}).status == 304
    same = {"Range": "bytes=0-1", "If-Range": etag}
    changed = {"Range": "bytes=0-1", "If-Range": '"other"'}
    assert ask("GET", link, key=None, headers=same).status == 206
    assert ask("GET", link, key=None, headers=changed).body == whole.body
    head = ask("HEAD", link, key=None)
    assert (head.body, head.headers["content-length"]) == (b"", str(len(whole.body)))


def test_links_can_expire_and_be_renewed(fal: FalSimulator, ask: Ask, clock: VirtualClock) -> None:
    job = ask("POST", f"{fal.queue_url}/fal-ai/veo3", {}).json
    clock.advance(5)
    first = ask("GET", job["response_url"]).json["video"]["url"]
    assert ask("GET", job["response_url"]).json["video"]["url"] == first
    fal.expire_links()
    assert ask("GET", first, key=None).status == 404
    second = ask("GET", job["response_url"]).json["video"]["url"]
    assert second != first
    assert ask("GET", second, key=None).status == 200


def test_links_can_expire_by_themselves(ask: Ask, clock: VirtualClock) -> None:
    with FalSimulator(clock=clock, link_seconds=60) as fal:
        job = ask("POST", f"{fal.queue_url}/fal-ai/veo3", {}).json
        url = ask("GET", job["response_url"]).json["video"]["url"]
        clock.advance(59)
        assert ask("GET", url, key=None).status == 200
        clock.advance(1)
        assert ask("GET", url, key=None).status == 404
        assert ask("GET", ask("GET", job["response_url"]).json["video"]["url"], key=None).status == 200


def test_two_files_of_one_kind_have_two_links(fal: FalSimulator, ask: Ask) -> None:
    fal.next_outcome(Outcome(output={"a": MediaFile(media.png()), "b": MediaFile(media.png(1, 1))}))
    output = ask("POST", f"{fal.run_url}/a/model", {}).json
    assert ask("GET", output["a"]["url"], key=None).body == media.png().content
    assert ask("GET", output["b"]["url"], key=None).body == media.png(1, 1).content


def test_separate_hosts_have_separate_origins(ask: Ask, book: Ledger) -> None:
    with FalSimulator(separate_hosts=True, ledger=book) as fal:
        urls = [fal.queue_url, fal.run_url, fal.rest_url, fal.cdn_url, fal.openapi_url, fal.platform_url]
        assert len(set(urls)) == len(fal.servers) == 6
        job = ask("POST", f"{fal.queue_url}/fal-ai/veo3", {}).json
        url = ask("GET", job["response_url"]).json["video"]["url"]
        assert url.startswith(fal.cdn_url)
        assert ask("GET", url, key=None).status == 200
        assert ask("POST", f"{fal.run_url}/fal-ai/veo3", {}).status == 200
        assert ask("GET", f"{fal.cdn_url}/fal-ai/veo3/requests/x").status == 404
        book.assert_key_only_at([fal.queue_url, fal.run_url, fal.cdn_url], fal.key)
        with pytest.raises(AssertionError, match=fal.cdn_url):
            book.assert_key_only_at([fal.queue_url, fal.run_url], fal.key)
        assert len(fal.requests("download")) == 1
