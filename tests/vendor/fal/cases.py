"""The same logical calls, said to tarash and to fal's own client.

`fields` make tarash's request; `arguments` are what fal's model pages say that one sends for the same wish. `options`
and `client` are the settings beside them.
"""

from dataclasses import dataclass, field
from typing import Any

from tarash.testkit.media import png

PROMPT = "a lighthouse at dawn"
TEXT = "Hello, lighthouse."
A, B, C = (f"https://media.example/{name}.png" for name in ("a", "b", "c"))
CLIP, SONG, VOICE = (f"https://media.example/{name}" for name in ("clip.mp4", "song.mp3", "voice.wav"))
MP3 = {"format": "mp3", "sample_rate": 44100, "bitrate": 128000}
"""tarash's own default for speech, as fal's MiniMax models want it."""


@dataclass(frozen=True)
class Case:
    kind: str
    endpoint: str
    fields: dict[str, Any]
    arguments: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    client: dict[str, Any] = field(default_factory=dict)
    submits: int = 1

    @property
    def name(self) -> str:
        return f"{self.kind} {self.endpoint} {', '.join(self.fields)}"


def video(endpoint: str, fields: dict[str, Any], arguments: dict[str, Any], **more: Any) -> Case:
    return Case("video", endpoint, {"prompt": PROMPT, **fields}, {"prompt": PROMPT, **arguments}, **more)


def image(endpoint: str, fields: dict[str, Any], arguments: dict[str, Any], **more: Any) -> Case:
    return Case("image", endpoint, {"prompt": PROMPT, **fields}, {"prompt": PROMPT, **arguments}, **more)


def tts(endpoint: str, fields: dict[str, Any], arguments: dict[str, Any], text: str = "text") -> Case:
    return Case("tts", endpoint, {"text": TEXT, **fields}, {text: TEXT, **arguments})


def minimax(endpoint: str, fields: dict[str, Any], arguments: dict[str, Any], text: str = "prompt") -> Case:
    usual = {"output_format": "url", "audio_setting": MP3}
    return tts(endpoint, fields, {**usual, **arguments}, text)


def sts(endpoint: str, fields: dict[str, Any], arguments: dict[str, Any]) -> Case:
    return Case("sts", endpoint, {"audio": SONG, **fields}, arguments)


def images(**roles: Any) -> dict[str, Any]:
    """`image_list` of one or several images a role."""
    pairs = ((role, link) for role, links in roles.items() for link in (links if isinstance(links, list) else [links]))
    return {"image_list": [{"image": link, "type": role} for role, link in pairs]}


VIDEO = [
    video("fal-ai/veo3.1/fast", {}, {}),
    video(
        "fal-ai/veo3.1/fast",
        {
            "duration_seconds": 8,
            "aspect_ratio": "9:16",
            "resolution": "1080p",
            "generate_audio": False,
            "negative_prompt": "fog",
            "seed": 7,
            "auto_fix": True,
        },
        {
            "duration": "8s",
            "aspect_ratio": "9:16",
            "resolution": "1080p",
            "generate_audio": False,
            "negative_prompt": "fog",
            "seed": 7,
            "auto_fix": True,
        },
    ),
    video("fal-ai/veo3.1", {"duration_seconds": 5.2}, {"duration": "6s"}),
    video(
        "fal-ai/veo3.1/fast/image-to-video",
        {**images(first_frame=A), "resolution": "4k", "duration_seconds": 4},
        {"image_url": A, "resolution": "4k", "duration": "4s"},
    ),
    video(
        "fal-ai/veo3.1/fast/image-to-video",
        {"image_list": [A], "aspect_ratio": "auto"},
        {"image_url": A, "aspect_ratio": "auto"},
    ),
    video(
        "fal-ai/veo3.1/fast/first-last-frame-to-video",
        images(first_frame=A, last_frame=B),
        {"first_frame_url": A, "last_frame_url": B},
    ),
    video(
        "fal-ai/veo3.1/fast/extend-video", {"video": CLIP, "duration_seconds": 7}, {"video_url": CLIP, "duration": "7s"}
    ),
    video("fal-ai/veo3.1/reference-to-video", images(reference=[A, B, C]), {"image_urls": [A, B, C]}),
    video(
        "fal-ai/kling-video/v2.6/pro/text-to-video",
        {"duration_seconds": 10, "aspect_ratio": "1:1", "generate_audio": True, "cfg_scale": 0.7},
        {"duration": "10", "aspect_ratio": "1:1", "generate_audio": True, "cfg_scale": 0.7},
    ),
    video(
        "fal-ai/kling-video/v2.6/pro/image-to-video",
        {**images(first_frame=A, last_frame=B), "duration_seconds": 5, "voice_ids": ["v1"]},
        {"start_image_url": A, "end_image_url": B, "duration": "5", "voice_ids": ["v1"]},
    ),
    video(
        "fal-ai/kling-video/v2.6/standard/motion-control",
        {**images(reference=A), "video": CLIP, "character_orientation": "video", "keep_original_sound": False},
        {"image_url": A, "video_url": CLIP, "character_orientation": "video", "keep_original_sound": False},
    ),
    video("fal-ai/kling-video/v3/pro/text-to-video", {"duration_seconds": 7.4}, {"duration": "7"}),
    video("fal-ai/kling-video/v3/pro/text-to-video", {"number_of_videos": 2}, {}, submits=2),
    Case(
        "video",
        "fal-ai/kling-video/v3/standard/text-to-video",
        {"prompt": PROMPT, "shot_type": "customize", "negative_prompt": "blur"},
        {"prompt": PROMPT, "shot_type": "customize", "negative_prompt": "blur"},
    ),
    video(
        "fal-ai/kling-video/v3/pro/image-to-video",
        {**images(first_frame=A, asset=[B, C]), "duration_seconds": 15},
        {
            "start_image_url": A,
            "elements": [{"frontal_image_url": B}, {"frontal_image_url": C}],
            "duration": "15",
        },
    ),
    video(
        "fal-ai/kling-video/o1/image-to-video",
        {**images(first_frame=A, last_frame=B), "duration_seconds": 3},
        {"start_image_url": A, "end_image_url": B, "duration": "3"},
    ),
    video(
        "fal-ai/kling-video/o1/standard/reference-to-video",
        {**images(reference=[A, B], asset=C), "aspect_ratio": "16:9"},
        {"image_urls": [A, B], "elements": [{"frontal_image_url": C}], "aspect_ratio": "16:9"},
    ),
    video(
        "fal-ai/kling-video/o1/standard/video-to-video/edit",
        {**images(reference=A), "video": CLIP, "keep_audio": True},
        {"image_urls": [A], "video_url": CLIP, "keep_audio": True},
    ),
    video(
        "fal-ai/kling-video/o1/standard/video-to-video/reference",
        {"video": CLIP, "duration_seconds": 10, "aspect_ratio": "auto"},
        {"video_url": CLIP, "duration": "10", "aspect_ratio": "auto"},
    ),
    video(
        "fal-ai/kling-video/o3/pro/image-to-video",
        {**images(first_frame=A, last_frame=B), "generate_audio": True},
        {"image_url": A, "end_image_url": B, "generate_audio": True},
    ),
    video(
        "fal-ai/kling-video/o3/standard/reference-to-video",
        images(first_frame=A, last_frame=B, reference=C),
        {"start_image_url": A, "end_image_url": B, "image_urls": [C]},
    ),
    video(
        "fal-ai/kling-video/v2.1/standard/image-to-video",
        {**images(first_frame=A), "negative_prompt": "fog"},
        {"image_url": A, "negative_prompt": "fog"},
    ),
    video(
        "fal-ai/kling-video/v2.1/master/text-to-video",
        {"duration_seconds": 6, "aspect_ratio": "9:16"},
        {"duration": "5", "aspect_ratio": "9:16"},
    ),
    video(
        "fal-ai/sora-2/text-to-video",
        {"duration_seconds": 8, "aspect_ratio": "16:9", "delete_video": False},
        {"duration": 8, "aspect_ratio": "16:9", "delete_video": False},
    ),
    video("fal-ai/minimax/video-01", {"enhance_prompt": False}, {"prompt_optimizer": False}),
    video(
        "fal-ai/minimax/hailuo-02-fast/image-to-video",
        {**images(first_frame=A), "duration_seconds": 10, "enhance_prompt": True},
        {"image_url": A, "duration": "10", "prompt_optimizer": True},
    ),
    video(
        "fal-ai/wan-25-preview/text-to-video",
        {"audio": SONG, "resolution": "480p", "enhance_prompt": False, "seed": 0},
        {"audio_url": SONG, "resolution": "480p", "enable_prompt_expansion": False, "seed": 0},
    ),
    video(
        "fal-ai/wan-25-preview/image-to-video",
        {**images(first_frame=A), "duration_seconds": 5, "enable_safety_checker": True},
        {"image_url": A, "duration": "5", "enable_safety_checker": True},
    ),
    Case(
        "video",
        "fal-ai/wan/v2.2-14b/animate/move",
        {"prompt": PROMPT, **images(reference=A), "video": CLIP, "resolution": "720p", "use_turbo": True},
        {"image_url": A, "video_url": CLIP, "resolution": "720p", "use_turbo": True},
    ),
    video(
        "fal-ai/wan/v2.2-a14b/image-to-video/lora",
        {
            **images(first_frame=A, last_frame=B),
            "duration_seconds": 5,
            "loras": [{"path": "https://media.example/l.safetensors", "scale": 0.8}],
        },
        {
            "image_url": A,
            "end_image_url": B,
            "num_frames": 81,
            "loras": [{"path": "https://media.example/l.safetensors", "scale": 0.8}],
        },
    ),
    video(
        "fal-ai/wan/v2.2-a14b/text-to-video/lora",
        {"aspect_ratio": "1:1", "resolution": "720p", "guidance_scale": 3},
        {"aspect_ratio": "1:1", "resolution": "720p", "guidance_scale": 3},
    ),
    video(
        "fal-ai/wan/v2.2-a14b/video-to-video", {"video": CLIP, "strength": 0.6}, {"video_url": CLIP, "strength": 0.6}
    ),
    video(
        "fal-ai/bytedance/seedance/v1.5/pro/text-to-video",
        {"duration_seconds": 12, "aspect_ratio": "21:9", "resolution": "1080p", "camera_fixed": True},
        {"duration": "12", "aspect_ratio": "21:9", "resolution": "1080p", "camera_fixed": True},
    ),
    video(
        "fal-ai/bytedance/seedance/v1/pro/image-to-video",
        {**images(first_frame=A, last_frame=B), "seed": 1},
        {"image_url": A, "end_image_url": B, "seed": 1},
    ),
    video(
        "fal-ai/bytedance/seedance/v1/lite/reference-to-video",
        {**images(reference=[A, B]), "duration_seconds": 4},
        {"reference_image_urls": [A, B], "duration": "4"},
    ),
    video("bytedance/seedance-2.0/text-to-video", {"duration_seconds": 5, "seed": 3}, {"duration": "5", "seed": 3}),
    video(
        "fal-ai/pixverse/v5.5/text-to-video",
        {"enhance_prompt": True, "generate_audio": True, "duration_seconds": 8, "style": "anime"},
        {"thinking_type": "enabled", "generate_audio_switch": True, "duration": "8", "style": "anime"},
    ),
    video(
        "fal-ai/pixverse/v5.5/image-to-video",
        {**images(first_frame=A), "enhance_prompt": False, "resolution": "360p"},
        {"image_url": A, "thinking_type": "disabled", "resolution": "360p"},
    ),
    video("fal-ai/pixverse/v5/text-to-video", {"aspect_ratio": "4:3"}, {"aspect_ratio": "4:3"}),
    Case(
        "video",
        "fal-ai/sync-lipsync/v2",
        {"prompt": PROMPT, "video": CLIP, "audio": SONG, "model": "lipsync-2-pro"},
        {"video_url": CLIP, "audio_url": SONG, "model": "lipsync-2-pro"},
    ),
    Case(
        "video",
        "fal-ai/topaz/upscale/video",
        {"prompt": PROMPT, "video": CLIP, "upscale_factor": 2, "target_fps": 60},
        {"video_url": CLIP, "upscale_factor": 2, "target_fps": 60},
    ),
]

SQUARE = {"width": 1024, "height": 1024}
IMAGE = [
    image("fal-ai/flux/dev", {}, {}),
    image(
        "fal-ai/flux/dev",
        {"size": "1024x768", "n": 2, "seed": 5, "guidance_scale": 3.5},
        {"image_size": {"width": 1024, "height": 768}, "num_images": 2, "seed": 5, "guidance_scale": 3.5},
    ),
    image("fal-ai/flux/schnell", {"aspect_ratio": "16:9"}, {"image_size": "landscape_16_9"}),
    image("fal-ai/flux/schnell", {"size": "square"}, {"image_size": "square"}),
    image("fal-ai/flux-2", {"aspect_ratio": "9:16", "n": 4}, {"image_size": "portrait_16_9", "num_images": 4}),
    image("fal-ai/flux-2/edit", {"image_list": [A, B]}, {"image_urls": [A, B]}),
    image("fal-ai/flux-2", {"enhance_prompt": True}, {"enable_prompt_expansion": True}),
    image("fal-ai/flux-pro/v1.1", {"enhance_prompt": False}, {"enhance_prompt": False}),
    image("fal-ai/flux-2-pro", {"size": "1024x1024", "n": 2}, {"image_size": SQUARE}, submits=2),
    image("fal-ai/flux-2-flex", {"aspect_ratio": "1:1", "seed": 9}, {"image_size": "square_hd", "seed": 9}),
    image(
        "fal-ai/flux-pro/v1.1-ultra",
        {"aspect_ratio": "21:9", "image_list": [A], "raw": True},
        {"aspect_ratio": "21:9", "image_url": A, "raw": True},
    ),
    image("fal-ai/flux-pro/v1.1", {"aspect_ratio": "4:3"}, {"image_size": "landscape_4_3"}),
    image(
        "fal-ai/recraft/v3/text-to-image",
        {"style": "digital_illustration", "colors": [{"r": 1, "g": 2, "b": 3}]},
        {"style": "digital_illustration", "colors": [{"r": 1, "g": 2, "b": 3}]},
    ),
    image(
        "fal-ai/ideogram/v3",
        {**images(style=[A, B]), "quality": "TURBO", "negative_prompt": "fog", "style_codes": ["AAFF"]},
        {"image_urls": [A, B], "rendering_speed": "TURBO", "negative_prompt": "fog", "style_codes": ["AAFF"]},
    ),
    image("fal-ai/ideogram/v3", {"style": "REALISTIC"}, {"style": "REALISTIC"}),
    image(
        "fal-ai/ideogram/v3/edit",
        {"image_list": [A], "mask_image": B, "n": 1},
        {"image_url": A, "mask_url": B, "num_images": 1},
    ),
    image("fal-ai/ideogram/v3/remix", {"image_list": [A], "strength": 0.5}, {"image_url": A, "strength": 0.5}),
    image("fal-ai/ideogram/v2", {"aspect_ratio": "16:9", "style": "anime"}, {"aspect_ratio": "16:9", "style": "anime"}),
    image("fal-ai/z-image/turbo", {"n": 3, "output_format": "webp"}, {"num_images": 3, "output_format": "webp"}),
    image(
        "fal-ai/nano-banana/edit",
        {"image_list": [A, B], "aspect_ratio": "16:9"},
        {"image_urls": [A, B], "aspect_ratio": "16:9"},
    ),
    image("fal-ai/imagen4/preview", {"aspect_ratio": "3:4", "seed": 2}, {"aspect_ratio": "3:4", "seed": 2}),
    image(
        "fal-ai/bytedance/seedream/v4/text-to-image",
        {"size": "2048x1024"},
        {"image_size": {"width": 2048, "height": 1024}},
    ),
    image(
        "fal-ai/qwen-image",
        {"negative_prompt": "fog", "use_turbo": True},
        {"negative_prompt": "fog", "use_turbo": True},
    ),
    image("fal-ai/clarity-upscaler", {"image_list": [A], "upscale_factor": 2}, {"image_url": A, "upscale_factor": 2}),
    Case("image", "fal-ai/bria/background/remove", {"prompt": PROMPT, "image_list": [A]}, {"image_url": A}),
    image(
        "newlab/painter-9/text-to-image",
        {"n": 1, "seed": 4, "mood": "calm"},
        {"num_images": 1, "seed": 4, "mood": "calm"},
    ),
]

SPEECH = [
    minimax("fal-ai/minimax/speech-2.8-hd", {"voice_id": "Wise_Woman"}, {"voice_setting": {"voice_id": "Wise_Woman"}}),
    minimax(
        "fal-ai/minimax/speech-2.8-hd",
        {
            "voice_id": "Wise_Woman",
            "voice_settings": {"speed": 1.2, "emotion": "happy"},
            "language_code": "de",
            "output_format": {"format": "flac", "sample_rate": 32000},
        },
        {
            "voice_setting": {"voice_id": "Wise_Woman", "speed": 1.2, "emotion": "happy"},
            "language_boost": "German",
            "audio_setting": {"format": "flac", "sample_rate": 32000},
        },
    ),
    minimax(
        "fal-ai/minimax/speech-2.6-turbo",
        {"voice_modify": {"pitch": 5}, "language_code": "en"},
        {"voice_modify": {"pitch": 5}, "language_boost": "English"},
    ),
    minimax(
        "fal-ai/minimax/speech-02-hd",
        {"voice_id": "Deep_Voice_Man"},
        {"voice_setting": {"voice_id": "Deep_Voice_Man"}},
        "text",
    ),
    tts(
        "fal-ai/elevenlabs/tts/multilingual-v2",
        {"voice_id": "Rachel", "voice_settings": {"stability": 0.4, "speed": 1.1}, "language_code": "fr"},
        {"voice": "Rachel", "stability": 0.4, "speed": 1.1, "language_code": "fr"},
    ),
    tts(
        "fal-ai/kokoro/american-english",
        {"voice_id": "af_bella", "speed": 1.5},
        {"voice": "af_bella", "speed": 1.5},
        "prompt",
    ),
    tts("fal-ai/chatterbox/text-to-speech", {"voice_id": VOICE, "cfg": 0.3}, {"audio_url": VOICE, "cfg": 0.3}),
    tts(
        "fal-ai/orpheus-tts",
        {"voice_id": "leo", "voice_settings": {"temperature": 0.5}},
        {"voice": "leo", "temperature": 0.5},
    ),
    sts(
        "fal-ai/chatterbox/speech-to-speech",
        {"voice_id": VOICE},
        {"source_audio_url": SONG, "target_voice_audio_url": VOICE},
    ),
    sts(
        "resemble-ai/chatterboxhd/speech-to-speech",
        {"voice_id": "Aurora"},
        {"source_audio_url": SONG, "target_voice": "Aurora"},
    ),
    sts(
        "fal-ai/elevenlabs/voice-changer",
        {"voice_id": "Rachel", "remove_background_noise": True},
        {"audio_url": SONG, "voice": "Rachel", "output_format": "mp3_44100_128", "remove_background_noise": True},
    ),
    sts(
        "fal-ai/elevenlabs/voice-changer",
        {"voice_id": "Rachel", "output_format": {"format": "mp3", "sample_rate": 22050, "bitrate": 32}},
        {"audio_url": SONG, "voice": "Rachel", "output_format": "mp3_22050_32"},
    ),
    sts(
        "fal-ai/tada/1b/text-to-speech",
        {"voice_id": "x", "prompt": TEXT, "voice_settings": {"temperature": 0.6}},
        {"audio_url": SONG, "prompt": TEXT, "temperature": 0.6, "output_format": "mp3"},
    ),
    sts(
        "fal-ai/lyria2",
        {"voice_id": "x", "prompt": "a sea shanty", "seed": 1},
        {"prompt": "a sea shanty", "seed": 1},
    ),
    tts("fal-ai/stable-audio", {"seconds_total": 20}, {"seconds_total": 20}, "prompt"),
]

OTHER = [
    Case(
        "image",
        "fal-ai/trellis",
        {"prompt": PROMPT, "image_list": [A], "texture_size": 1024},
        {"image_url": A, "texture_size": 1024},
    ),
    Case(
        "image",
        "fal-ai/hyper3d/rodin",
        {"prompt": PROMPT, "image_list": [A, B], "quality": "low", "geometry_file_format": "obj"},
        {"prompt": PROMPT, "input_image_urls": [A, B], "quality": "low", "geometry_file_format": "obj"},
    ),
    Case("image", "fal-ai/hunyuan3d/v2", {"prompt": PROMPT, "image_list": [A]}, {"input_image_url": A}),
    Case(
        "image",
        "fal-ai/flux-lora-fast-training",
        {"prompt": PROMPT, "images_data_url": "https://media.example/set.zip", "trigger_word": "LHS", "steps": 500},
        {"images_data_url": "https://media.example/set.zip", "trigger_word": "LHS", "steps": 500},
    ),
    Case(
        "image",
        "workflows/somebody/flow/step",
        {"prompt": PROMPT, "nested": {"list": [1, 2.5, None, True, "é\n\u2028"]}},
        {"prompt": PROMPT, "nested": {"list": [1, 2.5, None, True, "é\n\u2028"]}},
    ),
]

HOOK = "https://me.example/hook?job=1&kind=a b"
SETTINGS = [
    video("fal-ai/veo3.1/fast", {}, {}, options={"priority": "low"}, client={"priority": "low"}),
    video("fal-ai/veo3.1/fast", {}, {}, options={"runner_hint": "same-one"}, client={"hint": "same-one"}),
    video("fal-ai/veo3.1/fast", {}, {}, options={"webhook_url": HOOK}, client={"webhook_url": HOOK}),
    video("fal-ai/veo3.1/fast", {}, {}, options={"store_io": False}, client={"headers": {"X-Fal-Store-IO": "0"}}),
    video("fal-ai/veo3.1/fast", {}, {}, options={"no_retry": True}, client={"headers": {"X-Fal-No-Retry": "1"}}),
    video(
        "fal-ai/veo3.1/fast",
        {},
        {},
        options={"lifecycle": 3600},
        client={"headers": {"X-Fal-Object-Lifecycle-Preference": '{"expiration_duration_seconds": 3600}'}},
    ),
    video("fal-ai/veo3.1/fast", {}, {}, options={"start_timeout": 30}, client={"start_timeout": 30}),
]

UPLOAD = png().content + bytes(200 * 1024)
"""A picture that is too large to go along inside a request."""

UPLOADING = [
    video(
        "fal-ai/kling-video/v3/pro/image-to-video",
        images(first_frame={"content": UPLOAD, "content_type": "image/png"}),
        {},
        options=options,
        client=client,
    )
    for options, client in (({}, {}), ({"upload_lifecycle": 3600}, {"expires_in": 3600}))
]

CASES = [*VIDEO, *IMAGE, *SPEECH, *OTHER, *SETTINGS]
ALL = [*CASES, *UPLOADING]
