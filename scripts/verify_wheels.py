"""Verify the built wheels: what they hold, and that each works alone, offline, in an empty environment.

    python scripts/verify_wheels.py DIST WHEELHOUSE

DIST holds the wheels of this repository, WHEELHOUSE the wheels that they depend on; nothing else is reachable. The
exit code is 1 when anything is wrong; every fault is printed.

Held to: no file in the shared namespaces (`tarash`, `tarash.providers`), no `.pth`, no file owned by two wheels, a
`py.typed` beside every leaf package, the licence in the metadata; the core brings a dozen distributions at most, a
provider adds only itself, nobody brings a vendor's SDK; everything imports, and a mock generation leaves a video. With
the core and one provider's wheel alone, each kind of work that the provider has is bought from its simulator (of
tarash-testkit, installed where this script runs) in both worlds (`purchases.json`); what was saved is what was served.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from tarash.testkit.ledger import Ledger
from tarash.testkit.media import wav
from tarash.testkit.simulators import find_simulator

PURCHASES = json.loads(Path(__file__).with_name("purchases.json").read_text())
SOUND = base64.b64encode(wav().content).decode()
INPUTS = {"sts": {"audio": f"data:audio/wav;base64,{SOUND}"}}
"""What every request of a kind needs beside what the table says."""

NAMESPACES = ("tarash/__init__.py", "tarash/providers/__init__.py")
MOST_LIBRARIES_OF_CORE = 12
VENDOR_SDKS = {
    "cartesia",
    "elevenlabs",
    "fal-client",
    "google-cloud-aiplatform",
    "google-genai",
    "hume",
    "litellm",
    "luma-agents",
    "lumaai",
    "openai",
    "replicate",
    "runwayml",
    "sarvamai",
    "stability-sdk",
    "xai-sdk",
}

INSTALLED = """
import importlib.metadata, json, re
names = {re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower() for found in importlib.metadata.distributions()}
print(json.dumps(sorted(names)))
"""
ENTRY_POINTS = """
import importlib.metadata, sys
found = [point for point in importlib.metadata.distribution(sys.argv[1]).entry_points if point.group != "pytest11"]
loaded = [point.load() for point in found]
print(", ".join(f"{point.group} {point.name}" for point in found) or "no entry points")
"""
KINDS = """
import json, sys
from tarash.tarash_gateway.plugins import registry
print(json.dumps(list(registry.handler(sys.argv[1]).operations)))
"""
MOCK = """
import asyncio, pathlib
from tarash.tarash_gateway import generate_video, generate_video_async
from tarash.tarash_gateway.mock import MockConfig
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest
config = VideoGenerationConfig(provider="fal", model="fal-ai/veo3.1/fast", mock=MockConfig(enabled=True))
request = VideoGenerationRequest(prompt="A lighthouse at dawn", aspect_ratio="16:9")
for response in (generate_video(config, request), asyncio.run(generate_video_async(config, request))):
    path = pathlib.Path(response.save("lighthouse.mp4"))
    assert path.read_bytes()[4:8] == b"ftyp", path
    path.unlink()
"""

# Takes the settings of a simulator and the kinds of work to buy there; buys each in both worlds, saves it, and prints
# where.
PAID = """
import asyncio, json, sys, warnings
from tarash import tarash_gateway as tarash
from tarash.tarash_gateway import models
warnings.simplefilter("ignore")
CLASSES = {
    "video": (models.VideoGenerationConfig, models.VideoGenerationRequest),
    "image": (models.ImageGenerationConfig, models.ImageGenerationRequest),
    "tts": (models.AudioGenerationConfig, models.TTSRequest),
    "sts": (models.AudioGenerationConfig, models.STSRequest),
}
settings, purchases = map(json.loads, sys.argv[1:])
paths = []
for kind, purchase in purchases.items():
    new_config, new_request = CLASSES[kind]
    config = new_config(**settings, model=purchase.get("model"), poll_interval=0.1)
    request = new_request(**purchase["request"])
    for world, response in (
        ("sync", getattr(tarash, f"generate_{kind}")(config, request)),
        ("async", asyncio.run(getattr(tarash, f"generate_{kind}_async")(config, request))),
    ):
        paths.append(str(response.save(f"{settings['provider']}-{kind}-{world}").resolve()))
print(json.dumps(paths))
"""


@dataclass(frozen=True)
class Wheel:
    """A wheel as its archive shows it."""

    path: Path
    name: str
    licence: str | None
    files: tuple[str, ...]

    @property
    def modules(self) -> list[str]:
        """The leaf packages, by their import names."""
        return [str(PurePosixPath(file).parent).replace("/", ".") for file in self.files if file.endswith("/py.typed")]

    @property
    def requirement(self) -> str:
        """The metapackage stands for what its extras install."""
        return self.name if self.modules else f"{self.name}[all]"

    @property
    def is_provider(self) -> bool:
        return bool(self.providers)

    @property
    def providers(self) -> list[str]:
        """The ids of the providers in it."""
        names = [name.partition("tarash.providers.")[2] for name in self.modules]
        return [name.replace("_", "-") for name in names if name and "." not in name]


def read_wheel(path: Path) -> Wheel:
    with zipfile.ZipFile(path) as archive:
        files = tuple(name for name in archive.namelist() if not name.endswith("/"))
        metadata = next(name for name in files if name.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(archive.read(metadata).decode())
    return Wheel(path, headers["Name"], headers["License-Expression"], files)


def faults_inside(wheel: Wheel) -> Iterator[str]:
    for file in wheel.files:
        if file in NAMESPACES or file.endswith(".pth"):
            yield f"{wheel.name} ships {file}"
        elif not file.startswith(("tarash/", f"{wheel.name.replace('-', '_')}-")):
            yield f"{wheel.name} ships {file}, outside its own folders"
    if wheel.licence != "Apache-2.0" or not any("/licenses/LICENSE" in file for file in wheel.files):
        yield f"{wheel.name} does not carry its licence"
    yield from (f"{wheel.name} has no py.typed above {file}" for file in untyped(wheel))


def untyped(wheel: Wheel) -> list[str]:
    """Modules that stand below no leaf package, so that type checkers would not see their annotations."""
    leaves = tuple(module.replace(".", "/") + "/" for module in wheel.modules)
    return [file for file in wheel.files if file.endswith(".py") and not file.startswith(leaves)]


def faults_between(wheels: list[Wheel]) -> Iterator[str]:
    owners = Counter(file for wheel in wheels for file in wheel.files)
    yield from (f"{file} is owned by {count} wheels" for file, count in owners.items() if count > 1)


class Environment:
    """An empty virtual environment that installs from local wheels only. It has no pip: pip acts on it from outside."""

    def __init__(self, folder: Path, sources: list[Path]) -> None:
        venv.create(folder / "environment", with_pip=False, symlinks=os.name != "nt")
        self.home = folder
        self.python = next((folder / "environment").glob("[bS]*/python*"))
        self.sources = [word for source in sources for word in ("--find-links", str(source))]

    def install(self, requirement: str) -> None:
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet", "--no-index"]
        # The settings of the machine may name other places to find wheels in.
        isolated = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
        subprocess.run([*pip, *self.sources, requirement], check=True, env=isolated)

    def run(self, code: str, *arguments: str) -> str:
        """What the code prints; isolated, in a folder without sources, without any key in the environment."""
        command = [str(self.python), "-I", "-c", code, *arguments]
        found = subprocess.run(command, cwd=self.home, env={}, check=True, stdout=subprocess.PIPE, text=True)
        return found.stdout.strip()

    def distributions(self) -> set[str]:
        return set(json.loads(self.run(INSTALLED)))


def use_alone(wheel: Wheel, environment: Environment) -> set[str]:
    """Install the wheel in the empty environment, import it and mock a generation; return what was installed."""
    environment.install(wheel.requirement)
    for module in wheel.modules:
        environment.run(f"import {module}")
    entry_points = environment.run(ENTRY_POINTS, wheel.name)
    environment.run(MOCK)
    installed = environment.distributions()
    print(f"{wheel.name}: {len(installed)} distributions; {', '.join(wheel.modules) or 'no modules'}; {entry_points}")
    return installed


def faults_of_paid_jobs(wheel: Wheel, environment: Environment) -> Iterator[str]:
    """Buy every kind of work that the wheel's providers have from their simulators; each job may be charged once."""
    for provider in wheel.providers:
        kinds = set(json.loads(environment.run(KINDS, provider)))
        if missing := kinds - PURCHASES[provider].keys():
            yield f"{provider} is never asked for {', '.join(sorted(missing))}"
        yield from faults_of_purchases(provider, environment)


def faults_of_purchases(provider: str, environment: Environment) -> Iterator[str]:
    purchases = {
        kind: {**purchase, "request": {**purchase["request"], **INPUTS.get(kind, {})}}
        for kind, purchase in PURCHASES[provider].items()
    }
    ledger = Ledger(keep_answers=True)
    with find_simulator(provider)(ledger=ledger) as simulator:
        paths = environment.run(PAID, json.dumps(simulator.settings), json.dumps(purchases))
    for path in map(Path, json.loads(paths)):
        if not was_served(path.read_bytes(), ledger.answers):
            yield f"{path.name} differs from what was served"
    print(f"  {provider}: {', '.join(purchases)} from the simulator in both worlds, {ledger!r}")
    if ledger.total_charges != 2 * len(purchases):
        yield f"{2 * len(purchases)} jobs of {provider} were charged {ledger.total_charges} times"


def was_served(saved: bytes, answers: list[bytes]) -> bool:
    """True for bytes that were an answer, or stood in one in base64."""
    return saved in answers or any(base64.b64encode(saved) in answer for answer in answers)


def faults_alone(wheel: Wheel, installed: set[str], core: set[str]) -> Iterator[str]:
    if sdks := installed & VENDOR_SDKS:
        yield f"{wheel.name} installs {', '.join(sorted(sdks))}"
    if wheel.name == "tarash-core" and len(installed - {wheel.name}) > MOST_LIBRARIES_OF_CORE:
        yield f"tarash-core brings {len(installed) - 1} distributions: {', '.join(sorted(installed))}"
    if wheel.is_provider and installed != core | {wheel.name}:
        yield f"{wheel.name} brings {', '.join(sorted(installed - core - {wheel.name}))}"


def faults_in_use(wheels: list[Wheel], sources: list[Path]) -> Iterator[str]:
    installed: dict[str, set[str]] = {}
    for wheel in wheels:
        with tempfile.TemporaryDirectory() as folder:
            environment = Environment(Path(folder), sources)
            try:
                installed[wheel.name] = use_alone(wheel, environment)
                yield from faults_of_paid_jobs(wheel, environment)
            except subprocess.CalledProcessError:
                yield f"{wheel.name} does not work alone; its own words stand above"
    core = installed.get("tarash-core", set())
    for wheel in wheels:
        if wheel.name in installed:
            yield from faults_alone(wheel, installed[wheel.name], core)


def all_faults(wheels: list[Wheel], sources: list[Path]) -> Iterator[str]:
    for wheel in wheels:
        yield from faults_inside(wheel)
    yield from faults_between(wheels)
    yield from faults_in_use(wheels, sources)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dist", type=Path, help="folder of the wheels to verify")
    parser.add_argument("wheelhouse", type=Path, help="folder of the wheels that they depend on")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    wheels = [read_wheel(path) for path in sorted(options.dist.glob("*.whl"))]
    faults = list(all_faults(wheels, [options.dist, options.wheelhouse]))
    for fault in faults:
        print(f"fault: {fault}")
    print(f"{len(wheels)} wheels, {len(faults)} faults")
    return 1 if faults or not wheels else 0


if __name__ == "__main__":
    sys.exit(main())
