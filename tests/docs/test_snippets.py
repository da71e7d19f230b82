"""Every Python snippet of the README and of the documentation runs, page by page, in order, against simulators."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tarash.providers.fal import FalProvider
from tarash.tarash_gateway import register_provider
from tarash.testkit.fal import FalSimulator

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("packages/*/README.md"))]
SNIPPET = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def snippets(page: Path) -> list[str]:
    return SNIPPET.findall(page.read_text(encoding="utf-8"))


@pytest.fixture
def fal_here(fal_simulator: FalSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[FalSimulator]:
    """The provider `fal`, with the simulator in place of fal's own hosts."""

    class SimulatedFal(FalProvider):
        base_url = fal_simulator.queue_url

    monkeypatch.setenv("FAL_KEY", fal_simulator.key)
    register_provider("fal", SimulatedFal())
    yield fal_simulator
    register_provider("fal", FalProvider())


WITH_SNIPPETS = [page for page in PAGES if snippets(page)]


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=lambda page: str(page.relative_to(ROOT)))
@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.exceptions.TarashWarning")
def test_the_snippets_of_a_page_run(
    page: Path, fal_here: FalSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "snippet"}
    for number, code in enumerate(snippets(page), 1):
        exec(compile(code, f"{page.name}, snippet {number}", "exec"), namespace)  # noqa: S102 - our own pages


WITH_TESTS = [page for page in PAGES if re.search(r"^(def test_|class Test)", "".join(snippets(page)), re.MULTILINE)]


@pytest.mark.parametrize("page", WITH_TESTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_tests_of_a_page_pass(page: Path, tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text("\n".join(snippets(page)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_page.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_provider_of_the_page_is_the_one_that_is_tested() -> None:
    page = ROOT / "docs" / "providers.md"
    assert snippets(page)[0] == (ROOT / "tests" / "support" / "acme.py").read_text(encoding="utf-8")
