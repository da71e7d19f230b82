"""fal's own client (the newest, unmodified) and tarash are told the same, and must leave the same requests at fal.

Both believe to talk to fal's own hosts. What may differ is in DIFFERENCES, with the reason; each of them must really
be seen, so the table can hold nothing that is over. Everything else is compared: method, host, path, query, headers
and body of every request to submit, ask, fetch and cancel.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from tests.vendor.fal.cases import ALL, CASES, UPLOAD, UPLOADING, Case

from tarash.tarash_gateway.models import ImageGenerationRequest, STSRequest, TTSRequest, VideoGenerationRequest
from tarash.testkit.fal import FalSimulator, MediaFile, Outcome
from tarash.testkit.media import mp3, mp4, png
from tarash.testkit.requests import RecordedRequest
from tarash.testkit.tls import LocalAuthority

fal_client = pytest.importorskip("fal_client")

pytestmark = [
    # The client's storage calls leave connections to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <s:pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parents[3]

DIFFERENCES = {
    "user-agent": "each says its own name",
    "accept-encoding": "what each can unpack",
    "connection": "fal-client says what HTTP/1.1 means anyway",
    "start timeout": "fal-client sends the older header x-fal-request-timeout, as a float; the newer one is documented",
    "logs": "tarash always asks for the logs, because it hands them to the progress callback; 1 is what fal documents",
    "status after COMPLETED": "fal-client, when it reports progress, asks once more about a job it has seen COMPLETED",
    "schema": "tarash looks at the published schema first: without the key, and it need not be there",
    "storage type": "fal-client's initiated uploads say gcs, those of @fal-ai/client (and tarash) fal-cdn-v3",
    "key for the upload host": "fal-client sends the key along to the signed link; tarash does not",
    "lifecycle twice": "fal-client sends both names of the header; initiated uploads read the one that tarash sends",
    "accept": "fal-client says that it accepts JSON from the storage; tarash takes what comes and judges it",
}
SEEN: Counter[str] = Counter()
COMPARED: Counter[str] = Counter()
FIELDS: set[tuple[str, str]] = set()


# --- both sides


@pytest.fixture(scope="module")
def fal() -> Generator[FalSimulator]:
    """fal, under its own host names. Jobs are done at once: the real time of the clients does not matter."""
    with LocalAuthority() as authority, FalSimulator(authority=authority) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def theirs(fal: FalSimulator) -> Generator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in fal.proxy_environment().items():
            patch.setenv(name, value)
        client = fal_client.SyncClient(key=fal.key)
        # Made now, so that it reads the environment that is undone before other tests run.
        http = client._client  # noqa: SLF001 - there is no public way
        yield client
        http.close()


class Ours:
    """tarash, in its own process."""

    def __init__(self, fal: FalSimulator, cache: Path) -> None:
        environment = {**os.environ, **fal.proxy_environment(), "FAL_KEY": fal.key, "TARASH_CACHE_DIR": str(cache)}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.vendor.fal.ours"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, case: Case, world: str, work: str = "generate", **more: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"case": ALL.index(case), "world": world, "work": work, **more}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        assert "error" not in told, told["error"]
        return told


@pytest.fixture(scope="module")
def ours(fal: FalSimulator, tmp_path_factory: pytest.TempPathFactory) -> Generator[Ours]:
    one = Ours(fal, tmp_path_factory.mktemp("cache"))
    yield one
    rest, _ = one.process.communicate(timeout=20)
    assert (rest, one.process.returncode) == ("", 0)


OUTPUTS: dict[str, Any] = {
    "video": {"video": MediaFile(mp4())},
    "image": {"images": [MediaFile(png())]},
    "tts": {"audio": MediaFile(mp3())},
    "sts": {"audio": MediaFile(mp3())},
}


def recorded(fal: FalSimulator) -> list[RecordedRequest]:
    """What reached fal itself, in order. The host of the results is another matter: fal-client never fetches them."""
    return sorted(
        (one for one in fal.requests() if one not in fal.requests("download")), key=lambda request: request.number
    )


def clear(fal: FalSimulator, case: Case, count: int) -> None:
    for server in fal.servers:
        server.requests.clear()
    fal.next_outcome(Outcome(output=OUTPUTS[case.kind]), times=count)


def said_to_them(fal: FalSimulator, client: Any, case: Case, end: str = "get") -> list[RecordedRequest]:
    clear(fal, case, case.submits)
    for _ in range(case.submits):
        handle = client.submit(case.endpoint, case.arguments, **case.client)
        getattr(handle, end)()
    return recorded(fal)


def said_by_us(fal: FalSimulator, ours: Ours, case: Case, world: str) -> list[RecordedRequest]:
    clear(fal, case, case.submits)
    told = ours.order(case, world)
    FIELDS.update((case.kind, name) for name, outcome in told["parameters"] if outcome not in ("ignored", "refused"))
    return recorded(fal)


# --- comparing


def told(request: RecordedRequest, job_ids: list[str]) -> dict[str, Any]:
    """Everything that a request says, with the jobs' ids numbered."""
    path = request.path
    for number, job_id in enumerate(job_ids):
        path = path.replace(job_id, f"job-{number}")
    return {
        "method": request.method,
        "host": request.origin,
        "path": path,
        "query": dict(request.query),
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "body": body_of(request),
    }


def body_of(request: RecordedRequest) -> Any:
    is_json = (request.headers.get("content-type") or "").startswith("application/json")
    # As text again: to Python 1, 1.0 and True are equal.
    return json.dumps(request.json, sort_keys=True) if is_json and request.body else request.body


def explain(mine: dict[str, Any], other: dict[str, Any]) -> None:
    """Take out of both what DIFFERENCES explains, and note what was seen."""
    for name in ("user-agent", "accept-encoding", "connection"):
        said = [one["headers"].pop(name, None) for one in (mine, other)]
        SEEN[name] += said[0] != said[1]
    newer, older = mine["headers"].pop("x-fal-request-start-timeout", None), None
    if newer is not None:
        older = other["headers"].pop("x-fal-request-timeout")
        assert float(newer) == float(older)
        SEEN["start timeout"] += 1
    if mine["path"].endswith("/status"):
        logs = mine["query"].pop("logs"), other["query"].pop("logs")
        assert logs in (("1", "false"), ("1", "true"))
        SEEN["logs"] += 1


def in_order(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Several jobs are asked for in turn by one and one after another by the other: each job's own order counts."""
    return sorted(requests, key=lambda one: (one["method"] != "POST", one["path"].split("/requests/")[-1][:6]))


def compare(ours: list[RecordedRequest], theirs: list[RecordedRequest], fal: FalSimulator) -> None:
    jobs = [job.id for job in fal.jobs]
    mine = in_order([told(one, ids_in(ours, jobs)) for one in ours])
    other = in_order([told(one, ids_in(theirs, jobs)) for one in theirs])
    assert [(one["method"], one["path"]) for one in mine] == [(one["method"], one["path"]) for one in other]
    for my, their in zip(mine, other, strict=True):
        explain(my, their)
        assert my == their
        COMPARED[operation_of(my)] += 1


def operation_of(request: dict[str, Any]) -> str:
    last = request["path"].rpartition("/")[2]
    return "submit" if request["method"] == "POST" else last if last in ("status", "cancel") else "result"


def ids_in(requests: list[RecordedRequest], jobs: list[str]) -> list[str]:
    return [job for job in jobs if any(job in request.path for request in requests)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_call_leaves_the_same_requests(fal: FalSimulator, theirs: Any, ours: Ours, case: Case) -> None:
    said = said_to_them(fal, theirs, case)
    assert len([one for one in said if one.method == "POST"]) == case.submits
    for world in ("sync", "async"):
        compare(said_by_us(fal, ours, case, world), said, fal)


def test_a_job_is_cancelled_alike(fal: FalSimulator, theirs: Any, ours: Ours) -> None:
    case = CASES[0]
    clear(fal, case, 0)
    fal.next_outcome(Outcome(run_seconds=100), times=3)
    theirs.submit(case.endpoint, case.arguments).cancel()
    said = recorded(fal)
    for world in ("sync", "async"):
        clear(fal, case, 0)
        assert ours.order(case, world, "cancel") == {"cancel": "cancelled"}
        compare(recorded(fal), said, fal)


def test_a_job_is_waited_for_alike(fal: FalSimulator, theirs: Any, ours: Ours) -> None:
    case, states = CASES[0], ["IN_QUEUE", "IN_QUEUE", "IN_PROGRESS"]
    clear(fal, case, 0)
    fal.next_outcome(Outcome(output=OUTPUTS["video"], statuses=states), times=3)
    events: list[Any] = []
    theirs.subscribe(case.endpoint, case.arguments, with_logs=True, on_queue_update=events.append, interval=0)
    said = recorded(fal)
    assert [type(event).__name__ for event in events] == ["Queued", "Queued", "InProgress", "Completed"]
    # POST, four times the status, once more the status, the result.
    assert said[5].path == said[4].path
    assert said.pop(5).query_value("logs") == "false"
    SEEN["status after COMPLETED"] += 1
    for world in ("sync", "async"):
        for server in fal.servers:
            server.requests.clear()
        ours.order(case, world)
        compare(recorded(fal), said, fal)


def test_schemas_are_read_beside_the_rest(fal: FalSimulator, theirs: Any, ours: Ours) -> None:
    case = CASES[0]
    said = said_to_them(fal, theirs, case)
    clear(fal, case, 1)
    ours.order(case, "sync", live=True)
    schema, *rest = recorded(fal)
    assert (schema.origin, schema.path) == ("https://fal.ai", "/api/openapi/queue/openapi.json")
    assert schema.query == [("endpoint_id", case.endpoint)]
    assert "authorization" not in schema.headers
    SEEN["schema"] += 1
    compare(rest, said, fal)


@pytest.mark.parametrize("case", UPLOADING, ids=["plain", "with a lifetime"])
@pytest.mark.parametrize("world", ["sync", "async"])
def test_files_are_uploaded_alike(fal: FalSimulator, theirs: Any, ours: Ours, case: Case, world: str) -> None:
    clear(fal, case, 1)
    lifecycle = fal_client.StorageSettings(**case.client) if case.client else None
    theirs.upload(UPLOAD, "image/png", "input.png", repository="fal", fallback_repository=[], lifecycle=lifecycle)
    their_start, their_put = (told(one, []) for one in fal.requests("initiate") + fal.requests("upload"))
    clear(fal, case, 0)
    ours.order(case, world)
    my_start, my_put = (told(one, []) for one in fal.requests("initiate") + fal.requests("upload"))
    for mine, other in ((my_start, their_start), (my_put, their_put)):
        explain(mine, other)
    assert (my_start["query"].pop("storage_type"), their_start["query"].pop("storage_type")) == ("fal-cdn-v3", "gcs")
    assert "authorization" not in my_put["headers"]
    assert their_put["headers"].pop("authorization") == f"Key {fal.key}"
    assert (my_start["headers"].pop("accept"), their_start["headers"].pop("accept")) == ("*/*", "application/json")
    twice = their_start["headers"].pop("x-fal-object-lifecycle", None)
    assert twice == my_start["headers"].get("x-fal-object-lifecycle-preference")
    for one in (my_put, their_put):
        # Each upload has a place and a signature of its own.
        one.update(path=one["path"].rpartition("/")[0], query=sorted(one["query"]))
    assert my_start == their_start
    assert my_put == their_put
    SEEN.update(["storage type", "key for the upload host", "accept", *(["lifecycle twice"] if twice else [])])
    COMPARED.update(["initiate", "upload"])


# --- what was compared


def test_the_matrix_is_large_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.endpoint for case in CASES}) >= 40
    assert {case.kind for case in CASES} == {"video", "image", "tts", "sts"}


def test_each_field_of_tarash_was_sent_at_least_once() -> None:
    if not FIELDS:
        pytest.skip("no case was compared in this run")
    models: dict[str, Any] = {
        "video": VideoGenerationRequest,
        "image": ImageGenerationRequest,
        "tts": TTSRequest,
        "sts": STSRequest,
    }
    # How a text is divided is tarash's own affair.
    ours = {"extra_params", "split_text"}
    every = {(kind, name) for kind, model in models.items() for name in model.model_fields if name not in ours}
    assert every - FIELDS == set()


def test_nothing_is_explained_that_does_not_differ(fal: FalSimulator) -> None:
    if sum(COMPARED.values()) < len(CASES):
        pytest.skip("not all cases were compared in this run")
    kinds = Counter(case.kind for case in {case.endpoint: case for case in CASES}.values())
    endpoints = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    print(f"{len(CASES)} cases over {kinds.total()} endpoints ({endpoints}), in both worlds")
    print(f"fal-client {fal_client.__version__}" if hasattr(fal_client, "__version__") else "fal-client")
    print(f"requests compared: {dict(COMPARED)}; differences that are not listed: 0")
    for name, reason in DIFFERENCES.items():
        print(f"listed: {name} ({SEEN[name]} times): {reason}")
    assert {name for name in DIFFERENCES if not SEEN[name]} == set()
