"""Every check of the repository. `nox` runs them all, `nox -l` lists them, `nox -s tests-3.11 -- -k name` runs some."""

from __future__ import annotations

import atexit
import os
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import nox
from nox.command import CommandFailed
from nox.project import dependency_groups, load_toml, python_versions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

nox.needs_version = ">=2026.1"
nox.options.default_venv_backend = "virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = [
    "lint",
    "types",
    "tests",
    "tests_httpx2",
    "tests_lowest",
    "vendor_wire",
    "docs",
    "wheels",
    "imports",
]

ROOT = Path(__file__).parent
WORK = ROOT / ".nox" / "work"
REPORTS, FAILED = WORK / "reports", WORK / "failed"
PACKAGES = {path.parent.name: path.parent for path in sorted(ROOT.glob("packages/*/pyproject.toml"))}
PROJECTS = {name: load_toml(folder / "pyproject.toml")["project"] for name, folder in PACKAGES.items()}
PYTHONS = python_versions(load_toml(PACKAGES["tarash-core"] / "pyproject.toml"))

# What the sessions install of the tools is listed once, in the groups of the root pyproject.toml.
GROUPS = load_toml(ROOT / "pyproject.toml")

# The httpx2 backend would replace httpx in every session; it has one of its own.
REPLACING_EXTRAS = {"httpx2"}


def find_interpreters_of_pyenv() -> None:
    """Let nox see interpreters that pyenv has installed but not activated."""
    folders = [str(path) for version in PYTHONS for path in Path.home().glob(f".pyenv/versions/{version}*/bin")]
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), *folders])


def group(name: str) -> tuple[str, ...]:
    return dependency_groups(GROUPS, name)


def extras_of(name: str) -> list[str]:
    return sorted(set(PROJECTS[name].get("optional-dependencies", {})) - REPLACING_EXTRAS)


def editable(name: str) -> list[str]:
    extras = ",".join(extras_of(name))
    return ["-e", f"{PACKAGES[name]}[{extras}]"] if extras else ["-e", str(PACKAGES[name])]


def install_packages(session: nox.Session, *more: str) -> None:
    """Install all packages from the source tree, with their extras, and more in the same resolution."""
    session.install(*group("build"))
    packages = [word for name in PACKAGES for word in editable(name)]
    session.install("--no-build-isolation", *packages, *more)


def run_all(session: nox.Session, *commands: list[str]) -> None:
    """Run every command even when one fails, so that one run shows all that is wrong."""
    failed = 0
    for command in commands:
        try:
            session.run(*command)
        except CommandFailed:
            failed += 1
    if failed:
        session.error(f"{failed} of {len(commands)} commands failed")


def run_pytest(session: nox.Session, *arguments: str) -> None:
    """Run tests. Those that failed run once more, alone: on a busy machine a test of real time may fail by chance.

    What fails twice fails the session; what passed at the second try is listed at the end, with its first failure.
    """
    common = ["-o", f"cache_dir={FAILED / session.name}", *arguments, *session.posargs]
    try:
        session.run("pytest", f"--junitxml={REPORTS / 'first' / session.name}.xml", *common)
    except CommandFailed:
        session.warn("Once more, alone: what has failed.")
        alone = ["--last-failed", "--last-failed-no-failures=none", "-n", "0"]
        session.run("pytest", f"--junitxml={REPORTS / 'second' / session.name}.xml", *common, *alone)


# What another interpreter or another version of a dependency can break; the oldest Python runs everything.
CROSS_CHECKED = [
    *("tests/core", "tests/spec", "tests/elevenlabs", "tests/speech_websocket"),
    "tests/testkit/test_conformance.py",
]


def run_tests(session: nox.Session, *folders: str) -> None:
    """The suite without the tests that have a session of their own, on two processes; all of it, or some folders."""
    run_pytest(session, "-n", "2", "-m", "not vendor and not docs", *folders)


def lowest_versions() -> list[str]:
    """One pin per direct dependency of the packages: the lowest version that they say they work with."""
    pins = {}
    for name, project in PROJECTS.items():
        extras = [line for extra in extras_of(name) for line in project["optional-dependencies"][extra]]
        for line in [*project.get("dependencies", []), *extras]:
            pins.update(lowest_pin(Requirement(line)))
    return [f"{name}=={version}" for name, version in sorted(pins.items())]


def lowest_pin(requirement: Requirement) -> dict[str, str]:
    name = canonicalize_name(requirement.name)
    bounds = [bound.version for bound in requirement.specifier if bound.operator in {">=", "==", "~="}]
    return {name: bounds[0]} if bounds and name not in PACKAGES else {}


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting, code that stands twice, and the arrows between modules."""
    session.install(*group("lint"))
    session.env["PYTHONPATH"] = os.pathsep.join(str(folder / "src") for folder in PACKAGES.values())
    sources = [str(path) for path in sorted(ROOT.glob("packages/*/src/**/*.py"))]
    clones = ["pylint", *sources]
    run_all(session, ["ruff", "check"], ["ruff", "format", "--check"], ["lint-imports", "--no-cache"], clones)


@nox.session
def types(session: nox.Session) -> None:
    """Both type checkers, strict."""
    tools = [tool for name in ("bench", "test", "types", "vendor") for tool in group(name)]
    install_packages(session, *tools)
    run_all(session, ["mypy"], ["pyright"])


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The test suite on the oldest Python, and its core on every other one that this machine has."""
    install_packages(session, *group("test"))
    run_tests(session, *([] if session.python == PYTHONS[0] else CROSS_CHECKED))


@nox.session
def tests_httpx2(session: nox.Session) -> None:
    """The core of the test suite with httpx2 as the HTTP client."""
    install_packages(session, *group("test"))
    session.install("--no-build-isolation", "-e", f"{PACKAGES['tarash-core']}[httpx2]")
    run_tests(session, *CROSS_CHECKED)


@nox.session(python=PYTHONS[0])
def tests_lowest(session: nox.Session) -> None:
    """The core of the test suite with the lowest versions that the packages declare, on the oldest Python."""
    pins = WORK / "lowest.txt"
    pins.parent.mkdir(parents=True, exist_ok=True)
    pins.write_text("\n".join(lowest_versions()) + "\n")
    session.log("lowest versions: %s", ", ".join(lowest_versions()))
    install_packages(session, *group("test"), "--constraint", str(pins))
    run_tests(session, *CROSS_CHECKED)


@nox.session
def vendor_wire(session: nox.Session) -> None:
    """The vendors' own clients, unmodified, against the simulators; and their requests beside ours."""
    install_packages(session, *group("test"), *group("vendor"))
    run_pytest(session, "-m", "vendor")


@nox.session
def docs(session: nox.Session) -> None:
    """The snippets of the README and of the documentation."""
    install_packages(session, *group("test"))
    run_pytest(session, "tests/docs")


@nox.session
def wheels(session: nox.Session) -> None:
    """Build every wheel by way of its sdist, then install and use each alone, offline, in an empty environment."""
    dist, wheelhouse = WORK / "dist", WORK / "wheelhouse"
    for folder in (dist, wheelhouse):
        shutil.rmtree(folder, ignore_errors=True)
    session.install(*group("build"))
    for folder in PACKAGES.values():
        session.run("python", "-m", "build", "--no-isolation", "--outdir", str(dist), str(folder), silent=True)
    built = sorted(str(path) for path in dist.glob("*.whl"))
    session.run("pip", "download", "--quiet", "--only-binary=:all:", "--dest", str(wheelhouse), *built)
    session.install(*built, "tarash-testkit[audio,pytest]", "--find-links", str(dist))
    session.run("python", "scripts/verify_wheels.py", str(dist), str(wheelhouse))


@nox.session
def imports(session: nox.Session) -> None:
    """What the import of the core costs, beside the import of its dependencies."""
    session.install(str(PACKAGES["tarash-core"]))
    session.run("python", "scripts/measure_import.py", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Time and memory of jobs, beside the same exchanges made with the bare HTTP client. Not one of the checks."""
    install_packages(session, *group("bench"))
    session.run("python", "scripts/bench.py", *session.posargs)


@nox.session(default=False)
def mutations(session: nox.Session) -> None:
    """Remove each line of each field mapping in turn; some test must notice. Takes half an hour."""
    install_packages(session, *group("test"), *group("vendor"))
    session.run("python", "scripts/mutate_mappings.py", *session.posargs)


def print_totals() -> None:
    """Say once more, after nox's own summary, which tests failed and how; then sum up what this run tested."""
    results: dict[tuple[str, ...], str] = {}
    seconds = 0.0
    for report in [*REPORTS.glob("first/*.xml"), *REPORTS.glob("second/*.xml")]:
        for suite in ET.parse(report).iter("testsuite"):  # noqa: S314 - pytest wrote it a moment ago
            seconds += float(suite.get("time", "0"))
            for case in suite.iter("testcase"):
                name = (report.stem, case.get("classname", ""), case.get("name", ""))
                if problems := [*case.iter("failure"), *case.iter("error")]:
                    print(f"--- failed in the {report.parent.name} run: {' '.join(name)}", *map(shortened, problems))
                results[name] = "failed" if problems else "skipped" if case.find("skipped") is not None else "passed"
    if results:
        counts = {word: list(results.values()).count(word) for word in ("failed", "passed", "skipped")}
        parts = [f"{count} {word}" for word, count in counts.items() if count or word == "passed"]
        print(f"=== {', '.join(parts)} in {seconds:.2f}s ===", flush=True)


def shortened(problem: ET.Element) -> str:
    """What pytest said of a failure, without the middle of what is long."""
    lines = (problem.text or "").splitlines()
    return "\n".join(["", *(lines if len(lines) <= 60 else [*lines[:20], "...", *lines[-40:]])])


find_interpreters_of_pyenv()
for left in (REPORTS, FAILED):
    shutil.rmtree(left, ignore_errors=True)
atexit.register(print_totals)
