"""What tarash sends, against the vendor's OpenAPI facts: nothing unknown, nothing missing, every value allowed."""

import pytest
from tests.stability.cases import CASES, Case
from tests.stability.desk import Desk
from tests.stability.facts import ACCEPT, ENDPOINTS, Endpoint, allows
from tests.support.worlds import SyncWorld

from tarash.testkit.requests import Part, RecordedRequest
from tarash.testkit.stability import StabilitySimulator

MODES = {"json": "application/json", "image": "image/*"}


def sent_by(vendor: StabilitySimulator, case: Case, accept: str) -> RecordedRequest:
    desk = Desk(SyncWorld(), vendor)
    desk.submit(case.request, case.model, provider_config={"accept": accept})
    [request] = vendor.requests("create")
    return request


@pytest.mark.parametrize("accept", MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_says_what_was_asked_and_what_the_vendor_knows(
    vendor: StabilitySimulator, case: Case, accept: str
) -> None:
    request = sent_by(vendor, case, accept)
    assert (request.method, request.path, request.query) == ("POST", f"/v2beta/stable-image/{case.endpoint}", [])
    assert request.headers["authorization"] == f"Bearer {vendor.key}"
    assert request.headers["accept"] == MODES[accept]
    assert request.headers["accept"] in ACCEPT
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    names = [part.name for part in request.parts]
    assert len(names) == len(set(names))
    texts = {str(part.name): part.text for part in request.parts if part.file_name is None}
    files = {str(part.name): part.content for part in request.parts if part.file_name is not None}
    assert (texts, files) == case.form
    for part in request.parts:
        fits(part, ENDPOINTS[case.endpoint])
    assert {*ENDPOINTS[case.endpoint].required} <= {*names}
    assert not ENDPOINTS[case.endpoint].one_of or {*ENDPOINTS[case.endpoint].one_of} & {*names}


def fits(part: Part, endpoint: Endpoint) -> None:
    """A part is known to the endpoint, and its value is allowed."""
    rule = endpoint.parameters[str(part.name)]
    assert (part.file_name is not None) is (rule.rstrip("!") == "file")
    if part.file_name is None:
        assert allows(rule, part.text), (part.name, part.text)
        assert part.content_type is None
    else:
        assert part.content_type in ("image/png", "image/jpeg", "image/webp")
        assert part.file_name in ("input.png", "input.jpg", "input.webp")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_parameter_of_an_endpoint_is_sent_by_some_case(endpoint: str) -> None:
    here = [case.form for case in CASES if case.endpoint == endpoint]
    sent = {name for texts, files in here for name in (*texts, *files)}
    assert sent == {*ENDPOINTS[endpoint].parameters}


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 25
    print(f"cases compared with the OpenAPI facts: {len(CASES)}, in each of {len(ACCEPT)} Accept modes; differences: 0")


@pytest.mark.parametrize("accept", MODES)
def test_a_result_is_asked_for_as_the_vendor_says(vendor: StabilitySimulator, accept: str) -> None:
    desk = Desk(SyncWorld(), vendor)
    case = CASES[-1]
    desk.generate(case.request, case.model, provider_config={"accept": accept})
    *_, poll = vendor.requests("result")
    assert (poll.method, poll.path) == ("GET", f"/v2beta/results/{vendor.works[0].id}")
    assert (poll.headers["accept"], poll.headers["authorization"]) == (MODES[accept], f"Bearer {vendor.key}")
    assert (poll.query, poll.body) == ([], b"")
