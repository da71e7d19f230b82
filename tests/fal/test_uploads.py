"""Input media: what goes along as a link, what inside the request, and what is uploaded first, without the key."""

import base64
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fal.desk import PICTURE, SOUND, Desk

from tarash.tarash_gateway.exceptions import HTTPError, ProtocolError, TarashException, ValidationError
from tarash.testkit.fal import errors
from tarash.testkit.media import mp4, png
from tarash.testkit.steps import Answer, CutBody, Do, Normal, Reset, Step, alter_json

MIB = 1024 * 1024
FROM_IMAGE = "fal-ai/kling-video/v3/pro/image-to-video"
CLIP = mp4().content
NOISE = PICTURE.content + os.urandom(200 * 1024)
"""A picture, by its signature, that is too large to go along inside the request."""


def first_frame(value: Any) -> dict[str, Any]:
    return {"image_list": [{"image": value, "type": "first_frame"}]}


# --- what is not uploaded


def test_a_link_is_passed_on_and_not_fetched(desk: Desk) -> None:
    link = "https://media.example/a%20cat.png?signature=x&y=1#z"
    desk.generate(request=desk.request(**first_frame(link)), model=FROM_IMAGE)
    assert desk.sent()["start_image_url"] == link
    assert not desk.fal.requests("initiate")


def test_a_small_picture_goes_along_inside_the_request(desk: Desk) -> None:
    desk.generate(request=desk.request(**first_frame(PICTURE.content)), model=FROM_IMAGE)
    assert desk.sent()["start_image_url"] == PICTURE.data_uri
    assert not desk.fal.requests("initiate")


def test_unless_it_is_wanted_otherwise(desk: Desk) -> None:
    options = {"inline_images": False}
    desk.generate(request=desk.request(**first_frame(PICTURE.content)), model=FROM_IMAGE, options=options)
    assert desk.fal.file(desk.sent()["start_image_url"]).content == PICTURE.content


# --- the forms of an input


def as_path(folder: Path, data: bytes) -> Path:
    path = folder / "my holiday in Rome.jpeg"
    path.write_bytes(data)
    return path


FORMS: dict[str, Callable[[Path, bytes], Any]] = {
    "bytes": lambda folder, data: data,
    "a path": as_path,
    "an open file": lambda folder, data: as_path(folder, data).open("rb"),
    "a file in memory": lambda folder, data: io.BytesIO(data),
    "base64": lambda folder, data: base64.b64encode(data).decode(),
    "a data URI": lambda folder, data: f"data:image/png;base64,{base64.b64encode(data).decode()}",
    "with its type": lambda folder, data: {"content": data, "content_type": "image/png"},
    "with a wrong type": lambda folder, data: {"content": data, "content_type": "image/jpeg"},
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_end_up_as_the_same_file(desk: Desk, form: str, tmp_path: Path) -> None:
    value = FORMS[form](tmp_path, NOISE)
    desk.generate(request=desk.request(**first_frame(value)), model=FROM_IMAGE)
    [stored] = desk.fal.uploads
    assert (stored.content, stored.content_type, stored.file_name) == (NOISE, "image/png", "input.png")
    assert desk.fal.file(desk.sent()["start_image_url"]) == stored
    if hasattr(value, "close"):
        value.close()


def test_the_requests_of_an_upload(desk: Desk) -> None:
    desk.generate(request=desk.request(**first_frame(NOISE)), model=FROM_IMAGE)
    [initiate], [put] = desk.fal.requests("initiate"), desk.fal.requests("upload")
    assert (initiate.method, initiate.origin, initiate.raw_target) == (
        "POST",
        desk.fal.rest_url,
        "/storage/upload/initiate?storage_type=fal-cdn-v3",
    )
    assert initiate.json == {"content_type": "image/png", "file_name": "input.png"}
    assert initiate.headers["authorization"] == f"Key {desk.fal.key}"
    assert (put.method, put.origin, put.body) == ("PUT", desk.fal.cdn_url, NOISE)
    assert put.headers["content-type"] == "image/png"
    assert put.headers["content-length"] == str(len(NOISE))
    assert "authorization" not in put.headers
    assert desk.charges == 1


@pytest.mark.parametrize(
    ("kind", "model", "fields", "parameter", "content"),
    [
        ("video", "fal-ai/veo3.1/fast/extend-video", {"video": CLIP}, "video_url", CLIP),
        ("video", "fal-ai/wan-25-preview/text-to-video", {"audio": SOUND.content}, "audio_url", SOUND.content),
        ("sts", "fal-ai/chatterbox/speech-to-speech", {"audio": SOUND.content}, "source_audio_url", SOUND.content),
        ("image", "fal-ai/ideogram/v3/edit", {"image_list": [PICTURE.content], "mask_image": NOISE}, "mask_url", NOISE),
    ],
)
def test_every_kind_of_input_has_its_place(
    desk: Desk, kind: str, model: str, fields: dict[str, Any], parameter: str, content: bytes
) -> None:
    """Sound is uploaded however small it is: some of fal's speech models refuse data URIs."""
    desk.generate(kind, desk.request(kind, **fields), model=model)
    assert desk.fal.file(desk.sent()[parameter]).content == content
    assert len(desk.fal.uploads) == 1


def test_several_pictures_keep_their_order(desk: Desk) -> None:
    pictures = [png(60, 60, (red, 0, 0)).content + os.urandom(140 * 1024) for red in (10, 20, 30)]
    request = desk.request("image", image_list=pictures)
    desk.generate("image", request, model="fal-ai/flux-2/edit")
    assert [desk.fal.file(link).content for link in desk.sent()["image_urls"]] == pictures


@pytest.mark.parametrize(
    ("lifetime", "told"),
    [
        (3600, '{"expiration_duration_seconds": 3600}'),
        ({"expiration_duration_seconds": 60, "initial_acl": {"default": "forbid"}}, None),
    ],
)
def test_how_long_uploads_live(desk: Desk, lifetime: Any, told: str | None) -> None:
    options = {"upload_lifecycle": lifetime}
    desk.generate(request=desk.request(**first_frame(NOISE)), model=FROM_IMAGE, options=options)
    header = desk.fal.requests("initiate")[0].headers["x-fal-object-lifecycle-preference"]
    assert header == (told or '{"expiration_duration_seconds": 60, "initial_acl": {"default": "forbid"}}')
    assert "x-fal-object-lifecycle-preference" not in desk.fal.requests("submit")[0].headers


# --- large files


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.seek(size - 5)
        file.write(b"end.\n")
    return path


def test_a_large_file_is_streamed_from_the_disk(desk: Desk, tmp_path: Path) -> None:
    path = sparse(tmp_path / "clip.mp4", 40 * MIB)
    desk.generate(request=desk.request(video=path), model="fal-ai/veo3.1/fast/extend-video")
    [put] = desk.fal.requests("upload")
    assert (put.headers["content-type"], put.headers["content-length"]) == ("video/mp4", str(40 * MIB))
    assert put.body.endswith(b"end.\n")


def test_a_very_large_file_goes_in_parts(desk: Desk, tmp_path: Path) -> None:
    size = 90 * MIB + 7
    desk.generate(
        request=desk.request(video=sparse(tmp_path / "clip.mp4", size)), model="fal-ai/veo3.1/fast/extend-video"
    )
    [stored] = desk.fal.uploads
    assert (len(stored.content), stored.content[-5:], stored.content_type) == (size, b"end.\n", "video/mp4")
    [initiate], [complete] = desk.fal.requests("initiate"), desk.fal.requests("complete")
    puts = desk.fal.requests("upload")
    assert initiate.path == "/storage/upload/initiate-multipart"
    assert [len(put.body) for put in puts] == [10 * MIB] * 9 + [7]
    assert [put.path.rpartition("/")[2] for put in puts] == [str(number) for number in range(1, 11)]
    assert len({put.raw_target.partition("?")[2] for put in (*puts, complete)}) == 1
    assert [part["partNumber"] for part in complete.json["parts"]] == list(range(1, 11))
    assert not [request for request in (*puts, complete) if "authorization" in request.headers]
    assert desk.fal.file(desk.sent()["video_url"]) == stored


def test_a_lost_part_is_sent_again(desk: Desk, tmp_path: Path) -> None:
    desk.fal.fail_next("upload", Normal(), times=3)
    desk.fal.fail_next("upload", Reset())
    desk.generate(
        request=desk.request(video=sparse(tmp_path / "clip.mp4", 91 * MIB)), model="fal-ai/veo3.1/fast/extend-video"
    )
    assert len(desk.fal.requests("upload")) == 11
    assert len(desk.fal.uploads[0].content) == 91 * MIB


# --- what goes wrong is found before anything is paid


TRANSIENT: dict[str, tuple[str, Step]] = {
    "initiate: 502": ("initiate", errors.ingress_error(502)),
    "initiate: reset": ("initiate", Reset()),
    "initiate: cut": ("initiate", CutBody(9)),
    "initiate: busy": ("initiate", errors.rate_limited("1")),
    "upload: 503": ("upload", Answer(503)),
    "upload: reset": ("upload", Reset()),
}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_an_upload_is_free_and_tried_again(desk: Desk, fault: str) -> None:
    operation, step = TRANSIENT[fault]
    desk.fal.fail_next(operation, step)
    desk.generate(request=desk.request(**first_frame(NOISE)), model=FROM_IMAGE)
    assert len(desk.fal.requests(operation)) == 2
    assert (desk.submits, desk.charges) == (1, 1)


FATAL: dict[str, tuple[str, Step, type[TarashException]]] = {
    "initiate: refused": ("initiate", errors.unauthorized(), HTTPError),
    "initiate: down": ("initiate", errors.ingress_error(503), HTTPError),
    "initiate: HTML": ("initiate", Answer(body="<html>"), ProtocolError),
    "initiate: no link": ("initiate", alter_json(lambda body: {**body, "file_url": None}), ProtocolError),
    "initiate: no target": ("initiate", alter_json(lambda body: {**body, "upload_url": 7}), ProtocolError),
    "upload: signature": ("upload", errors.forbidden("The signature does not match"), HTTPError),
    "upload: too large": ("upload", Answer(413, json={"detail": "Too large"}), ValidationError),
    "upload: redirect": ("upload", Answer(307, {"Location": "https://evil.example/"}), HTTPError),
    "target: in a private network": (
        "initiate",
        alter_json(lambda body: {**body, "upload_url": "http://10.0.0.1/put"}),
        ValidationError,
    ),
    "target: another scheme": (
        "initiate",
        alter_json(lambda body: {**body, "upload_url": "file:///etc/passwd"}),
        ValidationError,
    ),
    "target: a port that cannot be": (
        "initiate",
        alter_json(lambda body: {**body, "upload_url": "http://127.0.0.1:99999/put"}),
        ValidationError,
    ),
}


@pytest.mark.parametrize("fault", FATAL)
def test_a_failed_upload_costs_nothing(desk: Desk, fault: str) -> None:
    operation, step, expected = FATAL[fault]
    desk.fal.fail_next(operation, step, times=None)
    with pytest.raises(expected) as info:
        desk.generate(request=desk.request(**first_frame(NOISE)), model=FROM_IMAGE)
    assert not info.value.possibly_billed
    assert info.value.job is None
    desk.assert_no_key(info.value)
    assert (desk.submits, desk.charges) == (0, 0)


def test_a_file_that_changes_during_the_upload_is_not_used(desk: Desk, tmp_path: Path) -> None:
    path = sparse(tmp_path / "clip.mp4", 40 * MIB)
    desk.fal.fail_next("initiate", Do(lambda: sparse(path, 41 * MIB)), Normal())
    with desk.failing(ValidationError) as caught:
        desk.generate(request=desk.request(video=path), model="fal-ai/veo3.1/fast/extend-video")
    assert "changed" in caught[0].message
    assert desk.submits == 0


def test_a_part_without_a_receipt_is_not_believed(desk: Desk, tmp_path: Path) -> None:
    desk.fal.fail_next("upload", Answer(200))
    with desk.failing(ProtocolError) as caught:
        desk.generate(
            request=desk.request(video=sparse(tmp_path / "clip.mp4", 91 * MIB)), model="fal-ai/veo3.1/fast/extend-video"
        )
    assert "part 1" in caught[0].message
    assert desk.submits == 0
