"""The fixtures, used in a project of their own."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PROJECT = """
import http.client
import socket

import pytest

from tarash.tarash_gateway import resume, submit_video
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest
from tarash.tarash_gateway.clock import current_clock
from tarash.testkit.steps import Answer, Charge

PORTS = []

def status(server, method, path, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request(method, path, "{}", headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status

def test_a_server_and_its_ledger(scripted_server, ledger, virtual_clock):
    assert status(scripted_server, "GET", "/x") == 404
    scripted_server.script("POST", "/x", Charge("job"), Answer(201))
    assert status(scripted_server, "POST", "/x") == 201
    assert ledger.charges("job") == 1
    assert scripted_server.clock is virtual_clock

def test_the_clock_is_in_place(virtual_clock):
    assert current_clock() is virtual_clock

def test_fal(fal_simulator, ledger, virtual_clock):
    headers = {"Authorization": f"Key {fal_simulator.key}"}
    assert status(fal_simulator.server, "POST", "/fal-ai/flux/dev", headers) == 200
    assert ledger.total_charges == 1
    assert fal_simulator.clock is virtual_clock

def test_any_provider(start_simulator, ledger, virtual_clock):
    runway, openai = start_simulator("runway", run_seconds=3), start_simulator("openai")
    config = VideoGenerationConfig(**runway.settings, model="gen4.5")
    job = submit_video(config, VideoGenerationRequest(prompt="a cat"))
    before = virtual_clock.monotonic()
    assert resume(job, config).video
    assert virtual_clock.monotonic() - before >= 3
    assert [request.path for request in runway.requests("create")] == ["/v1/text_to_video"]
    assert status(openai.server, "GET", "/v1/nothing") == 404
    assert ledger is runway.ledger is openai.ledger and ledger.total_charges == 1
    PORTS.append(runway.server.port)

def test_a_simulator_ends_with_its_test():
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", PORTS[0]), timeout=5)

def test_a_provider_without_a_simulator(start_simulator):
    with pytest.raises(KeyError, match="acme"):
        start_simulator("acme")

def test_the_clock_is_gone():
    assert type(current_clock()).__name__ == "SystemClock"

def test_fails(scripted_server):
    assert status(scripted_server, "GET", "/x") == 200
"""


def run(pytester: pytest.Pytester, code: str) -> pytest.RunResult:
    pytester.makepyfile(code)
    installed = any(point.name == "tarash" for point in entry_points(group="pytest11"))
    return pytester.runpytest_subprocess("-q", *(() if installed else ("-p", "tarash.testkit.plugin")))


def test_the_fixtures_work_in_a_project(pytester: pytest.Pytester) -> None:
    run(pytester, PROJECT).assert_outcomes(passed=7, failed=1)


def test_the_test_in_the_readme_passes(pytester: pytest.Pytester, repository: Path) -> None:
    page = (repository / "packages" / "tarash-testkit" / "README.md").read_text("utf-8")
    snippets = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    [code] = [code for code in snippets if "def test" in code]
    run(pytester, code).assert_outcomes(passed=1)


def test_the_plugin_imports_nothing_before_it_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_was_imported():
            loaded = {name for name in sys.modules if name.startswith("tarash")}
            assert loaded <= {"tarash", "tarash.testkit", "tarash.testkit.plugin"}
        """
    )
    pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider").assert_outcomes(passed=1)
