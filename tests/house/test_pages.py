"""The documentation names what is there: modules, files and pages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/README.md")]
CORE = ROOT / "packages" / "tarash-core" / "src" / "tarash" / "tarash_gateway"
PROVIDERS = {path.parent.name for path in ROOT.glob("packages/*/src/tarash/providers/*/py.typed")}

LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
NAMED_PATH = re.compile(r"`((?:docs|packages|scripts|tests)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_points_to_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = [page.parent / link for link in LINK.findall(text)] + [ROOT / named for named in NAMED_PATH.findall(text)]
    assert [str(path) for path in paths if not path.exists()] == []


@pytest.mark.parametrize("folder", [CORE, CORE / "providers"], ids=["the rooms", "what providers share"])
def test_every_module_of_the_core_is_described(folder: Path) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = {path.stem for path in folder.iterdir() if path.suffix in {"", ".py"} and path.stem[0] != "_"}
    assert modules - {"assets", *re.findall(r"`(\w+)`", page)} == set()


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_provider_has_a_page_that_the_readme_links(name: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [ROOT / link for link in LINK.findall(readme) if link.startswith("docs/providers/")]
    assert any(f"`{name.replace('_', '-')}`" in page.read_text(encoding="utf-8") for page in pages)
