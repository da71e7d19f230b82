"""The options of the commands. Where an option sets a field of a request or configuration, it has that field's name."""

from enum import StrEnum
from typing import Annotated

import typer


class KindName(StrEnum):
    """Kinds of work."""

    VIDEO = "video"
    IMAGE = "image"
    TTS = "tts"
    STS = "sts"


class OnTimeout(StrEnum):
    """What becomes of a job that is not finished in time."""

    KEEP = "keep"
    CANCEL = "cancel"


class OnUnknownSubmit(StrEnum):
    """Whether a chain goes on after a paid submit without an answer."""

    FALLBACK = "fallback"
    RAISE = "raise"


class Unsupported(StrEnum):
    """What is done about a field that a model cannot take."""

    WARN = "warn"
    ERROR = "error"
    IGNORE = "ignore"


PROMPT_HELP = "The text; '-' reads it from standard input, '@FILE' from a file ('@@' for a text that begins with '@')."
MEDIA_HELP = "a file, a link (https://...) or a data URI"

Prompt = Annotated[str, typer.Argument(metavar="PROMPT", help=PROMPT_HELP, show_default=False)]
Speech = Annotated[
    str, typer.Argument(metavar="AUDIO", help=f"What to convert: {MEDIA_HELP}; '-' reads standard input.")
]
JobArgument = Annotated[
    str,
    typer.Argument(
        metavar="JOB", help="A job file, the JSON itself, '-' for standard input, or the id of a job that is kept here."
    ),
]

# --- which provider, how long, and where the result goes

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="PROVIDER[:MODEL]",
        help="Who does the work. Give it again for each fallback, in order. Without MODEL: the provider's default.",
        show_default=False,
    ),
]
Params = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="KEY=VALUE",
        help="A field of the request, or a parameter of the vendor's own. Read as JSON where it is JSON, else as text.",
        show_default=False,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Where to save; or a folder. Default: named after the prompt, here."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Let --output replace an existing file.")]
Mock = Annotated[bool, typer.Option("--mock", help="Use the mock: no key, no network, no cost, real media.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
SubmitOnly = Annotated[
    bool, typer.Option("--submit-only", help="Do not wait: print the job, for 'tarash jobs resume'.")
]
Timeout = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="How long to wait for the job.", show_default=False)
]
PollInterval = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="Time between two questions.", show_default=False)
]
OnTimeoutOption = Annotated[
    OnTimeout | None,
    typer.Option(
        help="Leave the job running (the default) or cancel it. "
        "Ctrl-C and SIGTERM always make one attempt, of 5 seconds at most, to cancel it.",
        show_default=False,
    ),
]
OnUnknownSubmitOption = Annotated[
    OnUnknownSubmit | None,
    typer.Option(help="Go on with the next provider (the default) or stop when a paid submit got no answer."),
]
UnsupportedOption = Annotated[
    Unsupported | None,
    typer.Option("--unsupported", help="What to do about settings that the model cannot take (default: warn)."),
]
BaseUrls = Annotated[
    list[str] | None,
    typer.Option(
        "--base-url", metavar="[PROVIDER:]URL", help="Another address of the provider's interface.", show_default=False
    ),
]
ProviderConfig = Annotated[
    list[str] | None,
    typer.Option(
        "--provider-config",
        "-c",
        metavar="[PROVIDER:]KEY=VALUE",
        help="An option of the provider itself, such as priority=low at fal.",
        show_default=False,
    ),
]

# --- fields of requests

Duration = Annotated[float | None, typer.Option("--duration", metavar="SECONDS", help="Length of the video.")]
AspectRatio = Annotated[str | None, typer.Option(metavar="W:H", help="Such as 16:9, 9:16, 1:1.")]
Resolution = Annotated[str | None, typer.Option(metavar="NAME", help="Such as 720p, 1080p, 4k.")]
Images = Annotated[
    list[str] | None,
    typer.Option(
        "--image",
        metavar="[ROLE=]FILE",
        help="An input image: a file or link. Roles: reference (default), first_frame, last_frame, asset, style.",
        show_default=False,
    ),
]
Video = Annotated[str | None, typer.Option(metavar="FILE", help=f"An input video: {MEDIA_HELP}.")]
Mask = Annotated[str | None, typer.Option("--mask", metavar="FILE", help="White marks the area of the image to edit.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives similar results, where the model has one.")]
NegativePrompt = Annotated[str | None, typer.Option(metavar="TEXT", help="What should not appear.")]
EnhancePrompt = Annotated[bool | None, typer.Option(help="Let the provider rewrite the prompt, or not.")]
WithAudio = Annotated[bool | None, typer.Option("--audio/--no-audio", help="Let the video have sound, or not.")]
Count = Annotated[int | None, typer.Option("--n", "-n", min=1, help="How many to make; each one is paid.")]
Size = Annotated[str | None, typer.Option(metavar="WxH", help="Pixels, such as 1024x1024.")]
Quality = Annotated[str | None, typer.Option(help="A word of the model's, such as high.")]
Style = Annotated[str | None, typer.Option(help="A word of the model's, such as vivid.")]
Voice = Annotated[str | None, typer.Option("--voice", metavar="ID", help="The provider's id of the voice.")]
TargetVoice = Annotated[
    str, typer.Option("--voice", metavar="ID", help="The provider's id of the voice to speak with.")
]
Format = Annotated[
    str | None, typer.Option("--format", metavar="NAME", help="mp3 (the default), wav, flac, opus, pcm.")
]
SplitText = Annotated[
    bool | None,
    typer.Option(
        "--split-text",
        help="Speak a text that is too long for the model in pieces, each of them paid, and join their sound.",
        show_default=False,
    ),
]
Stream = Annotated[
    bool, typer.Option("--stream", help="Write the sound while it is being made; with '-o -' to standard output.")
]
Play = Annotated[
    bool, typer.Option("--play", help="Also play it: ffplay, mpv, mpg123, aplay or afplay must be installed.")
]
VoiceProviders = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        "-m",
        metavar="PROVIDER[:MODEL]",
        help="Only this provider's voices; may be given again. Without: those of every provider that can be asked.",
        show_default=False,
    ),
]
Language = Annotated[str | None, typer.Option("--language", metavar="CODE", help="Such as en or de.")]
