"""The wheel check finds what it is there to find: each fault is planted in a small archive."""

import importlib.util
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

LEAF = {"tarash/providers/new/__init__.py": "", "tarash/providers/new/py.typed": ""}


@pytest.fixture(scope="module")
def check() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "verify_wheels.py"
    spec = importlib.util.spec_from_file_location("verify_wheels", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["verify_wheels"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_wheel(folder: Path, name: str, files: dict[str, str], licence: str = "Apache-2.0") -> Path:
    path = folder / f"{name.replace('-', '_')}-1-py3-none-any.whl"
    about = f"{name.replace('-', '_')}-1.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1\nLicense-Expression: {licence}\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in {**files, f"{about}/METADATA": metadata, f"{about}/licenses/LICENSE": "text"}.items():
            archive.writestr(file, content)
    return path


def faults(check: ModuleType, folder: Path, files: dict[str, str], licence: str = "Apache-2.0") -> list[str]:
    return list(check.faults_inside(check.read_wheel(make_wheel(folder, "tarash-new", files, licence))))


def test_a_sound_wheel_has_no_fault(check: ModuleType, tmp_path: Path) -> None:
    assert faults(check, tmp_path, LEAF) == []


def test_the_leaves_are_read_from_the_archive(check: ModuleType, tmp_path: Path) -> None:
    wheel = check.read_wheel(make_wheel(tmp_path, "tarash-new", LEAF))
    assert wheel.modules == ["tarash.providers.new"]
    assert wheel.is_provider


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        ("tarash/__init__.py", "ships tarash/__init__.py"),
        ("tarash/providers/__init__.py", "ships tarash/providers/__init__.py"),
        ("startup.pth", "ships startup.pth"),
        ("tarash/providers/new/hidden.pth", "ships tarash/providers/new/hidden.pth"),
        ("tests/test_new.py", "ships tests/test_new.py, outside its own folders"),
        ("tarash/providers/other/module.py", "has no py.typed above tarash/providers/other/module.py"),
    ],
)
def test_a_stray_file_is_found(check: ModuleType, tmp_path: Path, file: str, complaint: str) -> None:
    assert any(complaint in fault for fault in faults(check, tmp_path, {**LEAF, file: ""}))


def test_another_licence_is_found(check: ModuleType, tmp_path: Path) -> None:
    assert faults(check, tmp_path, LEAF, licence="MIT") == ["tarash-new does not carry its licence"]


def test_a_file_of_two_wheels_is_found(check: ModuleType, tmp_path: Path) -> None:
    wheels = [check.read_wheel(make_wheel(tmp_path, name, LEAF)) for name in ("tarash-new", "tarash-newer")]
    assert sorted(check.faults_between(wheels)) == [f"{file} is owned by 2 wheels" for file in LEAF]


def test_a_vendor_sdk_is_found(check: ModuleType, tmp_path: Path) -> None:
    wheel = check.read_wheel(make_wheel(tmp_path, "tarash-new", LEAF))
    core = {"httpx", "tarash-core"}
    assert list(check.faults_alone(wheel, core | {"tarash-new"}, core)) == []
    assert list(check.faults_alone(wheel, core | {"tarash-new", "fal-client"}, core)) == [
        "tarash-new installs fal-client",
        "tarash-new brings fal-client",
    ]


def test_a_core_that_grew_is_found(check: ModuleType, tmp_path: Path) -> None:
    wheel = check.read_wheel(make_wheel(tmp_path, "tarash-core", {}))
    installed = {"tarash-core", *(f"library-{number}" for number in range(13))}
    assert "tarash-core brings 13 distributions" in next(check.faults_alone(wheel, installed, installed))
