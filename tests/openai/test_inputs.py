"""Input pictures and masks: in whatever form they are given, and what arrives."""

import base64
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.openai.desk import PICTURE, SECOND, Desk, drawn_mask, saved
from tests.support.desks import as_input
from tests.support.worlds import SyncWorld

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.testkit.openai import OpenAISimulator
from tarash.testkit.server import ScriptedServer
from tarash.testkit.steps import Answer


def test_white_becomes_transparent(vendor: OpenAISimulator) -> None:
    request = {"image_list": [as_input(PICTURE), as_input(SECOND)], "mask_image": as_input(drawn_mask())}
    Desk(SyncWorld(), vendor).generate("image", request)
    mask = Image.open(io.BytesIO(vendor.requests("edit_image")[0].parts[-1].content))
    assert (mask.format, mask.mode, mask.size) == ("PNG", "RGBA", (64, 48))
    pixels = mask.getchannel("A").tobytes()
    assert pixels == (b"\0" * 32 + b"\xff" * 32) * 48


def repr_of_length(value: Any) -> str | None:
    return f"{len(value)} bytes" if isinstance(value, bytes) else None


def drawn(mode: str, marked: Any, other: Any) -> bytes:
    mask = Image.new(mode, (64, 48), other)
    mask.paste(marked, (0, 0, 32, 48))
    return saved(mask)


@pytest.mark.parametrize(
    ("mask", "edited"),
    [
        (drawn("1", 1, 0), True),
        (drawn("RGB", (255, 255, 255), (0, 0, 0)), True),
        (drawn("L", 128, 127), True),
        (drawn("LA", (255, 255), (0, 255)), True),
        (drawn("RGBA", (255, 255, 255, 255), (0, 0, 0, 0)), True),
        (drawn("RGBA", (255, 255, 255, 255), (255, 255, 255, 0)), True),
        (saved(Image.open(io.BytesIO(drawn_mask())).convert("P")), True),
        (saved(Image.open(io.BytesIO(drawn_mask())), "JPEG"), True),
        (drawn("RGBA", (0, 0, 0, 0), (0, 0, 0, 255)), False),
        (drawn("L", 0, 0), False),
    ],
    ids=repr_of_length,
)
def test_masks_of_all_kinds_are_understood_or_refused(vendor: OpenAISimulator, mask: bytes, edited: bool) -> None:
    desk = Desk(SyncWorld(), vendor)
    request = {"image_list": [as_input(PICTURE)], "mask_image": as_input(mask)}
    if not edited:
        with pytest.raises(ValidationError, match=r"no white area.*mask_form"):
            desk.generate("image", request)
        assert vendor.ledger.posts == 0
        return
    desk.generate("image", request)
    sent = Image.open(io.BytesIO(vendor.requests("edit_image")[0].parts[-1].content)).getchannel("A")
    assert sent.tobytes() == (b"\0" * 32 + b"\xff" * 32) * 48


@pytest.mark.parametrize(
    ("mask", "problem"),
    [
        (drawn_mask(size=(10, 10)), "10x10 pixels, the image 64x48"),
        (b"\x89PNG\r\n\x1a\nbroken", "cannot be read as a picture"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused_before_paying(desk: Desk, mask: bytes, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        desk.generate("image", {"image_list": [as_input(PICTURE)], "mask_image": as_input(mask)})
    assert desk.vendor.ledger.posts == 0


def test_a_mask_behind_a_link_is_fetched_and_converted(desk: Desk) -> None:
    with ScriptedServer(lambda request: Answer(200, {}, drawn_mask()), clock=desk.vendor.clock) as elsewhere:
        desk.generate("image", {"image_list": [as_input(PICTURE)], "mask_image": f"{elsewhere.url}/mask"})
    sent = desk.vendor.requests("edit_image")[0].parts[-1]
    assert Image.open(io.BytesIO(sent.content)).mode == "RGBA"


def test_every_form_of_an_input_image_arrives(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(PICTURE)
    text = base64.b64encode(PICTURE).decode()
    forms = [file, text, f"data:image/png;base64,{text}", as_input(PICTURE), io.BytesIO(PICTURE)]
    desk.generate("image", {"image_list": forms})
    parts = [part for part in desk.vendor.requests("edit_image")[0].parts if part.name == "image[]"]
    assert [(part.file_name, part.content_type, part.content) for part in parts] == [
        ("input.png", "image/png", PICTURE)
    ] * 5


def test_a_large_file_is_taken_from_the_disk(vendor: OpenAISimulator, tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    file.write_bytes(PICTURE + bytes(33 * 1024 * 1024))
    Desk(SyncWorld(), vendor).generate("image", {"image_list": [file]})
    assert len(vendor.requests("edit_image")[0].parts[-1].content) == file.stat().st_size


def test_without_pillow_a_mask_is_refused_before_paying(vendor: OpenAISimulator, tmp_path: Path) -> None:
    """In a process of its own, where the extra was not installed: a finder says so for Pillow."""
    code = f"""
import sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "PIL":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NotInstalled())
from tarash.tarash_gateway import generate_image
from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

picture = {as_input(PICTURE)!r}
config = ImageGenerationConfig(
    provider="openai", model="gpt-image-2", api_key={vendor.key!r}, base_url={vendor.base_url!r},
    provider_config={{"mask_form": sys.argv[1]}},
)
try:
    generate_image(config, ImageGenerationRequest(prompt="x", image_list=[picture], mask_image=picture))
except ValidationError as error:
    print(error)
"""

    def run(form: str) -> str:
        return subprocess.run([sys.executable, "-c", code, form], capture_output=True, check=True, text=True).stdout

    told = run("white")
    assert "pip install 'tarash-openai[masks]'" in told
    assert vendor.server.requests.total == 0
    assert "OpenAI refused the request: Invalid value for 'mask'" in run("transparent")
    assert vendor.ledger.posts == 1
