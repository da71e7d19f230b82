"""One POST for one job, whatever happens to it; what was accepted is never lost."""

from pathlib import Path
from typing import Any

import pytest
from tests.google.conftest import Studio
from tests.support.worlds import World

from tarash.tarash_gateway.exceptions import (
    HTTPError,
    JobNotFoundError,
    SubmitOutcomeUnknownError,
    TimeoutError,
)
from tarash.tarash_gateway.models import Job, VideoGenerationRequest
from tarash.testkit import media
from tarash.testkit.google import Outcome, errors
from tarash.testkit.steps import Close, CutBody, Hang, Redirect, Reset, Step

VEO = "veo-3.1-lite-generate-001"
SUBMITS = [
    ("create", "video", "gemini-omni-1.1-flash"),
    ("start", "video", VEO),
    ("generate", "image", "gemini-3.1-flash-image"),
    ("generate", "tts", "gemini-3.8-flash-tts"),
    ("predict", "image", "imagen-9"),
]
LOSSES: dict[str, Step] = {
    "dropped": Close(),
    "reset": Reset(),
    "500 of a proxy": errors.ingress_error(500),
    "504 of a proxy": errors.ingress_error(504),
    "late": Hang(),
    "cut": CutBody(12),
}
submits = pytest.mark.parametrize(
    ("operation", "kind", "model"), SUBMITS, ids=[f"{row[0]} {row[1]}" for row in SUBMITS]
)


@submits
@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_answer_is_never_asked_for_twice(
    either: Studio, operation: str, kind: str, model: str, loss: str
) -> None:
    either.google.fail_next(operation, LOSSES[loss], times=None, charged=loss != "cut")
    with pytest.raises(SubmitOutcomeUnknownError) as caught:
        either.generate(config=either.config(kind, model=model, timeout=0.5 if loss == "late" else 60), kind=kind)
    assert caught.value.possibly_billed
    assert len(either.google.requests(operation)) == 1
    assert either.google.ledger.total_charges == 1


@submits
@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_failure_in_the_vendor_s_own_words_is_a_refusal(
    either: Studio, operation: str, kind: str, model: str, status: int
) -> None:
    either.google.fail_next(operation, errors.rpc_error(status), times=None)
    with pytest.raises(HTTPError) as caught:
        either.generate(kind, model=model)
    assert (caught.value.status_code, caught.value.retryable) == (status, True)
    assert len(either.google.requests(operation)) == 1


@submits
def test_a_submit_is_sent_again_after_a_429_only(either: Studio, operation: str, kind: str, model: str) -> None:
    either.google.fail_next(operation, errors.rpc_error(429, "Quota exceeded for requests per minute"), times=2)
    either.generate(kind, model=model)
    assert len(either.google.requests(operation)) == 3
    assert either.google.ledger.total_charges == 1


@submits
def test_redirects_of_a_submit_are_not_followed(either: Studio, operation: str, kind: str, model: str) -> None:
    either.google.fail_next(operation, Redirect(f"{either.google.url}/elsewhere"))
    with pytest.raises(HTTPError):
        either.generate(kind, model=model)
    assert [request.path for request in either.google.requests() if "elsewhere" in request.path] == []


VIDEOS = pytest.mark.parametrize("model", ["gemini-omni-1.1-flash", VEO])
POLLS = {"gemini-omni-1.1-flash": "read", "gemini": "operation", "vertex": "fetch"}


def resume(world: World, job: Job, config: Any) -> Any:
    """Resume a job as another process would: from its JSON."""
    return world.call("resume", Job.from_json(job.to_json()), config)


def poll_of(studio: Studio, model: str) -> str:
    return POLLS.get(model) or POLLS[studio.way]


def submitted(studio: Studio, model: str, **config: Any) -> Job:
    request = VideoGenerationRequest(prompt="a cat")
    job: Job = studio.world.call("submit_video", studio.config(model=model, **config), request)
    return job


@VIDEOS
def test_polls_may_fail_for_a_while(either: Studio, model: str) -> None:
    poll = poll_of(either, model)
    for step in (errors.ingress_error(502), Reset(), errors.rpc_error(503), errors.rpc_error(429), CutBody(9)):
        either.google.fail_next(poll, step)
    assert either.generate(model=model).video
    assert either.google.ledger.total_charges == 1


@VIDEOS
def test_a_job_survives_as_json(either: Studio, model: str, tmp_path: Path) -> None:
    job = submitted(either, model)
    assert either.google.key not in job.to_json()
    assert not [token for token in either.google.tokens.issued if token in job.to_json()]
    response = resume(either.world, job, either.config(model=model))

    assert either.world.save(response, tmp_path / "film.mp4").read_bytes() == media.mp4().content
    assert either.google.ledger.total_charges == 1


@VIDEOS
def test_timeouts_keep_the_job(either: Studio, model: str) -> None:
    either.google.next_outcome(Outcome(run_seconds=1000))
    with pytest.raises(TimeoutError) as caught:
        either.generate(config=either.config(model=model, timeout=60))
    assert caught.value.job is not None
    assert not either.google.ledger.cancels
    either.google.clock.advance(1000)
    assert resume(either.world, caught.value.job, either.config(model=model)).video
    assert either.google.ledger.total_charges == 1


def test_a_timeout_may_cancel(either: Studio) -> None:
    either.google.next_outcome(Outcome(run_seconds=1000))
    with pytest.raises(TimeoutError, match="was cancelled"):
        either.generate(config=either.config(timeout=60, on_timeout="cancel"))
    assert either.google.ledger.cancels == 1


def test_veo_cannot_be_cancelled_and_says_so(either: Studio) -> None:
    either.google.next_outcome(Outcome(run_seconds=1000))
    with pytest.raises(TimeoutError, match="could not be cancelled"):
        either.generate(config=either.config(model=VEO, timeout=60, on_timeout="cancel"))
    assert either.world.call("cancel", submitted(either, VEO), either.config(model=VEO)) == "impossible"


def test_cancelling_a_running_and_a_finished_job(either: Studio) -> None:
    job = submitted(either, "gemini-omni-1.1-flash")
    assert either.world.call("cancel", job, either.config()) == "cancelled"
    done = submitted(either, "gemini-omni-1.1-flash")
    either.google.clock.advance(60)
    assert either.world.call("cancel", done, either.config()) == "too_late"
    assert either.google.ledger.cancels == 2


@VIDEOS
def test_a_job_that_vanished(either: Studio, model: str) -> None:
    job = submitted(either, model)
    either.google.forget(either.google.jobs[0].id)
    either.google.clock.advance(40)
    with pytest.raises(JobNotFoundError) as caught:
        either.world.call("resume", job, either.config(model=model))
    assert caught.value.job == job


def test_a_status_never_seen_before_is_waited_out(gemini: Studio) -> None:
    gemini.google.next_outcome(Outcome(statuses=["queued", "dreaming", "in_progress"]))
    assert gemini.generate().video


def test_the_status_of_another_job_is_not_believed(gemini: Studio) -> None:
    from tarash.testkit.steps import alter_json

    gemini.google.fail_next("read", alter_json(lambda body: {**body, "id": "interaction-9999", "status": "failed"}))
    assert gemini.generate().video


@VIDEOS
def test_a_finished_job_without_anything_in_it_has_failed(either: Studio, model: str) -> None:
    from tarash.tarash_gateway.exceptions import GenerationFailedError
    from tarash.testkit.steps import alter_json

    def emptied(body: dict[str, Any]) -> dict[str, Any]:
        hollow = [{"type": "model_output", "content": [{"type": "video", "mime_type": "video/mp4"}]}]
        kept = {name: value for name, value in body.items() if name != "response"}
        return {**kept, "steps": hollow} if "steps" in body else kept

    either.google.fail_next(poll_of(either, model), alter_json(emptied), times=None)
    started = either.google.clock.monotonic()
    with pytest.raises(GenerationFailedError) as caught:
        either.generate(model=model)
    assert caught.value.job is not None
    assert either.google.clock.monotonic() - started < 40


def test_a_webhook_is_a_hint_that_is_checked_with_google(gemini: Studio) -> None:
    from tarash.tarash_gateway.exceptions import JobRejectedError

    hook = {"webhook_url": "https://hooks.example/google"}
    job = submitted(gemini, "gemini-omni-1.1-flash", provider_config=hook)
    assert gemini.body("create")["webhook_config"] == {"uris": ["https://hooks.example/google"]}
    told = b'{"type": "interaction.completed", "data": {"id": "%s"}}' % job.provider_ids[0].encode()
    assert gemini.world.call("receive_webhook", job, gemini.config(provider_config=hook), {}, told).video
    with pytest.raises(JobRejectedError, match="another job"):
        gemini.world.call("receive_webhook", job, gemini.config(provider_config=hook), {}, b'{"data": {"id": "x"}}')


def test_an_expired_link_is_asked_for_anew(gemini: Studio, tmp_path: Path) -> None:
    response = gemini.generate()
    gemini.google.fail_next("download", errors.rpc_error(404))
    assert gemini.world.save(response, tmp_path / "film.mp4").read_bytes() == media.mp4().content


def test_a_link_that_expired_for_good_gives_way_to_the_video_inside_the_answer(gemini: Studio, tmp_path: Path) -> None:
    from tarash.testkit.google.makers import encoded
    from tarash.testkit.steps import alter_json

    response = gemini.generate()
    inline = {"type": "video", "mime_type": "video/mp4", "data": encoded(media.mp4())}
    steps = [{"type": "model_output", "content": [inline]}]
    gemini.google.fail_next("download", errors.rpc_error(404), times=None)
    gemini.google.fail_next("read", alter_json(lambda body: {**body, "steps": steps}))
    assert gemini.world.save(response, tmp_path / "film.mp4").read_bytes() == media.mp4().content
