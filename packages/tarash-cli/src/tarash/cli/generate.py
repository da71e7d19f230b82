"""The commands that make something. Typer reads their signatures; `context.params` holds what was given."""

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any

import typer

from tarash.cli import options as o

COST_NOTE = "Keys are read from the providers' environment variables only (see 'tarash providers')."


def _run(kind: str, context: typer.Context) -> int:
    # Imported here: parsing a command line needs nothing of the core.
    from tarash.cli.generation import run

    return run(kind, context.params)


def _shared_first(
    models: o.Models = None,
    params: o.Params = None,
    output: o.Output = None,
    force: o.Force = False,
) -> None:
    """The options that every command has, before its own."""


def _shared_last(
    timeout: o.Timeout = None,
    poll_interval: o.PollInterval = None,
    on_timeout: o.OnTimeoutOption = None,
    on_unknown_submit: o.OnUnknownSubmitOption = None,
    unsupported_params: o.UnsupportedOption = None,
    base_url: o.BaseUrls = None,
    provider_config: o.ProviderConfig = None,
    submit_only: o.SubmitOnly = False,
    mock: o.Mock = False,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> None:
    """The options that every command has, after its own."""


def _with_shared_options(command: Callable[..., int]) -> Callable[..., int]:
    """Shows Typer a signature in which the shared options stand, too."""
    own = [one for one in _parameters(command) if one.kind is not one.VAR_KEYWORD]
    arguments = [one for one in own if one.default is one.empty]
    options = own[len(arguments) :]
    every = [*arguments, *_parameters(_shared_first), *options, *_parameters(_shared_last)]
    command.__signature__ = Signature(every)  # type: ignore[attr-defined]
    return command


def _parameters(function: Callable[..., Any]) -> list[Parameter]:
    return list(signature(function).parameters.values())


@_with_shared_options
def video(
    context: typer.Context,
    prompt: o.Prompt,
    duration_seconds: o.Duration = None,
    aspect_ratio: o.AspectRatio = None,
    resolution: o.Resolution = None,
    generate_audio: o.WithAudio = None,
    image_list: o.Images = None,
    video: o.Video = None,
    seed: o.Seed = None,
    number_of_videos: o.Count = None,
    negative_prompt: o.NegativePrompt = None,
    enhance_prompt: o.EnhancePrompt = None,
    **shared: Any,
) -> int:
    """Make a video from a text (and images, or another video)."""
    return _run("video", context)


@_with_shared_options
def image(
    context: typer.Context,
    prompt: o.Prompt,
    size: o.Size = None,
    aspect_ratio: o.AspectRatio = None,
    quality: o.Quality = None,
    style: o.Style = None,
    n: o.Count = None,
    image_list: o.Images = None,
    mask_image: o.Mask = None,
    seed: o.Seed = None,
    negative_prompt: o.NegativePrompt = None,
    **shared: Any,
) -> int:
    """Make images from a text (and other images)."""
    return _run("image", context)


@_with_shared_options
def speak(
    context: typer.Context,
    text: o.Prompt,
    voice_id: o.Voice = None,
    output_format: o.Format = None,
    language_code: o.Language = None,
    split_text: o.SplitText = None,
    stream: o.Stream = False,
    play: o.Play = False,
    **shared: Any,
) -> int:
    """Speak a text. A text file is given as @FILE: a bare file name would be spoken, so it is refused."""
    return _run("tts", context)


@_with_shared_options
def convert_voice(
    context: typer.Context,
    audio: o.Speech,
    voice_id: o.TargetVoice,
    output_format: o.Format = None,
    **shared: Any,
) -> int:
    """Speak a recording again with another voice."""
    return _run("sts", context)
