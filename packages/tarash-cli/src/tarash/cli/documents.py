"""What a command did, as lines for people and as facts for programs."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tarash.cli.output import seconds_text, shown, shown_path, size_text
from tarash.tarash_gateway.models import AttemptMetadata, GenerationResponse, Job

_CHANGES = ("converted", "rounded", "ignored", "refused")
_LONGEST_VALUE = 80


def job_facts(job: Job) -> dict[str, Any]:
    return job.model_dump(mode="json")


def job_text(job: Job) -> str:
    """The job as one line of pure ASCII: it can be shown, copied and stored anywhere."""
    return json.dumps(job_facts(job))


def file_facts(path: Path) -> dict[str, Any]:
    return {"path": os.fsencode(path).decode("utf-8", "replace"), "bytes": path.stat().st_size}


def links(response: GenerationResponse) -> list[str | None]:
    """The outputs as links; None for one that came as content and is in the saved file only."""
    return [
        output if isinstance(output, str) and output.startswith(("http://", "https://")) else None
        for output in response.outputs()
    ]


def response_facts(response: GenerationResponse, files: Iterable[Mapping[str, Any]], seconds: float) -> dict[str, Any]:
    """The document of a finished generation. Links in `output` are whole, so that they can be used."""
    return {
        **completed(*who(response), is_mock=response.is_mock, seconds=seconds, files=files),
        "request_id": response.request_id,
        "output": links(response),
        "content_type": response.content_type,
        **{
            name: getattr(response, name)
            for name in ("duration", "resolution", "aspect_ratio", "revised_prompt")
            if hasattr(response, name)
        },
        "parameters": [_outcome_facts(outcome) for outcome in response.parameters],
        "provider_metadata": _without_links(response.provider_metadata),
        "attempts": attempts_facts(response),
    }


def completed(
    provider: str | None, model: str | None, *, is_mock: bool, seconds: float, files: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """What the documents of all finished work begin with."""
    return {
        "ok": True,
        "exit_code": 0,
        "status": "completed",
        "provider": provider,
        "model": model,
        "is_mock": is_mock,
        "seconds": round(seconds, 3),
        "files": list(files),
    }


def _outcome_facts(outcome: Any) -> dict[str, Any]:
    names = ("field", "outcome", "parameter", "given", "used", "reason")
    return {name: _without_links(getattr(outcome, name)) for name in names}


def _without_links(value: Any) -> Any:
    """The value without the signatures of links, however deep they lie in it."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {str(name): _without_links(item) for name, item in value.items()}
    return [_without_links(item) for item in value] if isinstance(value, list | tuple) else value


def attempts_facts(story: Any) -> list[dict[str, Any]]:
    """The attempts of a response or an error, oldest first."""
    metadata = getattr(story, "execution_metadata", None)
    return [attempt_facts(attempt) for attempt in (metadata.attempts if metadata else ())]


def attempt_facts(attempt: AttemptMetadata) -> dict[str, Any]:
    return {
        "provider": attempt.provider,
        "model": attempt.model,
        "status": attempt.status,
        "seconds": attempt.elapsed_seconds,
        "error_type": attempt.error_type,
        "error_message": shown(attempt.error_message) if attempt.error_message else None,
        "possibly_billed": attempt.possibly_billed,
    }


def who(response: GenerationResponse) -> tuple[str | None, str | None]:
    """Provider and model that did the work."""
    if response.job is not None:
        return response.job.provider, response.job.model
    return winner(response.execution_metadata.attempts if response.execution_metadata else [])


def winner(attempts: Sequence[AttemptMetadata]) -> tuple[str | None, str | None]:
    """Provider and model of the attempt that succeeded."""
    won = next((attempt for attempt in attempts if attempt.status == "success"), None)
    return (won.provider, won.model) if won else (None, None)


def response_lines(response: GenerationResponse, files: Sequence[Mapping[str, Any]], seconds: float) -> list[str]:
    """What was done: the files, one line about them, and what became of settings that were not taken as given."""
    by = ":".join(name for name in map(shown, filter(None, who(response))) if name)
    about = [by, seconds_text(seconds), *_media_words(response)]
    mock = ["mock: no provider was asked, nothing was paid"] if response.is_mock else []
    return [
        *(f"{shown_path(file['path'])}  ({size_text(file['bytes'])})" for file in files),
        "  " + ", ".join(word for word in [*about, *mock] if word),
        *(f"  {line}" for line in change_lines(response)),
    ]


def _media_words(response: Any) -> list[str]:
    duration = getattr(response, "duration", None)
    words = [response.content_type, f"{duration:g} s long" if duration else None]
    words += [getattr(response, name, None) for name in ("resolution", "aspect_ratio")]
    return [shown(word) for word in words if word]


def change_lines(response: GenerationResponse) -> list[str]:
    """The account of parameters, as far as something was changed or ignored."""
    return [_change(outcome) for outcome in response.parameters if outcome.outcome in _CHANGES]


def _change(outcome: Any) -> str:
    values = f" from {_short(outcome.given)} to {_short(outcome.used)}" if outcome.used is not None else ""
    reason = f" ({shown(outcome.reason)})" if outcome.reason else ""
    return f"{shown(outcome.field)}: {outcome.outcome}{values}{reason}"


def _short(value: Any) -> str:
    text = shown(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
