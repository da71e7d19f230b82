"""The vendor's gRPC interface on 127.0.0.1, for its own SDK: it takes down what it is told, and answers as scripted."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import pytest

KEY = "xai-grpc-key-0123456789"
WORKERS = 4
MOST_IMAGES = 10
JOB = "job-1"
RESULT = "https://vidgen.example/1.mp4"


@dataclass
class Recorded:
    """One call as it came: its method, the SDK's own message, and the metadata."""

    method: str
    message: Any
    metadata: dict[str, str] = field(repr=False)


class GrpcVendor:
    """A server for one `with` block. `fail` is done before each answer of a paid call; it may abort the call."""

    def __init__(self, fail: Callable[[Any], None] = lambda context: None) -> None:
        grpc, proto = pytest.importorskip("grpc"), pytest.importorskip("xai_sdk.proto")
        deferred_pb2, image_pb2, video_pb2 = proto.deferred_pb2, proto.image_pb2, proto.video_pb2
        self.calls: list[Recorded] = []
        self._fail = fail
        self._server = grpc.server(ThreadPoolExecutor(WORKERS))
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        done = video_pb2.GetDeferredVideoResponse(
            status=deferred_pb2.DeferredStatus.DONE,
            response=video_pb2.VideoResponse(video=video_pb2.GeneratedVideo(url=RESULT, respect_moderation=True)),
        )
        started = deferred_pb2.StartDeferredResponse(request_id=JOB)
        image = image_pb2.ImageResponse(images=[image_pb2.GeneratedImage(url=RESULT)] * MOST_IMAGES)
        self._serve("Video", "GenerateVideo", video_pb2.GenerateVideoRequest, started)
        self._serve("Video", "ExtendVideo", video_pb2.ExtendVideoRequest, started)
        self._serve("Video", "GetDeferredVideo", video_pb2.GetDeferredVideoRequest, done)
        self._serve("Image", "GenerateImage", image_pb2.GenerateImageRequest, image)

    def _serve(self, service: str, method: str, request: Any, answer: Any) -> None:
        grpc: Any = pytest.importorskip("grpc")

        def handle(message: Any, context: Any) -> Any:
            self.calls.append(Recorded(method, message, dict(context.invocation_metadata())))
            if method != "GetDeferredVideo":
                self._fail(context)
            return answer

        handler = grpc.unary_unary_rpc_method_handler(
            handle, request_deserializer=request.FromString, response_serializer=type(answer).SerializeToString
        )
        name = f"xai_api.{service}"
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {method: handler}),))

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop(grace=None).wait()

    def client(self, **settings: Any) -> Any:
        """The SDK's own client, as it comes, but for the host."""
        return pytest.importorskip("xai_sdk").Client(
            api_key=KEY, api_host=f"127.0.0.1:{self._port}", use_insecure_channel=True, **settings
        )


# From the SDK's messages to the JSON of the REST interface: one table, by the names in the vendor's descriptors.

PATHS = {
    "GenerateVideo": "videos/generations",
    "ExtendVideo": "videos/extensions",
    "GenerateImage": "images/generations",
}
EDITS = {"GenerateVideo": ("videos/edits", {"video"}), "GenerateImage": ("images/edits", {"image", "images"})}
"""One method of gRPC does what REST has two paths for: which of them, its inputs tell."""

NAMES = {"format": "response_format", "image_url": "url"}
"""What is called otherwise; all other names are the same."""

VALUES = {
    **{f"VIDEO_RESOLUTION_{name.upper()}": name for name in ("480p", "720p", "1080p")},
    **{
        f"VIDEO_ASPECT_RATIO_{ratio.replace(':', '_')}": ratio
        for ratio in ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")
    },
    **{f"IMG_RESOLUTION_{name.upper()}": name for name in ("1k", "2k")},
    **{f"IMG_QUALITY_{name.upper()}": name for name in ("low", "medium")},
    **{
        f"IMG_ASPECT_RATIO_{ratio.replace(':', '_').replace('.', '_')}": ratio
        for ratio in (
            "1:1",
            "3:4",
            "4:3",
            "9:16",
            "16:9",
            "2:3",
            "3:2",
            "9:19.5",
            "19.5:9",
            "9:20",
            "20:9",
            "1:2",
            "2:1",
        )
    },
    "IMG_FORMAT_URL": "url",
    "IMG_FORMAT_BASE64": "b64_json",
}
WHOLE = frozenset({"expires_after"})
"""Integers of 64 bits, which protobuf's own JSON writes as text."""

NOT_IN_REST = {"detail": "how closely an input is looked at: only gRPC has it, and the SDK always says `auto`"}
SDK_DEFAULTS = {
    "n": (1, "the SDK always says how many images; one is the vendor's default"),
    "response_format": ("url", "the SDK always says the form of images; a link is the vendor's default"),
}


def as_rest(call: Recorded) -> tuple[str, dict[str, Any]]:
    """Path and body of the REST request that means the same as a call of the SDK, without the SDK's defaults."""
    said = pytest.importorskip("google.protobuf.json_format").MessageToDict(
        call.message, preserving_proto_field_name=True
    )
    body = _translated(said)
    for name, (value, _) in SDK_DEFAULTS.items():
        if call.method == "GenerateImage" and body.get(name) == value:
            del body[name]
    path, inputs = EDITS.get(call.method, ("", set()))
    if call.method == "GenerateImage":
        body = _typed(body)
    # Without a presence of its own in protobuf; REST wants it said.
    return (path if inputs & body.keys() else PATHS[call.method]), {"prompt": "", **body}


def _translated(value: Any) -> Any:
    if isinstance(value, dict):
        return {NAMES.get(name, name): _member(name, item) for name, item in value.items() if name not in NOT_IN_REST}
    if isinstance(value, list):
        return [_translated(item) for item in value]
    return VALUES.get(value, value) if isinstance(value, str) else value


def _member(name: str, value: Any) -> Any:
    if name == "public_url":
        # A message without members says yes; REST says so itself.
        return _translated(value) or True
    return int(value) if name in WHOLE else _translated(value)


def _typed(body: dict[str, Any]) -> dict[str, Any]:
    """Inputs of image edits name their type in REST."""
    typed = {"type": "image_url"}
    one = {"image": {**body["image"], **typed}} if "image" in body else {}
    many = {"images": [{**item, **typed} for item in body["images"]]} if "images" in body else {}
    return {**body, **one, **many}


def paid(calls: Iterable[Recorded]) -> Sequence[Recorded]:
    return [call for call in calls if call.method != "GetDeferredVideo"]
