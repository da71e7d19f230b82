"""The fixtures, used in a project of their own."""

from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

PROJECT = """
import http.client
from tarash.tarash_gateway.clock import current_clock
from tarash.testkit.steps import Answer, Charge

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

def test_the_clock_is_gone():
    assert type(current_clock()).__name__ == "SystemClock"

def test_fails(scripted_server):
    assert status(scripted_server, "GET", "/x") == 200
"""


def test_the_fixtures_work_in_a_project(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PROJECT)
    installed = any(point.name == "tarash" for point in entry_points(group="pytest11"))
    options = () if installed else ("-p", "tarash.testkit.plugin")
    result = pytester.runpytest_subprocess("-q", *options)
    result.assert_outcomes(passed=4, failed=1)


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
