"""The distributions agree with each other and with what the README of the repository promises about them."""

import re
from pathlib import Path
from typing import Any

import pytest

LICENCE = "Apache-2.0"


def lower_bound(requirement: str) -> str | None:
    found = re.search(r">=\s*([\w.]+)", requirement)
    return found[1] if found else None


def distribution(requirement: str) -> str:
    return re.split(r"[\[<>=!~;\s]", requirement, maxsplit=1)[0]


def test_all_packages_have_one_version(packages: list[Any]) -> None:
    assert len({package.project["version"] for package in packages}) == 1


def test_a_package_is_named_like_its_folder(package: Any) -> None:
    assert package.project["name"] == package.name


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "LICENSE"])
def test_a_package_carries_its_papers(package: Any, name: str) -> None:
    assert (package.folder / name).read_text(encoding="utf-8").strip()


def test_the_changelog_has_an_entry_for_the_version_and_a_place_for_the_next(package: Any) -> None:
    changelog = (package.folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {package.project['version']}" in changelog
    assert "\n<!-- newest first -->\n" in changelog
    assert (package.folder / "changes" / ".gitkeep").is_file()


def test_change_notes_are_of_a_known_kind(package: Any) -> None:
    notes = [path.name for path in (package.folder / "changes").iterdir() if path.name != ".gitkeep"]
    assert [
        name for name in notes if not re.fullmatch(r"(\d+|\+[\w-]+)\.(added|changed|fixed|removed)\.md", name)
    ] == []


def test_the_licence_is_the_same_everywhere(package: Any, repository: Path) -> None:
    assert package.project["license"] == LICENCE
    assert package.project["license-files"] == ["LICENSE"]
    assert (package.folder / "LICENSE").read_bytes() == (repository / "LICENSE").read_bytes()


def test_a_package_says_what_it_runs_on(package: Any) -> None:
    assert package.project["requires-python"] == ">=3.11"
    minors = {line.rsplit(" ", 1)[1] for line in package.project["classifiers"] if " :: 3." in line}
    assert minors == {"3.11", "3.12", "3.13"}


def test_every_requirement_has_a_lower_bound(package: Any) -> None:
    inside = f"{package.name}["
    unbounded = [line for line in package.requirements if not lower_bound(line) and not line.startswith(inside)]
    assert unbounded == []


def test_siblings_are_required_from_a_version_that_exists(package: Any, packages: list[Any]) -> None:
    versions = {sibling.name: sibling.project["version"] for sibling in packages}
    bounds = {distribution(line): lower_bound(line) for line in package.requirements if line.startswith("tarash-")}
    bounds.pop(package.name, None)
    assert bounds.keys() <= versions.keys()
    assert [name for name, bound in bounds.items() if bound is None or bound > versions[name]] == []


def test_the_core_needs_three_libraries(packages: list[Any]) -> None:
    core = next(package for package in packages if package.name == "tarash-core")
    assert {distribution(line) for line in core.project["dependencies"]} == {"httpx", "pluggy", "pydantic"}


def test_a_provider_needs_only_the_core(package: Any) -> None:
    if "tarash.providers" in package.project.get("entry-points", {}):
        assert {distribution(line) for line in package.project["dependencies"]} == {"tarash-core"}


def test_each_provider_is_an_entry_point_of_its_own_package(package: Any) -> None:
    points = package.project.get("entry-points", {}).get("tarash.providers", {})
    providers = {f"tarash.providers.{leaf.name}" for leaf in package.leaves if leaf.parent.name == "providers"}
    assert {value.partition(":")[0] for value in points.values()} == providers


def test_no_two_packages_claim_one_provider(packages: list[Any]) -> None:
    claims = [
        name for package in packages for name in package.project.get("entry-points", {}).get("tarash.providers", {})
    ]
    assert len(claims) == len(set(claims))


def test_the_metapackage_offers_each_other_package(packages: list[Any]) -> None:
    gateway = next(package for package in packages if package.name == "tarash-gateway")
    extras = dict(gateway.project["optional-dependencies"])
    everything = extras.pop("all")
    offered = {distribution(line) for lines in extras.values() for line in lines}
    named = set(re.search(r"\[(.*)\]", everything[0])[1].split(",")) if everything else set()  # type: ignore[index]
    assert offered == {package.name for package in packages} - {"tarash-core", "tarash-gateway", "tarash-testkit"}
    assert {distribution(line) for extra in named for line in extras[extra]} == offered


def test_the_shared_namespaces_are_nobody_s(package: Any) -> None:
    assert not (package.source / "__init__.py").exists()
    assert not (package.source / "providers" / "__init__.py").exists()
    assert not list(package.folder.rglob("*.pth"))


def test_each_leaf_is_a_typed_package(package: Any) -> None:
    assert package.leaves or package.name == "tarash-gateway"
    for leaf in package.leaves:
        assert (leaf / "__init__.py").is_file()
        assert (leaf / "py.typed").read_bytes() == b""


def test_the_type_checker_knows_every_package(packages: list[Any], repository: Path) -> None:
    settings = (repository / "pyproject.toml").read_text(encoding="utf-8")
    assert [
        package.name for package in packages if package.leaves and f'/packages/{package.name}/src"' not in settings
    ] == []


def test_the_metapackage_explains_its_extras(packages: list[Any]) -> None:
    gateway = next(package for package in packages if package.name == "tarash-gateway")
    readme = (gateway.folder / "README.md").read_text(encoding="utf-8")
    assert [extra for extra in gateway.project["optional-dependencies"] if f"`{extra}`" not in readme] == []
