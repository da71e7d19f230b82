"""The same logical calls, said to tarash and to Google's own SDK.

`sdk` is given the SDK's client and its `types`. `ways` says through which interface a case goes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tarash.testkit import media

BOTH, GEMINI, VERTEX = ("gemini", "vertex"), ("gemini",), ("vertex",)
OMNI, VEO, PAINTER, SPEAKER = (
    "gemini-omni-1.2-flash",
    "veo-3.1-lite-generate-001",
    "gemini-3.1-flash-image",
    "gemini-3.8-flash-tts",
)
OLD_SPEAKER, IMAGEN, EDITOR = "gemini-2.5-flash-tts", "imagen-9-generate", "imagen-9-capability-1"
PNG, SECOND, CLIP = media.png().content, media.png(32, 32).content, media.mp4().content
PROMPT = "a lighthouse at dawn"
HARM = {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    model: str
    request: dict[str, Any]
    sdk: Callable[[Any, Any], Any]
    operations: tuple[str, ...]
    ways: tuple[str, ...] = BOTH
    options: dict[str, Any] = field(default_factory=dict)


def omni(name: str, request: dict[str, Any], sends: dict[str, Any], text: str = PROMPT, **rest: Any) -> Case:
    """`sends` is what the SDK is told beside the model; `delivery` is a link on the Gemini API."""

    def call(client: Any, types: Any) -> Any:
        told: dict[str, Any] = {"input": text, "background": True, **sends}
        shape: dict[str, Any] = {"type": "video", **told.pop("shape", {})}
        if not client.vertexai:
            shape["delivery"] = "uri"
        return client.interactions.create(model=rest.get("model", OMNI), response_format=shape, **told)

    model = rest.get("model", OMNI)
    kept = {name: value for name, value in rest.items() if name != "model"}
    return Case(f"omni, {name}", "video", model, request, call, ("create",), **kept)


def content(kind: str, data: bytes) -> dict[str, Any]:
    import base64

    return {
        "type": kind,
        "data": base64.b64encode(data).decode(),
        "mime_type": "image/png" if kind == "image" else "video/mp4",
    }


def text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def task(name: str) -> dict[str, Any]:
    return {"video_config": {"task": name}}


def framed(header: str, closing: str) -> str:
    return f"{header} {PROMPT} {closing}"


FIRST = framed("[# Sources <FIRST_FRAME>@Image1]", "@Image1 is the first frame.")
FRAMES = framed(
    "[# Sources <FIRST_FRAME>@Image1 <LAST_FRAME>@Image2]", "@Image1 is the first frame. @Image2 is the last frame."
)
REFERENCES = framed(
    "[# References <IMAGE_REF_0>@Image1 <IMAGE_REF_1>@Image2]",
    "@Image1 is a reference. @Image2 is a reference for a person or thing.",
)
MIXED = framed(
    "[# Sources <FIRST_FRAME>@Image1] [# References <IMAGE_REF_0>@Image2]",
    "@Image1 is the first frame. @Image2 is a reference for the style.",
)
OWN_TAGS = "Start at <FIRST_FRAME> and pan to the left"

OMNI_CASES = [
    omni("text", {}, {}),
    omni("length", {"duration_seconds": 8}, {"shape": {"duration": "8s"}}),
    omni("resolution", {"resolution": "1080p"}, {"shape": {"resolution": "1080p"}}),
    omni("sides", {"aspect_ratio": "9:16"}, {"shape": {"aspect_ratio": "9:16"}}),
    omni("seed", {"seed": 7}, {"generation_config": {"seed": 7}}),
    omni(
        "length on 1.1",
        {"duration_seconds": 4},
        {"shape": {"duration": "4s"}},
        f"{PROMPT} The video lasts 4 seconds.",
        model="gemini-omni-1.1-flash",
    ),
    omni(
        "first frame",
        {"image_list": [{"image": PNG, "type": "first_frame"}]},
        {"input": [content("image", PNG), text_part(FIRST)], "generation_config": task("image_to_video")},
    ),
    omni(
        "both frames, given the other way round",
        {"image_list": [{"image": SECOND, "type": "last_frame"}, {"image": PNG, "type": "first_frame"}]},
        {
            "input": [content("image", PNG), content("image", SECOND), text_part(FRAMES)],
            "generation_config": task("image_to_video"),
        },
    ),
    omni(
        "references",
        {"image_list": [PNG, {"image": SECOND, "type": "asset"}]},
        {
            "input": [content("image", PNG), content("image", SECOND), text_part(REFERENCES)],
            "generation_config": task("reference_to_video"),
        },
    ),
    omni(
        "frame and style",
        {"image_list": [{"image": PNG, "type": "first_frame"}, {"image": SECOND, "type": "style"}]},
        {"input": [content("image", PNG), content("image", SECOND), text_part(MIXED)]},
    ),
    omni(
        "tags of the caller's own",
        {"prompt": OWN_TAGS, "image_list": [{"image": PNG, "type": "first_frame"}]},
        {"input": [content("image", PNG), text_part(OWN_TAGS)], "generation_config": task("image_to_video")},
    ),
    omni(
        "extend",
        {"video": CLIP},
        {"input": [content("video", CLIP), text_part(PROMPT)], "generation_config": task("extend")},
    ),
    omni(
        "edit",
        {"video": CLIP, "task": "edit", "seed": 3},
        {"input": [content("video", CLIP), text_part(PROMPT)], "generation_config": {"seed": 3, **task("edit")}},
    ),
    omni("earlier result", {"previous_interaction_id": "i-1"}, {"previous_interaction_id": "i-1"}),
    omni("labels", {"labels": {"team": "film"}}, {"labels": {"team": "film"}}),
    omni(
        "thinking beside a seed",
        {"seed": 5, "generation_config": {"thinking_level": "low"}},
        {"generation_config": {"seed": 5, "thinking_level": "low"}},
    ),
    omni(
        "webhook",
        {},
        {"webhook_config": {"uris": ["https://hooks.example/google"]}},
        options={"webhook_url": "https://hooks.example/google"},
    ),
    omni(
        "bucket",
        {},
        {"shape": {"delivery": "uri", "gcs_uri": "gs://films/out"}},
        options={"output_gcs_uri": "gs://films/out"},
        ways=VERTEX,
    ),
    omni(
        "clip in a bucket",
        {"video": "gs://films/cat.mp4"},
        {
            "input": [{"type": "video", "uri": "gs://films/cat.mp4", "mime_type": "video/mp4"}, text_part(PROMPT)],
            "generation_config": task("extend"),
        },
        ways=VERTEX,
    ),
]


def veo(name: str, request: dict[str, Any], config: Any, source: Any = None, **rest: Any) -> Case:
    def call(client: Any, types: Any) -> Any:
        made = source(types) if source else {}
        settings: Any = config(types) if callable(config) else config
        told = {"config": types.GenerateVideosConfig(**settings)} if settings else {}
        return client.models.generate_videos(
            model=VEO, source=types.GenerateVideosSource(prompt=PROMPT, **made), **told
        )

    return Case(f"veo, {name}", "video", VEO, request, call, ("start",), VERTEX, **rest)


def picture(types: Any, data: bytes = PNG) -> Any:
    return types.Image(image_bytes=data, mime_type="image/png")


def references(types: Any, kind: str, *images: bytes) -> dict[str, Any]:
    made = [types.VideoGenerationReferenceImage(image=picture(types, image), reference_type=kind) for image in images]
    return {"reference_images": made}


VEO_CASES = [
    veo("text", {}, {}),
    veo("length", {"duration_seconds": 6}, {"duration_seconds": 6}),
    veo("length rounded", {"duration_seconds": 7.5}, {"duration_seconds": 8}),
    veo("sides", {"aspect_ratio": "9:16"}, {"aspect_ratio": "9:16"}),
    veo("resolution", {"resolution": "4k"}, {"resolution": "4k"}),
    veo("seed", {"seed": 7}, {"seed": 7}),
    veo("sound", {"generate_audio": False}, {"generate_audio": False}),
    veo("negative", {"negative_prompt": "rain"}, {"negative_prompt": "rain"}),
    veo("enhanced", {"enhance_prompt": True}, {"enhance_prompt": True}),
    veo("several", {"number_of_videos": 3}, {"number_of_videos": 3}),
    veo("people", {"personGeneration": "allow_adult"}, {"person_generation": "allow_adult"}),
    veo("bucket", {}, {"output_gcs_uri": "gs://films/out"}, options={"output_gcs_uri": "gs://films/out"}),
    veo(
        "first frame",
        {"image_list": [{"image": PNG, "type": "first_frame"}]},
        {},
        lambda types: {"image": picture(types)},
    ),
    veo("lone reference", {"image_list": [PNG]}, {}, lambda types: {"image": picture(types)}),
    veo(
        "both frames",
        {"image_list": [{"image": PNG, "type": "first_frame"}, {"image": SECOND, "type": "last_frame"}]},
        lambda types: {"last_frame": picture(types, SECOND)},
        lambda types: {"image": picture(types)},
    ),
    veo("references", {"image_list": [PNG, SECOND]}, lambda types: references(types, "ASSET", PNG, SECOND)),
    veo(
        "style",
        {"image_list": [{"image": PNG, "type": "style"}]},
        lambda types: references(types, "STYLE", PNG),
    ),
    veo(
        "clip in a bucket",
        {"video": "gs://films/cat.mp4"},
        {},
        lambda types: {"video": types.Video(uri="gs://films/cat.mp4", mime_type="video/mp4")},
    ),
    veo("clip", {"video": CLIP}, {}, lambda types: {"video": types.Video(video_bytes=CLIP, mime_type="video/mp4")}),
]


def image(name: str, request: dict[str, Any], config: dict[str, Any], parts: Any = None, **rest: Any) -> Case:
    def call(client: Any, types: Any) -> Any:
        contents = [*(parts(types) if parts else []), PROMPT]
        settings = types.GenerateContentConfig(response_modalities=["TEXT", "IMAGE"], **config)
        return client.models.generate_content(model=PAINTER, contents=contents, config=settings)

    return Case(f"image, {name}", "image", PAINTER, request, call, ("generate",), **rest)


IMAGE_CASES = [
    image("text", {}, {}),
    image("sides", {"aspect_ratio": "21:9"}, {"image_config": {"aspect_ratio": "21:9"}}),
    image("size class", {"size": "2K"}, {"image_config": {"image_size": "2K"}}),
    image("pixels", {"size": "1920x1080"}, {"image_config": {"image_size": "2K", "aspect_ratio": "16:9"}}),
    image("seed", {"seed": 7}, {"seed": 7}),
    image("safety", {"safetySettings": [HARM]}, {"safety_settings": [HARM]}),
    image(
        "extra beside a seed", {"seed": 7, "generationConfig": {"temperature": 0.5}}, {"seed": 7, "temperature": 0.5}
    ),
    image(
        "two pictures",
        {"image_list": [PNG, {"image": SECOND, "type": "style"}]},
        {},
        lambda types: [types.Part.from_bytes(data=data, mime_type="image/png") for data in (PNG, SECOND)],
    ),
    image(
        "picture in a bucket",
        {"image_list": ["gs://pictures/cat.png"]},
        {},
        lambda types: [types.Part.from_uri(file_uri="gs://pictures/cat.png", mime_type="image/png")],
        ways=VERTEX,
    ),
]


def imagen(name: str, request: dict[str, Any], config: dict[str, Any], **rest: Any) -> Case:
    def call(client: Any, types: Any) -> Any:
        settings = types.GenerateImagesConfig(include_rai_reason=True, **config)
        return client.models.generate_images(model=IMAGEN, prompt=PROMPT, config=settings)

    return Case(f"imagen, {name}", "image", IMAGEN, request, call, ("predict",), VERTEX, **rest)


def edited(client: Any, types: Any) -> Any:
    raw = types.RawReferenceImage(reference_id=1, reference_image=picture(types))
    area = types.MaskReferenceConfig(mask_mode="MASK_MODE_USER_PROVIDED")
    mask = types.MaskReferenceImage(reference_id=2, reference_image=picture(types, SECOND), config=area)
    settings = types.EditImageConfig(edit_mode="EDIT_MODE_INPAINT_INSERTION", include_rai_reason=True)
    return client.models.edit_image(model=EDITOR, prompt=PROMPT, reference_images=[raw, mask], config=settings)


IMAGEN_CASES = [
    imagen("text", {}, {}),
    imagen("several", {"n": 2}, {"number_of_images": 2}),
    imagen("sides", {"aspect_ratio": "3:4"}, {"aspect_ratio": "3:4"}),
    imagen("size", {"size": "2k"}, {"image_size": "2K"}),
    imagen("seed", {"seed": 7}, {"seed": 7, "add_watermark": False}),
    imagen("negative", {"negative_prompt": "rain"}, {"negative_prompt": "rain"}),
    imagen("bucket", {}, {"output_gcs_uri": "gs://a/b"}, options={"output_gcs_uri": "gs://a/b"}),
    Case("imagen, masked", "image", EDITOR, {"image_list": [PNG], "mask_image": SECOND}, edited, ("predict",), VERTEX),
]


def speech(name: str, request: dict[str, Any], speaks: Any = None, model: str = SPEAKER, **config: Any) -> Case:
    def call(client: Any, types: Any, method: str = "generate_content") -> Any:
        made = {"speech_config": types.SpeechConfig(**speaks(types))} if speaks else {}
        contents = config.get("contents", PROMPT)
        contents = contents(types) if callable(contents) else contents
        more = {key: value for key, value in config.items() if key != "contents"}
        settings = types.GenerateContentConfig(response_modalities=["AUDIO"], **made, **more)
        return list(getattr(client.models, method)(model=model, contents=contents, config=settings))

    return Case(f"speech, {name}", "tts", model, request, call, ("generate",))


def streamed(case: Case) -> Case:
    """The same speech, heard while it is made."""
    call: Any = case.sdk
    listen = partial(call, method="generate_content_stream")
    return replace(case, name=f"streamed {case.name}", sdk=listen, operations=("stream",))


def voice(types: Any, name: str, *, newest: bool = True) -> Any:
    if newest:
        return types.VoiceConfig(voice=name)
    return types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name=name))


def duet(types: Any, *, newest: bool = True) -> dict[str, Any]:
    pairs = [("Ann", "Kore"), ("Bob", "Puck")]
    made = [
        types.SpeakerVoiceConfig(speaker=speaker, voice_config=voice(types, name, newest=newest))
        for speaker, name in pairs
    ]
    return {"multi_speaker_voice_config": types.MultiSpeakerVoiceConfig(speaker_voice_configs=made)}


DUET = {"voice_settings": {"speakers": {"Ann": "Kore", "Bob": "Puck"}}}
SPEECH_CASES = [
    speech("text", {}),
    speech("text, older model", {}, model=OLD_SPEAKER),
    speech("voice", {"voice_id": "Kore"}, lambda types: {"voice_config": voice(types, "Kore")}),
    speech("voice in other letters", {"voice_id": "zephyr"}, lambda types: {"voice_config": voice(types, "Zephyr")}),
    speech("stored voice", {"voice_id": "voice_123"}, lambda types: {"voice_config": voice(types, "voice_123")}),
    speech("stored key", {"voice_id": "voicekey_9"}, lambda types: {"voice_config": voice(types, "voicekey_9")}),
    speech(
        "voice, older model",
        {"voice_id": "Puck"},
        lambda types: {"voice_config": voice(types, "Puck", newest=False)},
        model=OLD_SPEAKER,
    ),
    speech("language", {"language_code": "en-US"}, lambda types: {"language_code": "en-US"}),
    speech(
        "language and voice",
        {"language_code": "de-DE", "voice_id": "Leda"},
        lambda types: {"language_code": "de-DE", "voice_config": voice(types, "Leda")},
    ),
    speech(
        "style",
        {"voice_settings": {"style": "calm"}},
        contents=lambda types: [types.Part(text=PROMPT, speech_metadata={"style": "calm"})],
    ),
    speech(
        "style, older model",
        {"voice_settings": {"style": "Say calmly"}},
        model=OLD_SPEAKER,
        contents=f"Say calmly: {PROMPT}",
    ),
    speech("two speakers", DUET, duet),
    speech("two speakers, older model", DUET, lambda types: duet(types, newest=False), model=OLD_SPEAKER),
    *(
        speech(f"{name} from {model}", {"output_format": {"format": name}}, model=model)
        for name in ("mp3", "wav", "pcm")
        for model in (SPEAKER, OLD_SPEAKER)
    ),
    speech("seed of the caller's own", {"generationConfig": {"seed": 5}}, seed=5),
    speech("temperature of the caller's own", {"generationConfig": {"temperature": 0.2}}, temperature=0.2),
]
STREAMED_CASES = [streamed(case) for case in SPEECH_CASES]


def followed(client: Any, types: Any) -> Any:
    """What the SDK does to the end: create, ask, download."""
    told = {"type": "video", "delivery": "uri"}
    made = client.interactions.create(model=OMNI, input=PROMPT, background=True, response_format=told)
    finished = client.interactions.get(made.id)
    uri = finished.steps[-1].content[0].uri
    name = "files/" + uri.rpartition("files/")[2].partition(":")[0]
    client.files.get(name=name)
    return client.files.download(file=name)


def watched(client: Any, types: Any) -> Any:
    return client.operations.get(client.models.generate_videos(model=VEO, source={"prompt": PROMPT}))


WAY_CASES = [
    Case("the whole way of omni", "video", OMNI, {}, followed, ("create", "read", "file", "download"), GEMINI),
    Case("the whole way of veo", "video", VEO, {}, watched, ("start", "fetch"), VERTEX),
]

CASES = [*OMNI_CASES, *VEO_CASES, *IMAGE_CASES, *IMAGEN_CASES, *SPEECH_CASES, *STREAMED_CASES, *WAY_CASES]
