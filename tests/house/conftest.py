import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Package:
    """One folder below packages/, with what its pyproject.toml says."""

    folder: Path
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def project(self) -> dict[str, Any]:
        project: dict[str, Any] = self.settings["project"]
        return project

    @property
    def requirements(self) -> list[str]:
        """All requirements, those of the extras included."""
        extras = self.project.get("optional-dependencies", {}).values()
        return [*self.project.get("dependencies", []), *(line for extra in extras for line in extra)]

    @property
    def source(self) -> Path:
        return self.folder / "src" / "tarash"

    @property
    def leaves(self) -> list[Path]:
        """The folders of the packages that this distribution owns inside the shared namespaces."""
        if not self.source.is_dir():
            return []
        inside = [*self.source.iterdir(), *self.source.glob("providers/*")]
        return sorted(
            folder for folder in inside if folder.is_dir() and folder.name not in {"providers", "__pycache__"}
        )


def _read(path: Path) -> Package:
    return Package(path.parent, tomllib.loads(path.read_text(encoding="utf-8")))


PACKAGES = [_read(path) for path in sorted(ROOT.glob("packages/*/pyproject.toml"))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `package` runs once for each of them."""
    if "package" in metafunc.fixturenames:
        metafunc.parametrize("package", PACKAGES, ids=[package.name for package in PACKAGES])


@pytest.fixture(scope="session")
def packages() -> list[Package]:
    return PACKAGES
