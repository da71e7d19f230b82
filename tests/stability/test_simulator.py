"""The simulator against the vendor's OpenAPI facts, by a client that knows nothing of tarash."""

import base64
import io
from collections.abc import Generator
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.stability.desk import PICTURE
from tests.stability.facts import ACCEPT, ENDPOINTS, ERROR, PICTURE_HEADERS, SUCCESS, Endpoint, limits

from tarash.testkit.ledger import Ledger
from tarash.testkit.media import png
from tarash.testkit.stability import Outcome, StabilitySimulator

Form = dict[str, str | bytes]


class Client:
    """Sends forms as the vendor's reference shows: each text a part, each picture a file."""

    def __init__(self, vendor: StabilitySimulator) -> None:
        self.http, self.key = httpx.Client(base_url=vendor.base_url), vendor.key

    def post(self, endpoint: str, form: Form, accept: str | None = "application/json") -> httpx.Response:
        parts: Any = {
            name: ("a.png", value, "image/png") if isinstance(value, bytes) else (None, value)
            for name, value in form.items()
        }
        # Without a file of its own httpx would write a URL-encoded form.
        return self._send("POST", f"/v2beta/stable-image/{endpoint}", accept, files=parts)

    def get(self, path: str, accept: str | None = "application/json") -> httpx.Response:
        return self._send("GET", path, accept)

    def _send(self, method: str, path: str, accept: str | None, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", **({"Accept": accept} if accept else {})}
        if accept is None:
            self.http.headers.pop("Accept", None)
        return self.http.request(method, path, headers=headers, **body)


@pytest.fixture
def client(vendor: StabilitySimulator) -> Generator[Client]:
    one = Client(vendor)
    with one.http:
        yield one


def good_value(rule: str) -> str | bytes:
    bounds = limits(rule)
    if bounds:
        return f"{bounds[1]:g}" if bounds[1] < 10_000 else str(int(bounds[1]))
    plain = rule.rstrip("!")
    if plain == "file":
        return PICTURE
    return "a boat" if plain == "text" else plain.split()[-1]


def least(endpoint: Endpoint) -> Form:
    """The smallest form that the endpoint takes."""
    names = [*endpoint.required, *endpoint.one_of[:1]]
    return {name: good_value(endpoint.parameters[name]) for name in names}


def form_with(endpoint: Endpoint, name: str, value: str | bytes) -> Form:
    """The smallest form with one more parameter, and what that one cannot be without."""
    form = {**least(endpoint), name: value}
    if name in ("image", "strength") and "strength" in endpoint.parameters:
        form = {"image": PICTURE, "strength": "0.5", **form}
    if "mode" in endpoint.parameters and "image" in form:
        form["mode"] = "image-to-image"
    if form.get("mode") == "image-to-image":
        form = {"image": PICTURE, "strength": "0.5", **form}
    return form


def shape_of(body: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in body.items()}


def size_of(content: bytes) -> tuple[int, int]:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture.size


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_endpoint_answers_in_both_modes_and_charges(client: Client, ledger: Ledger, endpoint: str) -> None:
    facts = ENDPOINTS[endpoint]
    for number, accept in enumerate(ACCEPT, 1):
        answer = client.post(endpoint, least(facts), accept)
        assert answer.status_code == 200, answer.text
        assert ledger.total_amount == facts.credits * number
        if facts.waits:
            assert shape_of(answer.json()) == {"id": str}
            assert len(answer.json()["id"]) == 64
        elif accept == "application/json":
            assert shape_of(answer.json()) == SUCCESS
            assert size_of(base64.b64decode(answer.json()["image"])) == (16, 16)
        else:
            assert all(name in answer.headers for name in PICTURE_HEADERS)
            assert (answer.headers["content-type"], size_of(answer.content)) == ("image/png", (16, 16))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_endpoint_takes_every_parameter_that_it_has(client: Client, endpoint: str) -> None:
    facts = ENDPOINTS[endpoint]
    for name, rule in facts.parameters.items():
        answer = client.post(endpoint, form_with(facts, name, good_value(rule)))
        assert answer.status_code == 200, (name, answer.text)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_endpoint_refuses_what_is_wrong_for_nothing(client: Client, ledger: Ledger, endpoint: str) -> None:
    facts = ENDPOINTS[endpoint]
    wrong: list[Form] = [{**least(facts), "quality": "high"}]
    missing = [{name} for name in facts.required] + [set(facts.one_of)] * bool(facts.one_of)
    wrong += [{name: value for name, value in least(facts).items() if name not in names} for names in missing]
    for name, rule in facts.parameters.items():
        wrong += [form_with(facts, name, value) for value in wrong_values(rule)]
    for form in wrong:
        answer = client.post(endpoint, form)
        assert (answer.status_code, shape_of(answer.json())) == (400, ERROR), form
        assert answer.json()["name"] == "bad_request"
    assert (ledger.total_charges, ledger.posts) == (0, len(wrong))


def wrong_values(rule: str) -> list[str | bytes]:
    bounds = limits(rule)
    if bounds:
        return [str(bounds[0] - 1), str(bounds[1] + 1), "much"]
    plain = rule.rstrip("!")
    return {"text": ["", "x" * 10_001], "file": ["a text"]}.get(plain, ["4:3", PICTURE])  # type: ignore[return-value]


@pytest.mark.parametrize(
    "form",
    [
        {"prompt": "x", "mode": "image-to-image", "image": PICTURE},
        {"prompt": "x", "mode": "image-to-image", "strength": "0.5"},
        {"prompt": "x", "image": PICTURE, "strength": "0.5"},
        {"prompt": "x", "mode": "image-to-image", "image": PICTURE, "strength": "0.5", "aspect_ratio": "1:1"},
    ],
)
def test_a_picture_to_begin_with_needs_its_mode_and_strength(client: Client, form: Form) -> None:
    assert client.post("generate/sd3", form).status_code == 400


def test_ultra_needs_a_strength_with_a_picture(client: Client) -> None:
    assert client.post("generate/ultra", {"prompt": "x", "image": PICTURE}).status_code == 400


def test_a_url_encoded_form_is_refused(vendor: StabilitySimulator) -> None:
    url, headers = f"{vendor.base_url}/v2beta/stable-image/generate/core", {"Authorization": f"Bearer {vendor.key}"}
    assert httpx.post(url, headers=headers, data={"prompt": "x"}).status_code == 400


def test_slow_work_is_asked_for_until_it_is_done(client: Client, vendor: StabilitySimulator, ledger: Ledger) -> None:
    work = client.post("upscale/creative", least(ENDPOINTS["upscale/creative"])).json()["id"]
    waiting = client.get(f"/v2beta/results/{work}")
    assert (waiting.status_code, waiting.json()) == (202, {"id": work, "status": "in-progress"})
    vendor.clock.advance(25)
    assert shape_of(client.get(f"/v2beta/results/{work}").json()) == SUCCESS
    for accept in ("image/*", "*/*", None):
        done = client.get(f"/v2beta/results/{work}", accept)
        assert (done.status_code, done.headers["content-type"]) == (200, "image/png")
        assert size_of(done.content) == (16, 16)
    assert (ledger.charges(work), ledger.polls) == (1, 5)
    vendor.clock.advance(24 * 3600 + 1)
    gone = client.get(f"/v2beta/results/{work}")
    assert (gone.status_code, shape_of(gone.json()), gone.json()["name"]) == (404, ERROR, "not_found")


def test_a_filtered_picture_comes_with_a_success(client: Client, vendor: StabilitySimulator) -> None:
    vendor.next_work(Outcome(filtered=True), times=2)
    answers = [client.post("generate/core", {"prompt": "x"}, accept) for accept in ACCEPT]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["finish-reason"] == "CONTENT_FILTERED"
    assert answers[1].json()["finish_reason"] == "CONTENT_FILTERED"


def test_errors_are_json_whatever_was_accepted(client: Client) -> None:
    client.key = "wrong"
    answer = client.post("generate/core", {"prompt": "x"}, "image/*")
    assert (answer.status_code, shape_of(answer.json()), answer.json()["name"]) == (401, ERROR, "unauthorized")


@pytest.mark.parametrize(
    "content", [b"GIF89a" + bytes(20), b"no picture", png(63, 64).content, png(4000, 3000).content]
)
def test_a_picture_of_another_kind_or_size_is_refused(client: Client, content: bytes) -> None:
    assert client.post("edit/inpaint", {"prompt": "x", "image": content}).status_code == 400


def test_too_large_a_request_is_refused(client: Client) -> None:
    form: Form = {"prompt": "x", "image": PICTURE + bytes(10 * 1024 * 1024)}
    assert client.post("control/sketch", form).status_code == 413


def test_an_account_can_be_empty(virtual_clock: Any) -> None:
    with StabilitySimulator(clock=virtual_clock, balance=4) as poor:
        client = Client(poor)
        with client.http:
            codes = [client.post("generate/core", {"prompt": "x"}).status_code for _ in range(2)]
            balance = client.get("/v1/user/balance").json()
        assert (codes, balance) == ([200, 402], {"credits": 1})
