"""The checks of `tarash doctor`. Each yields findings; none may fail because something else is broken."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Literal
from urllib.parse import urlsplit

from tarash.cli import records
from tarash.cli.exits import ExitCode
from tarash.cli.output import columns, document, emit, one_line, shown_path

State = Literal["ok", "note", "broken"]
_LIBRARIES = ("tarash", "httpx", "httpx2", "pydantic", "pydantic-core", "pluggy", "typer", "rich", "click")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Finding:
    """What a check found. `state` is "broken" when something does not work, "note" when it may surprise."""

    check: str
    state: State
    text: str


def examine(*, as_json: bool) -> int:
    """Run all checks, print what they found, and return 1 when something is broken."""
    findings = [finding for check in CHECKS for finding in _safely(check)]
    broken = any(finding.state == "broken" for finding in findings)
    code = ExitCode.FAILED if broken else ExitCode.DONE
    if as_json:
        facts = [asdict(finding) for finding in findings]
        text = document({"ok": not broken, "exit_code": int(code), "findings": facts})
    else:
        rows = columns((finding.state, finding.check, finding.text) for finding in findings)
        verdict = "Something is broken." if broken else "Everything works."
        text = "".join(f"{line}\n" for line in [*rows, verdict])
    emit(sys.stdout, text)
    return code


def _safely(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    import contextlib

    try:
        with contextlib.redirect_stdout(sys.stderr):
            return list(check())
    except Exception as error:  # noqa: BLE001 - a broken installation may break anything; that is a finding, too
        name = check.__name__.removeprefix("check_").replace("_", " ")
        return [Finding(name, "broken", f"{type(error).__name__}: {one_line(error)}")]


def check_python() -> Iterator[Finding]:
    too_old = sys.version_info < (3, 11)
    text = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}, {sys.executable}"
    yield Finding("python", "broken" if too_old else "ok", text)


def check_distributions() -> Iterator[Finding]:
    seen: set[str] = set()
    for one in records.installed():
        if one.key not in seen and (one.is_ours or one.key in _LIBRARIES):
            seen.add(one.key)
            yield Finding("distribution", "ok", f"{one}{' (editable)' if one.is_editable else ''}")
    yield from (Finding("distribution", "note", text) for text in records.twice_installed(records.installed()))


def check_core() -> Iterator[Finding]:
    import tarash.tarash_gateway as core

    yield Finding("core", "ok", f"imported from {shown_path(core.__file__)}")


def check_providers() -> Iterator[Finding]:
    from tarash.cli.providerinfo import provider_facts
    from tarash.tarash_gateway.plugins import registry

    if not registry.ids():
        yield Finding("provider", "note", "none is installed: pip install 'tarash-gateway[fal]'")
    for provider in registry.ids():
        facts = provider_facts(provider)
        if facts.error:
            yield Finding("provider", "broken", f"{provider}: {facts.error}")
            continue
        text = f"{provider} from {', '.join(facts.distributions)}{f'; {facts.key_words}' if facts.key_words else ''}"
        yield Finding("provider", "note" if facts.lacks_key else "ok", text)


def check_namespace() -> Iterator[Finding]:
    found = records.installed()
    faults = [*records.namespace_faults(found), *records.shared_files(found), *records.changed_files(found)]
    yield from (Finding("files", "broken", text) for text in faults)
    if not faults:
        yield Finding("files", "ok", "all files of tarash are as they were installed")


def check_proxies() -> Iterator[Finding]:
    found = [name for word in _PROXIES for name in (word, word.lower()) if os.environ.get(name)]
    for name in found:
        yield Finding("proxy", "note", f"{name}={_without_login(os.environ[name], name)}")
    if not found:
        yield Finding("proxy", "ok", "none is set")


def _without_login(value: str, name: str) -> str:
    if name.upper() == "NO_PROXY":
        return value
    parts = urlsplit(value if "//" in value else f"//{value}")
    place = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{place}" if parts.scheme else place


def check_folders() -> Iterator[Finding]:
    from tarash.cli.journal import kept_jobs, state_folder
    from tarash.tarash_gateway.schema_cache import cache_folder

    for name, folder in (("cache", cache_folder()), ("jobs", state_folder())):
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        usable = nearest.is_dir() and os.access(nearest, os.W_OK)
        kept = f", {len(kept_jobs())} kept" if name == "jobs" else ""
        text = f"{shown_path(folder)}{kept}{'' if usable else ' cannot be written; tarash works without it'}"
        yield Finding(name, "ok" if usable else "note", text)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_python,
    check_distributions,
    check_core,
    check_providers,
    check_namespace,
    check_proxies,
    check_folders,
)
