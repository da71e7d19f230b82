"""The commands that make something. Typer reads their signatures; `context.params` holds what was given."""

import typer

from tarash.cli import options as o

COST_NOTE = "Keys are read from the providers' environment variables only (see 'tarash providers')."


def _run(kind: str, context: typer.Context) -> int:
    # Imported here: parsing a command line needs nothing of the core.
    from tarash.cli.generation import run

    return run(kind, context.params)


def video(
    context: typer.Context,
    prompt: o.Prompt,
    models: o.Models = None,
    params: o.Params = None,
    output: o.Output = None,
    force: o.Force = False,
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
) -> int:
    """Make a video from a text (and images, or another video)."""
    return _run("video", context)


def image(
    context: typer.Context,
    prompt: o.Prompt,
    models: o.Models = None,
    params: o.Params = None,
    output: o.Output = None,
    force: o.Force = False,
    size: o.Size = None,
    aspect_ratio: o.AspectRatio = None,
    quality: o.Quality = None,
    style: o.Style = None,
    n: o.Count = None,
    image_list: o.Images = None,
    mask_image: o.Mask = None,
    seed: o.Seed = None,
    negative_prompt: o.NegativePrompt = None,
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
) -> int:
    """Make images from a text (and other images)."""
    return _run("image", context)


def speak(
    context: typer.Context,
    text: o.Prompt,
    models: o.Models = None,
    params: o.Params = None,
    output: o.Output = None,
    force: o.Force = False,
    voice_id: o.Voice = None,
    output_format: o.Format = None,
    language_code: o.Language = None,
    split_text: o.SplitText = None,
    stream: o.Stream = False,
    play: o.Play = False,
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
) -> int:
    """Speak a text. A text file is given as @FILE: a bare file name would be spoken, so it is refused."""
    return _run("tts", context)


def convert_voice(
    context: typer.Context,
    audio: o.Speech,
    voice_id: o.TargetVoice,
    models: o.Models = None,
    params: o.Params = None,
    output: o.Output = None,
    force: o.Force = False,
    output_format: o.Format = None,
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
) -> int:
    """Speak a recording again with another voice."""
    return _run("sts", context)
