"""The same logical calls, said to tarash and to the vendor's SDK. `sdk` is what the latter is told beside the model."""

import base64
from dataclasses import dataclass, field
from typing import Any

from tests.runway.desk import CLIP, FILM, PICTURE, SECOND, SOUND, VOICE, as_frame
from tests.support.desks import as_input

from tarash.providers.runway.speech import VOICES
from tarash.tarash_gateway.models import AudioOutputFormat

PROMPT = "a lighthouse at dawn"
LINK = "https://example.com/one.png"


def data_uri(content: bytes, content_type: str = "image/png") -> str:
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"


ONE, TWO = data_uri(PICTURE), data_uri(SECOND)
MOVIE, SPOKEN = data_uri(CLIP, "video/mp4"), data_uri(SOUND, "audio/mpeg")


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    endpoint: str
    model: str
    request: dict[str, Any]
    sdk: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)


def film(name: str, endpoint: str, model: str, request: dict[str, Any], sdk: dict[str, Any]) -> Case:
    return Case(name, "video", endpoint, model, request, {"prompt_text": PROMPT, **sdk})


def from_text(name: str, model: str, request: dict[str, Any], **sdk: Any) -> Case:
    return film(name, "text_to_video", model, request, sdk)


def from_image(name: str, model: str, request: dict[str, Any], **sdk: Any) -> Case:
    return film(name, "image_to_video", model, request, sdk)


def from_video(name: str, model: str, request: dict[str, Any], **sdk: Any) -> Case:
    return film(name, "video_to_video", model, {"video": FILM, **request}, sdk)


def image(name: str, model: str, request: dict[str, Any], **sdk: Any) -> Case:
    return Case(name, "image", "text_to_image", model, request, {"prompt_text": PROMPT, **sdk})


def speech(name: str, model: str, request: dict[str, Any], **sdk: Any) -> Case:
    return Case(name, "tts", "text_to_speech", model, request, {"prompt_text": "Hello, lighthouse.", **sdk})


def effect(name: str, model: str, request: dict[str, Any], **sdk: Any) -> Case:
    config = {"provider_config": {"endpoint": "sound_effect"}} if model == "seed_audio" else {}
    return Case(name, "tts", "sound_effect", model, request, {"prompt_text": "Hello, lighthouse.", **sdk}, config)


def conversion(name: str, request: dict[str, Any], media: dict[str, Any], voice: str, **sdk: Any) -> Case:
    told = {"media": media, "voice": preset(voice), **sdk}
    return Case(name, "sts", "speech_to_speech", "eleven_multilingual_sts_v2", request, told)


def preset(name: str) -> dict[str, str]:
    return {"type": "runway-preset", "preset_id": name}


FIVE = {"duration": 5, "ratio": "1280:720"}
EIGHT = {"duration": 8, "ratio": "1280:720"}
FIRST = {"image_list": [as_frame(PICTURE)]}
BOTH = {"image_list": [as_frame(PICTURE), as_frame(SECOND, "last_frame")]}
BOTH_SENT = [{"uri": ONE, "position": "first"}, {"uri": TWO, "position": "last"}]
REFERENCES = {"image_list": [as_input(PICTURE), {"image": as_input(SECOND), "type": "style"}]}
REFERENCES_SENT = [{"uri": ONE}, {"uri": TWO}]
LOW = {"public_figure_threshold": "low"}

VIDEOS = [
    from_text("text", "gen4.5", {}, **FIVE),
    from_text("text, upright", "gen4.5", {"aspect_ratio": "9:16"}, duration=5, ratio="720:1280"),
    from_text("text, of ten seconds", "gen4.5", {"duration_seconds": 10}, duration=10, ratio="1280:720"),
    from_text("text, with a seed", "gen4.5", {"seed": 4_294_967_295}, **FIVE, seed=4_294_967_295),
    from_text(
        "text, with settings of the vendor's own",
        "gen4.5",
        {"contentModeration": {"publicFigureThreshold": "low"}, "outputFormat": "prores", "proresProfile": "422 HQ"},
        **FIVE,
        content_moderation=LOW,
        output_format="prores",
        prores_profile="422 HQ",
    ),
    from_text(
        "text, without sound",
        "veo3.1",
        {"generate_audio": False, "duration_seconds": 4},
        **{**EIGHT, "duration": 4},
        audio=False,
    ),
    from_text("text, but not that", "veo3.1", {"negative_prompt": "fog"}, **EIGHT, negative_prompt="fog"),
    from_text(
        "text, in full HD",
        "veo3.1_fast",
        {"resolution": "1080p", "aspect_ratio": "9:16", "duration_seconds": 5},
        duration=6,
        ratio="1080:1920",
    ),
    from_text(
        "text, with references",
        "seedance2",
        {**REFERENCES, "audio": VOICE, "resolution": "480p", "aspect_ratio": "21:9"},
        ratio="992:432",
        references=REFERENCES_SENT,
        reference_audio=[{"type": "audio", "uri": SPOKEN}],
    ),
    from_text(
        "text, with a video to look at",
        "wan3",
        {"video": FILM, "resolution": "720p", "generate_audio": True},
        ratio="auto_720p",
        audio=True,
        reference_videos=[{"type": "video", "uri": MOVIE}],
    ),
    from_text(
        "text, by shape and resolution",
        "hailuo3",
        {"aspect_ratio": "1:1", "resolution": "2k"},
        ratio="1:1",
        resolution="2k",
    ),
    from_text(
        "text, by an automatic duration",
        "seedance2_5",
        {"duration": "auto", "draft": True},
        duration="auto",
        draft=True,
    ),
    from_text("text, expanded", "h3_max", {"enhance_prompt": True}, prompt_expansion_mode="balanced"),
    from_text("text, not expanded", "h3_max", {"enhance_prompt": False}, prompt_expansion_mode="disabled"),
    from_text("text, with settings of a partner", "kling3.0_pro", {"cfgScale": 0.4}, ratio="1920:1080", cfg_scale=0.4),
    from_image("first frame", "gen4_turbo", FIRST, **FIVE, prompt_image=ONE),
    from_image(
        "link",
        "gen4_turbo",
        {"image_list": [LINK], "aspect_ratio": "4:3", "duration_seconds": 2},
        duration=2,
        ratio="1104:832",
        prompt_image=LINK,
    ),
    from_image(
        "first frame, wide, with a seed",
        "gen4_turbo",
        {**FIRST, "aspect_ratio": "21:9", "seed": 7},
        duration=5,
        ratio="1584:672",
        seed=7,
        prompt_image=ONE,
    ),
    from_image(
        "first frame, square", "gen4.5", {**FIRST, "aspect_ratio": "1:1"}, duration=5, ratio="960:960", prompt_image=ONE
    ),
    from_image("both frames", "veo3.1", BOTH, **EIGHT, prompt_image=BOTH_SENT),
    from_image("both frames, fast", "veo3.1_fast", {**BOTH, "seed": 0}, **EIGHT, seed=0, prompt_image=BOTH_SENT),
    from_image(
        "frame and references",
        "klingO3_pro",
        {"image_list": [as_frame(PICTURE), as_input(SECOND)], "duration_seconds": 6},
        duration=6,
        prompt_image=ONE,
        references=[{"uri": TWO}],
    ),
    from_image(
        "first frame, by resolution",
        "grok_imagine_1_5",
        {**FIRST, "resolution": "480p"},
        resolution="480p",
        prompt_image=ONE,
    ),
    from_image(
        "first frame, by tier", "kling_4", {**FIRST, "resolution": "1080p"}, ratio="auto_1080p", prompt_image=ONE
    ),
    from_video("video", "aleph2", {}, video_uri=MOVIE),
    from_video(
        "video, reshaped",
        "aleph2",
        {"aspect_ratio": "21:9", "seed": 3, "keyframes": [{"uri": LINK, "seconds": 1.5}]},
        video_uri=MOVIE,
        target_aspect_ratio="21:9",
        seed=3,
        keyframes=[{"uri": LINK, "seconds": 1.5}],
    ),
    from_video(
        "video, with frames",
        "aleph2",
        BOTH,
        video_uri=MOVIE,
        keyframes=[{"uri": ONE, "at": 0.0}, {"uri": TWO, "at": 1.0}],
    ),
    from_video(
        "video, by a partner",
        "seedance2_fast",
        {**REFERENCES, "duration_seconds": 4, "aspect_ratio": "3:4"},
        prompt_video=MOVIE,
        references=REFERENCES_SENT,
        duration=4,
        ratio="834:1112",
    ),
    from_video(
        "video, with a first frame and a reference",
        "klingO3_standard",
        {"image_list": [as_frame(PICTURE), as_input(SECOND)]},
        prompt_video=MOVIE,
        references=[{"uri": TWO}, {"uri": ONE, "position": "first"}],
    ),
    from_video(
        "video, with a last frame",
        "klingO3_4k",
        {"image_list": [as_frame(SECOND, "last_frame")]},
        prompt_video=MOVIE,
        references=[{"uri": TWO, "position": "last"}],
    ),
    from_video(
        "video, by the retired model",
        "gen4_aleph",
        {"image_list": [as_input(PICTURE)], "seed": 4},
        video_uri=MOVIE,
        references=[{"type": "image", "uri": ONE}],
        seed=4,
    ),
    from_text("text, by the retired model", "veo3", {"negative_prompt": "fog"}, **EIGHT, negative_prompt="fog"),
    Case(
        "text, with a video to look at, by its vendor's other way",
        "video",
        "text_to_video",
        "gemini_omni_flash_1.1",
        {"video": FILM, "resolution": "360p"},
        {"prompt_text": PROMPT, "reference_videos": [{"uri": MOVIE}], "ratio": "640:360"},
        {"provider_config": {"endpoint": "text_to_video"}},
    ),
    from_video("video, continued", "gemini_omni_flash_1.1", {"mode": "extend"}, video_uri=MOVIE, mode="extend"),
    Case(
        "a performance",
        "video",
        "character_performance",
        "act_two",
        {"video": FILM, "image_list": [as_input(PICTURE)], "aspect_ratio": "9:16", "seed": 5, "bodyControl": True},
        {
            "character": {"type": "image", "uri": ONE},
            "reference": {"type": "video", "uri": MOVIE},
            "ratio": "720:1280",
            "seed": 5,
            "body_control": True,
        },
    ),
    Case(
        "a performance by a filmed character",
        "video",
        "character_performance",
        "act_two",
        {"video": FILM, "character": {"type": "video", "uri": MOVIE}, "expressionIntensity": 5},
        {
            "character": {"type": "video", "uri": MOVIE},
            "reference": {"type": "video", "uri": MOVIE},
            "expression_intensity": 5,
        },
    ),
]
IMAGES = [
    image("image", "gen4_image", {}, ratio="1024:1024"),
    image("image of a size", "gen4_image", {"size": "1920x1080", "seed": 9}, ratio="1920:1080", seed=9),
    image("image of a shape", "gen4_image", {"aspect_ratio": "4:3"}, ratio="1440:1080"),
    image("image with references", "gen4_image", REFERENCES, ratio="1024:1024", reference_images=REFERENCES_SENT),
    image(
        "image with named references",
        "gen4_image_turbo",
        {**REFERENCES, "reference_tags": ["hero", "look"], "aspect_ratio": "9:16"},
        ratio="1080:1920",
        reference_images=[{"uri": ONE, "tag": "hero"}, {"uri": TWO, "tag": "look"}],
    ),
    image(
        "images by a partner",
        "gpt_image_2",
        {"n": 2, "quality": "high", "background": "opaque"},
        ratio="auto",
        output_count=2,
        quality="high",
        background="opaque",
    ),
    image("four images", "gemini_image3_pro", {"n": 4, "aspect_ratio": "21:9"}, ratio="1536:672", output_count=4),
    image("image of a tier", "seedream5_pro", {"size": "2K", "grounding": True}, ratio="auto_2k", grounding=True),
    image(
        "image within a mask",
        "ideogram_4_5",
        {"image_list": [as_input(PICTURE)], "mask_image": as_input(SECOND), "quality": "very_low"},
        reference_images=[{"uri": ONE}],
        mask_uri=TWO,
        quality="very_low",
    ),
]
SETTINGS = {"stability": 0.3, "similarity_boost": 0.9, "style": 0.1, "speed": 0.7, "use_speaker_boost": False}
SPEECH = [
    speech("speech", "eleven_multilingual_v2", {}, voice=preset("Maya")),
    *(
        speech(f"speech of {voice}", "eleven_multilingual_v2", {"voice_id": voice.lower()}, voice=preset(voice))
        for voice in VOICES[1:48:8]
    ),
    *(
        speech(
            f"speech with {name}", "eleven_v3", {"voice_settings": {name: value}}, voice=preset("Maya"), **{name: value}
        )
        for name, value in SETTINGS.items()
    ),
    speech(
        "speech with all settings",
        "eleven_v4",
        {"voice_settings": SETTINGS, "language_code": "pt", "seed": 3, "previousText": "Ahoi."},
        voice=preset("Maya"),
        language_code="pt",
        seed=3,
        previous_text="Ahoi.",
        **SETTINGS,
    ),
    speech(
        "speech without normalization",
        "eleven_v3",
        {"applyTextNormalization": "off"},
        voice=preset("Maya"),
        apply_text_normalization="off",
    ),
    speech(
        "speech of a voice that is heard",
        "seed_audio",
        {"voice_id": LINK},
        voice={"type": "reference-audio", "audio_uri": LINK},
    ),
    *(
        speech(
            f"speech as {form}",
            "seed_audio",
            {"output_format": AudioOutputFormat(format=form)},
            output_format={"opus": "ogg_opus"}.get(form, form),
        )
        for form in ("mp3", "wav", "opus")
    ),
    speech(
        "speech in a sample rate",
        "seed_audio",
        {"output_format": AudioOutputFormat(format="wav", sample_rate=48_000)},
        output_format="wav",
        sample_rate=48_000,
    ),
    speech(
        "speech in other rates",
        "seed_audio",
        {"voice_settings": {"speech_rate": -50, "pitch_rate": 12, "loudness_rate": 4}},
        speech_rate=-50,
        pitch_rate=12,
        loudness_rate=4,
    ),
    effect("effect", "eleven_text_to_sound_v2", {"duration": 3.5, "loop": True}, duration=3.5, loop=True),
    effect(
        "effect in a format",
        "mirelo_sfx_2_0",
        {"duration": 2.0, "output_format": AudioOutputFormat(format="wav")},
        duration=2.0,
        format="wav",
    ),
    effect("scene", "seed_audio", {"referenceAudios": [LINK]}, reference_audios=[LINK]),
    conversion("conversion", {}, {"type": "audio", "uri": SPOKEN}, "Maya"),
    conversion("conversion of a film", {"audio": FILM, "voice_id": "Tom"}, {"type": "video", "uri": MOVIE}, "Tom"),
    conversion(
        "conversion of a link, cleaned",
        {"audio": LINK, "voice_settings": {"remove_background_noise": True}},
        {"type": "audio", "uri": LINK},
        "Maya",
        remove_background_noise=True,
    ),
]
CASES = [*VIDEOS, *IMAGES, *SPEECH]
