"""Real jobs at a provider behind HTTP: what is sent, saved, kept, told, and the exit code of every ending."""

import json
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from tests.cli.running import KEY, SIGNATURE, CinemaServer, Command, interrupt, json_of

from tarash.testkit.steps import Alter, Answer, Close, Gate, Hang, Hold, Normal

FILM = ("video", "A boat", "-m", "cinema:film-1", "--poll-interval", "0")


def everything(done: "subprocess.CompletedProcess[str]") -> str:
    return done.stdout + done.stderr


def test_a_job_from_the_command_line_to_the_file(tarash: Command, cinema: CinemaServer) -> None:
    cinema.answers = [{"state": "waiting"}, {"state": "running", "percent": 40}, {"state": "running", "percent": 90}]
    done = tarash(*FILM, *cinema.url, "--duration", "5", "--resolution", "720p", "-p", 'odd={"a": 1}', "-p", "word=2x")
    assert done.returncode == 0
    assert tarash.files == ["a-boat.mp4"]
    [post] = cinema.posts
    assert post.json == {"prompt": "A boat", "count": 1, "seconds": 4, "odd": {"a": 1}, "word": "2x"}
    assert post.headers["x-cinema-key"] == KEY
    assert [line.split("  ")[1] for line in done.stderr.splitlines() if "  cinema film-1" in line] == [
        *("submitting", "queued", "processing 40 %", "processing 90 %", "completed 100 %", "saving")
    ]
    assert "Warning: cinema film-1: resolution is ignored" in done.stderr
    assert re.search(r"  duration_seconds: rounded from 5 to 4\b", done.stdout)
    assert "  resolution: ignored (" in done.stdout
    assert "mock" not in done.stdout
    assert tarash.kept == []
    assert KEY not in everything(done)


def test_the_link_is_in_the_output_and_nowhere_else(tarash: Command, cinema: CinemaServer) -> None:
    done = tarash(*FILM, *cinema.url, "--json")
    facts = json_of(done)
    assert facts["output"] == [f"{cinema.link}&n=0"]
    assert done.stdout.count(SIGNATURE) == 1
    assert SIGNATURE not in done.stderr
    assert KEY not in everything(done)


def test_several_outputs_of_one_job(tarash: Command, cinema: CinemaServer) -> None:
    cinema.outputs = 2
    done = tarash(*FILM, *cinema.url, "--n", "2", "--json")
    assert [file["path"] for file in json_of(done)["files"]] == ["a-boat.mp4", "a-boat-2.mp4"]
    assert len(cinema.posts) == 1


def test_the_chain_goes_on(tarash: Command, cinema: CinemaServer) -> None:
    cinema.answers = [{"state": "failed", "reason": f"no light at {cinema.link}"}]
    words = ("-m", "cinema:film-9", "--base-url", f"cinema:{cinema.server.url}", "--json")
    done = tarash(*FILM, *words)
    facts = json_of(done)
    assert [(one["model"], one["status"]) for one in facts["attempts"]] == [("film-1", "failed"), ("film-9", "success")]
    assert "no light at http" in facts["attempts"][0]["error_message"]
    assert facts["model"] == "film-9"
    assert "attempt 2 of 2  cinema film-9" in done.stderr
    assert done.stdout.count(SIGNATURE) == 1
    assert tarash.kept == []


def test_a_job_that_was_given_up_is_not_forgotten(tarash: Command, cinema: CinemaServer) -> None:
    cinema.endless.add("/jobs/job-1")
    cinema.server.script("DELETE", "/jobs/job-1", Answer(500, json={"problem": "not now"}))
    words = ("-m", "cinema:film-9", "--base-url", f"cinema:{cinema.server.url}", "--timeout", "1")
    done = tarash(*FILM, *words)
    assert done.returncode == 0
    assert tarash.files == ["a-boat.mp4"]
    [kept] = tarash.kept
    assert "may bill its job all the same" in done.stderr
    assert f"tarash jobs status {kept}" in done.stderr


# --- attempts that failed


def lost_submit(tarash: Command, cinema: CinemaServer, *words: str) -> "subprocess.CompletedProcess[str]":
    """A chain whose first submit gets no answer."""
    cinema.server.script("POST", "/jobs", Close())
    return tarash(*FILM, *words, "--base-url", f"cinema:{cinema.server.url}")


def told_of(done: "subprocess.CompletedProcess[str]") -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("cinema:film-1 failed: ")]


def test_a_fallback_tells_of_what_may_have_been_billed(tarash: Command, cinema: CinemaServer) -> None:
    done = lost_submit(tarash, cinema, "-m", "cinema:film-9")
    assert done.returncode == 0
    assert "cinema:film-9" in done.stdout
    [line] = told_of(done)
    assert "unknown whether cinema accepted the job" in line
    assert line.endswith("may have been billed.")
    assert "Warning" not in done.stderr


def test_a_quiet_fallback_tells_of_it_in_the_document_only(tarash: Command, cinema: CinemaServer) -> None:
    done = lost_submit(tarash, cinema, "-m", "cinema:film-9", "--json", "-q")
    facts = json_of(done)
    assert [attempt["possibly_billed"] for attempt in facts["attempts"]] == [True, False]
    assert facts["warnings"] == []
    assert told_of(done) == []


def test_a_fallback_without_a_key_does_not_hide_the_first_attempt(tarash: Command, cinema: CinemaServer) -> None:
    done = lost_submit(tarash, cinema, "-m", "luma")
    assert done.returncode == 4
    [line] = told_of(done)
    assert line.endswith("may have been billed.")
    assert "A fallback was not tried: There is no key for luma" in done.stderr


def test_what_was_refused_was_not_billed(tarash: Command, cinema: CinemaServer) -> None:
    problem = {"problem": f"too much at {cinema.link} {'x' * 300}"}
    cinema.server.script("POST", "/jobs", Answer(429, json=problem, headers={"Retry-After": "60"}))
    done = tarash(*FILM, "-m", "cinema:film-9", "--base-url", f"cinema:{cinema.server.url}", "--timeout", "1")
    [line] = told_of(done)
    assert "billed" not in line
    assert SIGNATURE not in line
    assert len(line) < 200


def test_the_error_of_a_single_attempt_is_told_once(tarash: Command, cinema: CinemaServer) -> None:
    cinema.server.script("POST", "/jobs", Close())
    done = tarash(*FILM, *cinema.url)
    assert told_of(done) == []
    assert "may be running and billed" in done.stderr


# --- exit codes


@pytest.mark.parametrize("problem", ["bad ratio", "against policy"])
def test_a_refusal_of_the_provider_is_3(tarash: Command, cinema: CinemaServer, problem: str) -> None:
    cinema.server.script("POST", "/jobs", Answer(422, json={"problem": problem}))
    done = tarash(*FILM, *cinema.url, "--json")
    assert done.returncode == 3
    assert json_of(done)["error"]["message"] == f"cinema: {problem}"
    assert len(cinema.posts) == 1


def test_what_is_refused_here_never_leaves(tarash: Command, cinema: CinemaServer) -> None:
    ratio = tarash(*FILM, *cinema.url, "--aspect-ratio", "5:7")
    strict = tarash(*FILM, *cinema.url, "--resolution", "720p", "--unsupported", "error")
    keyless = tarash(*FILM, *cinema.url, env={"CINEMA_KEY": ""})
    assert [ratio.returncode, strict.returncode, keyless.returncode] == [3, 3, 3]
    assert "16:9, 9:16" in ratio.stderr
    assert "CINEMA_KEY" in keyless.stderr
    assert cinema.server.requests.total == 0


def test_a_failed_generation_is_1(tarash: Command, cinema: CinemaServer) -> None:
    cinema.answers = [{"state": "failed", "reason": "no light"}]
    done = tarash(*FILM, *cinema.url)
    assert done.returncode == 1
    assert "Error: cinema failed: no light" in done.stderr
    assert "tarash jobs" not in done.stderr
    assert done.stdout == ""
    assert tarash.kept == []


def test_a_submit_without_an_answer_is_4(tarash: Command, cinema: CinemaServer) -> None:
    cinema.server.script("POST", "/jobs", Close())
    done = tarash(*FILM, *cinema.url, "--json")
    assert done.returncode == 4
    assert json_of(done)["error"]["possibly_billed"] is True
    assert len(cinema.posts) == 1


def test_a_doubtful_submit_stays_doubtful_when_the_next_provider_refuses(tarash: Command, cinema: CinemaServer) -> None:
    cinema.server.script("POST", "/jobs", Close())
    cinema.server.script("POST", "/jobs", Answer(422, json={"problem": "bad ratio"}))
    assert tarash(*FILM, "-m", "cinema:film-9", "--base-url", f"cinema:{cinema.server.url}").returncode == 4


def test_a_timeout_is_5_and_the_job_goes_on_in_another_process(tarash: Command, cinema: CinemaServer) -> None:
    cinema.endless.add("/jobs/job-1")
    done = tarash(*FILM, *cinema.url, "--timeout", "1", "-o", "my boat.mp4", "--json")
    assert done.returncode == 5
    facts = json_of(done)
    [kept] = tarash.kept
    assert facts["job_file"] == str(kept)
    assert kept.stat().st_mode & 0o077 == 0
    assert json.loads(kept.read_text()) == facts["job"]
    assert KEY not in kept.read_text() + everything(done)
    command = shlex.split(facts["resume"])
    assert command == ["tarash", "jobs", "resume", str(kept), "-o", "my boat.mp4"]

    cinema.endless.clear()
    assert tarash(*command[1:]).returncode == 0
    assert tarash.files == ["my boat.mp4"]
    assert tarash.kept == []
    assert len(cinema.posts) == 1


# --- interruptions


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_job_is_kept(tarash: Command, cinema: CinemaServer, number: int, code: int) -> None:
    cinema.server.script("GET", "/jobs/job-1", Hang())
    cinema.server.script("DELETE", "/jobs/job-1", Answer(500, json={"problem": "not now"}))
    process = tarash.start(*FILM, *cinema.url, "--json")
    cinema.wait_for("GET", "/jobs/job-1")
    out, err = interrupt(process, number)
    assert process.returncode == code
    assert "Traceback" not in err
    [kept] = tarash.kept
    assert f"tarash jobs resume {kept}" in err
    assert json.loads(out)["job_file"] == str(kept)
    assert "cancelled there: impossible" in json.loads(out)["error"]["message"]
    assert len(cinema.server.requests.matching("DELETE")) == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_job_that_was_cancelled_is_over(
    tarash: Command, cinema: CinemaServer, number: int, code: int
) -> None:
    cinema.server.script("GET", "/jobs/job-1", Hang())
    process = tarash.start(*FILM, *cinema.url, "--json")
    cinema.wait_for("GET", "/jobs/job-1")
    out, err = interrupt(process, number)
    assert process.returncode == code
    assert_cancelled(tarash, err)
    assert "resume" not in json.loads(out)
    assert len(cinema.server.requests.matching("DELETE")) == 1


def assert_cancelled(tarash: Command, err: str) -> None:
    """It is told that the job was cancelled, and nothing leads back to it."""
    assert "cancelled at the provider, which may bill it all the same" in err
    assert "resume" not in err
    assert tarash.kept == []


def test_a_timeout_that_cancelled_the_job_is_1(tarash: Command, cinema: CinemaServer) -> None:
    cinema.endless.add("/jobs/job-1")
    done = tarash(*FILM, *cinema.url, "--timeout", "1", "--on-timeout", "cancel")
    assert done.returncode == 1
    assert "within 1 seconds. The remote job was cancelled." in done.stderr
    assert_cancelled(tarash, done.stderr)
    assert len(cinema.server.requests.matching("DELETE")) == 1


def test_a_cancelled_job_is_one_whatever_else_the_error_tells(tarash: Command, cinema: CinemaServer) -> None:
    cinema.endless.add("/jobs/job-1")
    where = ("-m", "luma", "--base-url", f"cinema:{cinema.server.url}")
    done = tarash(*FILM, *where, "--timeout", "1", "--on-timeout", "cancel")
    assert done.returncode == 1
    assert "A fallback was not tried: There is no key for luma" in done.stderr
    assert_cancelled(tarash, done.stderr)


def test_a_timeout_that_could_not_cancel_the_job_is_5(tarash: Command, cinema: CinemaServer) -> None:
    cinema.endless.add("/jobs/job-1")
    cinema.server.script("DELETE", "/jobs/job-1", Answer(500, json={"problem": "not now"}))
    done = tarash(*FILM, *cinema.url, "--timeout", "1", "--on-timeout", "cancel")
    assert done.returncode == 5
    [kept] = tarash.kept
    assert f"tarash jobs resume {kept}" in done.stderr


def test_a_job_that_was_cancelled_for_the_next_provider_is_not_kept(tarash: Command, cinema: CinemaServer) -> None:
    cinema.endless.add("/jobs/job-1")
    done = tarash(*FILM, "-m", "cinema:film-9", "--base-url", f"cinema:{cinema.server.url}", "--timeout", "1")
    assert done.returncode == 0
    [line] = told_of(done)
    assert line.endswith("did not finish the job within 1 seconds. It may have been billed.")
    assert tarash.kept == []


def test_an_interrupted_submit_is_told_of(tarash: Command, cinema: CinemaServer) -> None:
    cinema.server.script("POST", "/jobs", Hang())
    process = tarash.start(*FILM, *cinema.url)
    cinema.wait_for("POST")
    _, err = interrupt(process)
    assert process.returncode == 130
    assert "unknown whether the job was accepted" in err
    assert tarash.kept == []


def test_a_killed_process_loses_no_job(tarash: Command, cinema: CinemaServer) -> None:
    cinema.server.script("GET", "/jobs/job-1", Hang())
    process = tarash.start(*FILM, *cinema.url)
    cinema.wait_for("GET", "/jobs/job-1")
    interrupt(process, signal.SIGKILL)
    [listed] = json_of(tarash("jobs", "list", "--json"))["jobs"]
    assert listed["provider"] == "cinema"
    assert listed["request_id"] in tarash("jobs", "list").stdout
    done = tarash("jobs", "resume", listed["request_id"], "-o", "boat.mp4")
    assert done.returncode == 0
    assert tarash.files == ["boat.mp4"]
    assert tarash.kept == []
    assert len(cinema.posts) == 1


def test_an_interrupted_download_can_be_resumed(tarash: Command, cinema: CinemaServer) -> None:
    cinema.server.script("GET", "/files/film.mp4", Hang())
    process = tarash.start(*FILM, *cinema.url)
    cinema.wait_for("GET", "/files/film.mp4")
    _, err = interrupt(process)
    assert process.returncode == 130
    [kept] = tarash.kept
    assert str(kept) in err
    assert tarash.files == []


# --- saving goes wrong after paying


def test_a_folder_that_vanishes_costs_nothing(tarash: Command, cinema: CinemaServer) -> None:
    folder = tarash.folder / "films"
    folder.mkdir()
    gate = Gate()
    cinema.server.script("GET", "/jobs/job-1", Hold(gate), Normal())
    process = tarash.start(*FILM, *cinema.url, "-o", "films/boat.mp4", "--json")
    cinema.wait_for("GET", "/jobs/job-1")
    folder.rmdir()
    gate.open()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert json.loads(out)["output"] == [f"{cinema.link}&n=0"]
    assert "does not exist" in err
    assert SIGNATURE not in err
    [kept] = tarash.kept
    assert tarash("jobs", "resume", str(kept), "-o", "boat.mp4").returncode == 0
    assert len(cinema.posts) == 1


def test_a_name_that_is_taken_meanwhile_is_left_alone(tarash: Command, cinema: CinemaServer) -> None:
    gate = Gate()
    cinema.server.script("GET", "/jobs/job-1", Hold(gate), Normal())
    process = tarash.start(*FILM, *cinema.url, "-o", "boat.mp4")
    cinema.wait_for("GET", "/jobs/job-1")
    (tarash.folder / "boat.mp4").write_bytes(b"mine")
    gate.open()
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out.startswith("boat-2.mp4")
    assert (tarash.folder / "boat.mp4").read_bytes() == b"mine"


def test_an_error_page_is_no_film(tarash: Command, cinema: CinemaServer) -> None:
    cinema.file = Answer(body="<html>gone</html>", headers={"Content-Type": "video/mp4"})
    done = tarash(*FILM, *cinema.url)
    assert done.returncode == 1
    assert tarash.files == []
    assert SIGNATURE not in done.stderr
    assert len(tarash.kept) == 1


# --- looking after jobs


@pytest.fixture
def job(tarash: Command, cinema: CinemaServer) -> Path:
    """The file of a job that was submitted."""
    done = tarash(*FILM, *cinema.url, "--submit-only")
    assert done.returncode == 0
    [kept] = tarash.kept
    assert json.loads(done.stdout) == json.loads(kept.read_text())
    assert f"tarash jobs resume {kept}" in done.stderr
    return kept


def test_the_status_of_a_job(tarash: Command, cinema: CinemaServer, job: Path) -> None:
    cinema.answers = [{"state": "running", "percent": 30}]
    assert tarash("jobs", "status", str(job)).stdout == "processing (30 %)\n"
    facts = json_of(tarash("jobs", "status", str(job), "--json"))
    assert (facts["status"], facts["output"]) == ("completed", [f"{cinema.link}&n=0"])
    assert tarash.files == []
    cinema.answers = [{"state": "failed", "reason": "no light"}]
    failed = tarash("jobs", "status", str(job), "--json")
    assert (failed.returncode, json_of(failed)["error"]["type"]) == (1, "GenerationFailedError")


@pytest.mark.parametrize(("status", "outcome", "code"), [(200, "cancelled", 0), (409, "too_late", 1)])
def test_a_job_is_cancelled(
    tarash: Command, cinema: CinemaServer, job: Path, status: int, outcome: str, code: int
) -> None:
    cinema.server.script("DELETE", "/jobs/job-1", Answer(status, json={}))
    done = tarash("jobs", "cancel", str(job), "--json")
    assert (done.returncode, json_of(done)["outcome"]) == (code, outcome)
    assert tarash.kept == ([] if outcome == "cancelled" else [job])


def test_an_interrupted_wait_for_a_kept_job_cancels_it(tarash: Command, cinema: CinemaServer, job: Path) -> None:
    cinema.server.script("GET", "/jobs/job-1", Hang())
    process = tarash.start("jobs", "resume", str(job))
    cinema.wait_for("GET", "/jobs/job-1")
    _, err = interrupt(process)
    assert process.returncode == 130
    assert_cancelled(tarash, err)


def test_a_cancelled_job_may_be_billed(tarash: Command, cinema: CinemaServer, job: Path) -> None:
    done = tarash("jobs", "cancel", str(job))
    assert_cancelled(tarash, done.stdout + done.stderr)
    assert tarash("jobs", "list").stdout == "No jobs are kept here.\n"


def test_a_job_that_does_not_fit_is_refused_before_any_request(
    tarash: Command, cinema: CinemaServer, job: Path
) -> None:
    before = cinema.server.requests.total
    facts = json.loads(job.read_text())
    changed = json.dumps({**facts, "base_url": "http://127.0.0.1:9"})
    assert tarash("jobs", "resume", changed).returncode == 3
    assert tarash("jobs", "cancel", str(job), env={"CINEMA_KEY": "another-key"}).returncode == 3
    assert tarash("jobs", "status", "-", given=b"\x80\x04pickle").returncode == 3
    assert cinema.server.requests.total == before


def test_a_job_s_id_leads_to_no_other_folder(tarash: Command, cinema: CinemaServer, job: Path) -> None:
    outside = tarash.folder / "tarash-job-x.json"
    shutil.copy(job, outside)
    assert tarash("jobs", "status", "../../here/x").returncode == 3


def test_without_a_state_folder_the_job_is_kept_here(tarash: Command, cinema: CinemaServer) -> None:
    (tarash.folder.parent / "state").write_text("a file is in the way")
    cinema.endless.add("/jobs/job-1")
    done = tarash(*FILM, *cinema.url, "--timeout", "1")
    assert done.returncode == 5
    [name] = tarash.files
    assert re.fullmatch(r"tarash-job-[0-9a-f]{32}\.json", name)
    assert f"tarash jobs resume {tarash.folder / name}" in done.stderr


def test_a_signed_link_in_a_message_is_cut(tarash: Command, cinema: CinemaServer) -> None:
    def with_link(answer: Answer) -> Answer:
        return Answer(422, json={"problem": f"cannot read {cinema.link}"})

    cinema.server.script("POST", "/jobs", Alter(with_link))
    done = tarash(*FILM, *cinema.url, "--json")
    assert json_of(done)["error"]["message"].endswith("/files/film.mp4")
    assert SIGNATURE not in everything(done)
