"""The same with the fal provider, against its queue protocol."""

import json
import signal
from collections.abc import Generator

import pytest
from tests.cli.running import Command, interrupt, json_of, wait_for_request

from tarash.testkit import media
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer, Hang, Normal, Played

KEY = "fal-id:fal-secret-77"
BELOW = "/fal-ai/veo3.1/requests/request-1"


def queue(request: RecordedRequest) -> Played:
    here = f"{request.origin}{BELOW}"
    if request.path.endswith("/film.mp4"):
        return Answer(body=media.mp4().content, headers={"Content-Type": "video/mp4"})
    if request.path == BELOW:
        return Answer(json={"video": {"url": f"{request.origin}/film.mp4?token=s3cret"}})
    status = "IN_QUEUE" if request.method == "POST" else "COMPLETED"
    links = {"status_url": f"{here}/status", "response_url": here, "cancel_url": f"{here}/cancel"}
    return Answer(json={"status": status, "request_id": "request-1", **links})


@pytest.fixture
def fal(tarash: Command) -> Generator[ScriptedServer]:
    tarash.environment["FAL_KEY"] = KEY
    with ScriptedServer(queue) as server:
        yield server


def words(fal: ScriptedServer) -> tuple[str, ...]:
    return "video", "A boat", "-m", "fal:fal-ai/veo3.1/fast", "--base-url", fal.url, "--json"


def test_a_film_from_fal(tarash: Command, fal: ScriptedServer) -> None:
    done = tarash(*words(fal), "--duration", "5", "-c", "priority=low")
    facts = json_of(done)
    assert tarash.files == ["a-boat.mp4"]
    assert facts["output"] == [f"{fal.url}/film.mp4?token=s3cret"]
    [post] = fal.requests.matching("POST")
    assert post.path == "/fal-ai/veo3.1/fast"
    assert post.json["prompt"] == "A boat"
    assert post.headers["authorization"] == f"Key {KEY}"
    assert post.headers["x-fal-queue-priority"] == "low"
    [duration] = [one for one in facts["parameters"] if one["field"] == "duration_seconds"]
    assert duration["used"] == post.json["duration"]
    assert "fal-secret" not in done.stdout + done.stderr


def test_what_was_made_is_saved_when_the_rest_is_refused(tarash: Command, fal: ScriptedServer) -> None:
    fal.script("POST", "*", Normal())
    fal.script("POST", "*", Answer(422, json={"detail": "no more today"}))
    done = tarash(*words(fal), "--n", "2")
    facts = json_of(done)
    assert (done.returncode, facts["error"]["type"]) == (1, "PartialResultError")
    assert [file["path"] for file in facts["files"]] == tarash.files == ["a-boat.mp4"]
    assert len(fal.requests.matching("POST")) == 2
    assert tarash.kept == []


def test_an_interrupted_job_of_fal_is_resumed(tarash: Command, fal: ScriptedServer) -> None:
    fal.script("GET", f"{BELOW}/status", Hang())
    fal.script("PUT", f"{BELOW}/cancel", Answer(400, json={"status": "ALREADY_COMPLETED"}))
    process = tarash.start(*words(fal), "-o", "boat.mp4")
    wait_for_request(fal, "GET", f"{BELOW}/status")
    out, err = interrupt(process, signal.SIGTERM)
    assert process.returncode == 143
    command = json.loads(out)["resume"]
    assert command in err
    assert len(fal.requests.matching("PUT", f"{BELOW}/cancel")) == 1
    assert tarash(*command.split()[1:]).returncode == 0
    assert tarash.files == ["boat.mp4"]
    assert len(fal.requests.matching("POST")) == 1


def test_what_was_finished_before_the_rest_was_cancelled_is_not_lost(tarash: Command, fal: ScriptedServer) -> None:
    fal.script("GET", f"{BELOW}/status", Normal())
    fal.script("GET", f"{BELOW}/status", Hang())
    process = tarash.start(*words(fal), "--n", "2")
    wait_for_request(fal, "GET", BELOW)
    wait_for_request(fal, "GET", f"{BELOW}/status", 2)
    _, err = interrupt(process)
    [kept] = tarash.kept
    assert "The job was cancelled at the provider" in err
    assert f"To save what was finished before, without paying again: tarash jobs resume {kept}" in err
