"""The public functions. Each is a thin door into the orchestrator, which is written once for both worlds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.models import (
    AudioChunk,
    AudioGenerationConfig,
    GenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    ImageProgressCallback,
    Job,
    Kind,
    ProgressCallback,
    STSProgressCallback,
    STSRequest,
    STSResponse,
    TTSProgressCallback,
    TTSRequest,
    TTSResponse,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
    Voice,
)
from tarash.tarash_gateway.models.response import install_default_saver

if TYPE_CHECKING:
    from tarash.tarash_gateway.orchestrator import Orchestrator
    from tarash.tarash_gateway.providers.field_mappers import FieldMapper
    from tarash.tarash_gateway.runtime import Runtime

Callback = Callable[[Any], Any] | None

# The rooms behind these doors are imported with the first call: they are a third of what importing tarash would cost.


def _orchestrator(runtime: Runtime, kind: Kind, callback: Callback) -> Orchestrator:
    from tarash.tarash_gateway.orchestrator import Orchestrator
    from tarash.tarash_gateway.plugins import registry

    return Orchestrator(runtime, registry, kind, callback)


def _now(kind: Kind, work: str, *arguments: Any, callback: Callback = None) -> Any:
    from tarash.tarash_gateway.runtimes import SyncRuntime, run_sync

    runtime = SyncRuntime()
    try:
        return run_sync(getattr(_orchestrator(runtime, kind, callback), work)(*arguments))
    finally:
        runtime.close()


async def _later(kind: Kind, work: str, *arguments: Any, callback: Callback = None) -> Any:
    from tarash.tarash_gateway.runtimes import AsyncRuntime

    return await getattr(_orchestrator(AsyncRuntime(), kind, callback), work)(*arguments)


class _DefaultSaver:
    """Saves responses that were built by hand, or that travelled as JSON or a pickle."""

    def save(self, response: Any, path: str | Path, index: int, overwrite: bool, max_bytes: int) -> Path:
        from tarash.tarash_gateway.saving import orphan_saver

        return orphan_saver().save(response, path, index, overwrite, max_bytes)

    async def save_async(self, response: Any, path: str | Path, index: int, overwrite: bool, max_bytes: int) -> Path:
        from tarash.tarash_gateway.saving import orphan_saver

        return await orphan_saver().save_async(response, path, index, overwrite, max_bytes)


install_default_saver(_DefaultSaver())


def generate_video(
    config: VideoGenerationConfig, request: VideoGenerationRequest, on_progress: ProgressCallback | None = None
) -> VideoGenerationResponse:
    """Generate a video, and return when it is finished.

    Walks `config.fallback_configs` on retryable errors. `on_progress` (plain or async) is called with a
    `VideoGenerationUpdate` on each poll; what it raises is logged and does not disturb the generation.

    Raises `TarashException` when no provider of the chain succeeds; it carries `job` once something was accepted.
    """
    return _now("video", "generate", config, request, callback=on_progress)  # type: ignore[no-any-return]


async def generate_video_async(
    config: VideoGenerationConfig, request: VideoGenerationRequest, on_progress: ProgressCallback | None = None
) -> VideoGenerationResponse:
    """`generate_video`, awaited. A plain `on_progress` runs in a thread, so it may block."""
    return await _later("video", "generate", config, request, callback=on_progress)  # type: ignore[no-any-return]


def generate_image(
    config: ImageGenerationConfig, request: ImageGenerationRequest, on_progress: ImageProgressCallback | None = None
) -> ImageGenerationResponse:
    """Generate images. See `generate_video` for fallbacks, progress and errors.

    Raises an error that is also a `NotImplementedError` when the provider makes no images.
    """
    return _now("image", "generate", config, request, callback=on_progress)  # type: ignore[no-any-return]


async def generate_image_async(
    config: ImageGenerationConfig, request: ImageGenerationRequest, on_progress: ImageProgressCallback | None = None
) -> ImageGenerationResponse:
    """`generate_image`, awaited."""
    return await _later("image", "generate", config, request, callback=on_progress)  # type: ignore[no-any-return]


def generate_tts(
    config: AudioGenerationConfig, request: TTSRequest, on_progress: TTSProgressCallback | None = None
) -> TTSResponse:
    """Speak a text. The audio is base64 in the response. See `generate_video` for fallbacks, progress and errors.

    Raises an error that is also a `NotImplementedError` when the provider has no text-to-speech.
    """
    return _now("tts", "generate", config, request, callback=on_progress)  # type: ignore[no-any-return]


async def generate_tts_async(
    config: AudioGenerationConfig, request: TTSRequest, on_progress: TTSProgressCallback | None = None
) -> TTSResponse:
    """`generate_tts`, awaited."""
    return await _later("tts", "generate", config, request, callback=on_progress)  # type: ignore[no-any-return]


def stream_tts(
    config: AudioGenerationConfig, request: TTSRequest, *, text: Iterable[str] | None = None
) -> Iterator[AudioChunk]:
    """Speak a text, and hand out the audio while it is still being made.

    The chunks joined are the audio; some carry word or character timings where the vendor has them. The chain falls
    back only before the first chunk. Closing the iterator closes the connection at once.

    With `text`, an iterator of strings, and `request.text` empty, the text too may still be in the making: it goes over
    the vendor's WebSocket (extra `tarash-core[websocket]`) piece by piece, and the first sound may come before its end.
    The iterator is read in a thread of its own; what it raises closes the connection and is raised here as it is.

    Raises `TarashException` from the first `next` on; one after the first chunk is never retryable.
    """
    from tarash.tarash_gateway.runtimes import SyncRuntime
    from tarash.tarash_gateway.streaming import iterate_sync

    runtime = SyncRuntime()
    return iterate_sync(_orchestrator(runtime, "tts", None).stream(config, request, text), runtime.close)


def stream_tts_async(
    config: AudioGenerationConfig, request: TTSRequest, *, text: AsyncIterable[str] | Iterable[str] | None = None
) -> AsyncGenerator[AudioChunk]:
    """`stream_tts` for `async for`. To leave early call `aclose()`, which closes the connection at once.

    `text` may be an async iterator; a plain one is read in worker threads.
    """
    from tarash.tarash_gateway.runtimes import AsyncRuntime

    return _orchestrator(AsyncRuntime(), "tts", None).stream(config, request, text)


def generate_sts(
    config: AudioGenerationConfig, request: STSRequest, on_progress: STSProgressCallback | None = None
) -> STSResponse:
    """Speak with another voice. The audio is base64 in the response. See `generate_video` for the rest.

    Raises an error that is also a `NotImplementedError` when the provider has no speech-to-speech.
    """
    return _now("sts", "generate", config, request, callback=on_progress)  # type: ignore[no-any-return]


async def generate_sts_async(
    config: AudioGenerationConfig, request: STSRequest, on_progress: STSProgressCallback | None = None
) -> STSResponse:
    """`generate_sts`, awaited."""
    return await _later("sts", "generate", config, request, callback=on_progress)  # type: ignore[no-any-return]


def list_voices(config: AudioGenerationConfig) -> list[Voice]:
    """The voices that the provider of `config` can speak with; nothing is paid. Fallbacks are not asked.

    Where the vendor's list is fixed it comes from tarash's own table, without any request and without a key; otherwise
    the vendor is asked for the account's voices, all pages of them, within `config.timeout` seconds.
    Raises an error that is also a `NotImplementedError` for a provider without a list, and `TarashException`.
    """
    return _now("tts", "voices", config)  # type: ignore[no-any-return]


async def list_voices_async(config: AudioGenerationConfig) -> list[Voice]:
    """`list_voices`, awaited."""
    return await _later("tts", "voices", config)  # type: ignore[no-any-return]


def submit_video(config: VideoGenerationConfig, request: VideoGenerationRequest) -> Job:
    """Return as soon as a provider of the chain has accepted the job. Store `job.to_json()`, and `resume` it later."""
    return _now("video", "submit", config, request)  # type: ignore[no-any-return]


async def submit_video_async(config: VideoGenerationConfig, request: VideoGenerationRequest) -> Job:
    """`submit_video`, awaited."""
    return await _later("video", "submit", config, request)  # type: ignore[no-any-return]


def submit_image(config: ImageGenerationConfig, request: ImageGenerationRequest) -> Job:
    """`submit_video` for images."""
    return _now("image", "submit", config, request)  # type: ignore[no-any-return]


async def submit_image_async(config: ImageGenerationConfig, request: ImageGenerationRequest) -> Job:
    """`submit_image`, awaited."""
    return await _later("image", "submit", config, request)  # type: ignore[no-any-return]


def submit_tts(config: AudioGenerationConfig, request: TTSRequest) -> Job:
    """`submit_video` for text-to-speech."""
    return _now("tts", "submit", config, request)  # type: ignore[no-any-return]


async def submit_tts_async(config: AudioGenerationConfig, request: TTSRequest) -> Job:
    """`submit_tts`, awaited."""
    return await _later("tts", "submit", config, request)  # type: ignore[no-any-return]


def submit_sts(config: AudioGenerationConfig, request: STSRequest) -> Job:
    """`submit_video` for speech-to-speech."""
    return _now("sts", "submit", config, request)  # type: ignore[no-any-return]


async def submit_sts_async(config: AudioGenerationConfig, request: STSRequest) -> Job:
    """`submit_sts`, awaited."""
    return await _later("sts", "submit", config, request)  # type: ignore[no-any-return]


def _kind_of(job: Any) -> Kind:
    # A thing that is no Job is refused, with the reason, where jobs are judged.
    return job.kind if isinstance(job, Job) else "video"


def resume(job: Job, config: GenerationConfig, on_progress: Callback = None) -> Any:
    """Wait for a job that was submitted before, by any process, and return its response. Never submits.

    `config` names the same provider, account and base URL. Raises `JobRejectedError` before any request when the job
    does not fit them, and otherwise what `generate_*` raises.
    """
    return _now(_kind_of(job), "resume", job, config, callback=on_progress)


async def resume_async(job: Job, config: GenerationConfig, on_progress: Callback = None) -> Any:
    """`resume`, awaited."""
    return await _later(_kind_of(job), "resume", job, config, callback=on_progress)


def receive_webhook(job: Job, config: GenerationConfig, headers: Mapping[str, str], body: bytes) -> Any:
    """Finish a job from what its provider posted to your webhook, without polling, and return its response.

    `body` is the request's body as it came (signatures cover every byte). Find the job by `job.provider_ids`. Raises
    `JobRejectedError` when the message is forged, too old, or speaks of another job.
    """
    return _now(_kind_of(job), "receive", job, config, headers, body)


async def receive_webhook_async(job: Job, config: GenerationConfig, headers: Mapping[str, str], body: bytes) -> Any:
    """`receive_webhook`, awaited."""
    return await _later(_kind_of(job), "receive", job, config, headers, body)


def poll(job: Job, config: GenerationConfig) -> Any:
    """Ask once how a job stands: an update of the job's kind, with `result` when it is completed."""
    return _now(_kind_of(job), "poll", job, config)


async def poll_async(job: Job, config: GenerationConfig) -> Any:
    """`poll`, awaited."""
    return await _later(_kind_of(job), "poll", job, config)


def cancel(job: Job, config: GenerationConfig) -> str:
    """Ask the provider to stop a job: "cancelled", "too_late" (it is finished) or "impossible" (there is no such call).

    Raises `TarashException` when the provider could not be asked.
    """
    return _now(_kind_of(job), "cancel", job, config)  # type: ignore[no-any-return]


async def cancel_async(job: Job, config: GenerationConfig) -> str:
    """`cancel`, awaited."""
    return await _later(_kind_of(job), "cancel", job, config)  # type: ignore[no-any-return]


def register_provider(name: str, handler: Any) -> None:
    """Use `handler` for the provider id `name` from now on, in place of an installed or earlier registered one.

    `handler` is a `ProviderHandler` (an object with `generate_*` methods; some are enough), or a `Provider` of steps.
    """
    from tarash.tarash_gateway.plugins import registry

    registry.register(name, handler)


def register_provider_field_mapping(provider: str, model_mappings: Mapping[str, Mapping[str, FieldMapper]]) -> None:
    """Set how requests become a provider's parameters, for model ids or prefixes. Wins over what is built in."""
    from tarash.tarash_gateway.plugins import registry

    registry.add_mappings(provider, model_mappings)


def get_provider_field_mapping(provider: str) -> dict[str, dict[str, FieldMapper]] | None:
    """The mappings of a provider by model id or prefix, registered over built-in ones; None when it has none."""
    from tarash.tarash_gateway.plugins import registry
    from tarash.tarash_gateway.providers.base import Provider

    mappings: dict[str, dict[str, FieldMapper]] = {}
    handler = registry.handler(provider) if provider in registry.ids() else None
    if isinstance(handler, Provider):
        for of_kind in handler.mappings.values():
            for model, mapping in of_kind.items():
                mappings[model] = {**mappings.get(model, {}), **mapping}
    for model, mapping in (registry.mappings(provider) or {}).items():
        mappings[model] = dict(mapping)
    return mappings or None
