"""`response.save`: fetch one output and write it, fetching a new link once when the old one has expired."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.downloads import Downloader, LinkExpiredError, MemoryTarget
from tarash.tarash_gateway.exceptions import DownloadError, TarashException, ValidationError
from tarash.tarash_gateway.files import NewFile, check_target
from tarash.tarash_gateway.media_forms import decode_base64, decode_data_uri
from tarash.tarash_gateway.messages import Output
from tarash.tarash_gateway.providers.base import Call, Provider
from tarash.tarash_gateway.runtime import Runtime
from tarash.tarash_gateway.runtimes import AsyncRuntime, SyncRuntime, run_sync
from tarash.tarash_gateway.sending import Sender
from tarash.tarash_gateway.sniffing import content_type_for, extension_for, sniff

Refresh = Callable[[Runtime, int], Awaitable[Output | None]]


class ResponseSaver:
    """Saves the outputs of one response. `refresh` reads the job once more for a new link to the output of a number."""

    def __init__(self, make_sender: Callable[[Runtime], Sender], outputs: list[Output], refresh: Refresh) -> None:
        self._make_sender = make_sender
        self._outputs = outputs
        self._refresh = refresh

    def save(self, response: Any, path: str | Path, index: int, overwrite: bool, max_bytes: int) -> Path:
        runtime = SyncRuntime()
        return run_sync(self._save(runtime, response, Path(path), index, overwrite, max_bytes))

    async def save_async(self, response: Any, path: str | Path, index: int, overwrite: bool, max_bytes: int) -> Path:
        return await self._save(AsyncRuntime(), response, Path(path), index, overwrite, max_bytes)

    async def _save(
        self, runtime: Runtime, response: Any, path: Path, index: int, overwrite: bool, max_bytes: int
    ) -> Path:
        try:
            await runtime.run(check_target, path, overwrite)
            output = self._output(response, index)
            file = await runtime.run(NewFile, path.parent)
            try:
                head = await self._fill(runtime, output, index, file, max_bytes)
                target = with_extension(path, head, output.content_type or response.content_type)
                await runtime.run(check_target, target, overwrite)
                await runtime.run(file.publish, target, overwrite)
                return target
            finally:
                await runtime.run(file.close)
        except OSError as error:
            raise _unwritable(path, error, response) from None
        except TarashException as error:
            error.job = error.job or response.job
            raise

    def _output(self, response: Any, index: int) -> Output:
        outputs = self._outputs or [as_output(media) for media in response.outputs()]
        if not 0 <= index < len(outputs):
            raise ValidationError(f"There is no output number {index}; this response has {len(outputs)} (from 0).")
        output = outputs[index]
        return as_output(output.url) if output.url and output.url[:5].lower() == "data:" else output

    async def _fill(self, runtime: Runtime, output: Output, index: int, file: NewFile, max_bytes: int) -> bytes:
        if output.data is not None:
            await runtime.run(file.write, output.data)
            return output.data[:65536]
        downloader = Downloader(self._make_sender(runtime))
        try:
            return await downloader.fetch(
                output.url or "", file, authenticated=output.authenticated, max_bytes=max_bytes
            )
        except LinkExpiredError as expired:
            fresh = await fresh_output(self._refresh(runtime, index), expired)
            await runtime.run(file.restart)
            if fresh.data is not None:
                await runtime.run(file.write, fresh.data)
                return fresh.data[:65536]
            return await downloader.fetch(fresh.url or "", file, authenticated=fresh.authenticated, max_bytes=max_bytes)


class _Nobody(Provider):
    """Stands for the provider of a response that has lost its own: no credentials, every link a stranger's."""

    id = "nobody"
    base_url = "https://nobody.invalid"


def orphan_saver() -> ResponseSaver:
    """A saver for a response of which nothing is known but what stands in it."""
    provider = _Nobody()
    call = Call("video", provider.id, "", provider.base_url, None, "")

    async def no_job(runtime: Runtime, index: int) -> None:
        return None

    return ResponseSaver(lambda runtime: Sender(runtime, provider, call, None, runtime.clock.monotonic()), [], no_job)


def as_output(media: Any) -> Output:
    """An output as it stands in a response: a link, a data URI, base64 text, or content with its type.

    Raises `DownloadError` for text that is none of these.
    """
    if isinstance(media, bytes | bytearray):
        return Output(data=bytes(media))
    if isinstance(media, dict):
        return Output(data=bytes(media["content"]), content_type=media["content_type"])
    if media.startswith(("http://", "https://")):
        return Output(url=media)
    try:
        if media[:5].lower() == "data:":
            data, content_type = decode_data_uri(media)
            return Output(data=data, content_type=content_type)
        return Output(data=decode_base64(media))
    except ValueError:
        raise DownloadError("The result in the answer is neither a link nor base64.") from None


def with_extension(path: Path, head: bytes, content_type: str | None) -> Path:
    """The bytes decide the extension, unless the name's own means the same kind of file."""
    known = sniff(head)
    extension = known.extension if known else extension_for(content_type or "")
    if extension is None:
        return path
    extension = extension if extension.startswith(".") else f".{extension}"
    named = content_type_for(path.suffix) if path.suffix else None
    if named == (known.content_type if known else content_type):
        return path
    if named is None:
        # "clip.v2" has no extension of media: it is part of the name.
        return path.with_name(path.name + extension)
    return path.with_suffix(extension)


def _unwritable(path: Path, error: OSError, response: Any) -> DownloadError:
    wrapped = DownloadError(
        f"{path} could not be written: {error.strerror or error}. The result is still there: save it elsewhere.",
        job=response.job,
    )
    first = response.outputs()[0] if response.outputs() else None
    wrapped.url = first if isinstance(first, str) and first.startswith("http") else None
    return wrapped


async def fresh_output(reading: Awaitable[Output | None], expired: LinkExpiredError) -> Output:
    """What reading the job once more brings in place of an output whose link has ended. Raises `expired` without it."""
    try:
        fresh = await reading
    except TarashException as error:
        expired.message += f" The job could not be asked for a new one: {error.message}"
        raise expired from error
    if fresh is None:
        raise expired
    return fresh


async def fetch_bytes(sender: Sender, output: Output, max_bytes: int) -> bytes:
    """The bytes of one output, in memory."""
    if output.data is not None:
        return output.data
    if output.url and output.url[:5].lower() == "data:":
        return as_output(output.url).data or b""
    target = MemoryTarget()
    # The job is finished, but its time goes on: whoever waits for the bytes waits for the job.
    downloader = Downloader(sender, seconds=max(1.0, sender.remaining()))
    await downloader.fetch(output.url or "", target, authenticated=output.authenticated, max_bytes=max_bytes)
    return bytes(target.data)
