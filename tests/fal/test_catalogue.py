"""The bundled catalogue: what it knows, what it says of other ids, and the script that builds it."""

import importlib.util
import json
import subprocess
import sys
import zlib
from pathlib import Path
from types import ModuleType

import pytest

from tarash.providers.fal import catalogue
from tarash.providers.fal.catalogue import Endpoint, Input

REPOSITORY = Path(__file__).parents[2]


def known(model: str) -> Endpoint:
    endpoint = catalogue.find(model)
    assert endpoint is not None
    return endpoint


def allowed(model: str, name: str) -> tuple[str | int | float, ...] | None:
    return known(model).inputs[name].allowed


def test_it_is_small_and_holds_all_endpoints() -> None:
    assert catalogue.DATA.stat().st_size < 100_000
    ids = list(catalogue.endpoints())
    assert len(ids) > 1200
    assert ids == sorted(ids)


def test_importing_it_reads_nothing() -> None:
    code = """
import sys
opened = []
sys.addaudithook(lambda event, values: event == "open" and opened.append(str(values[0])))
from tarash.providers.fal import catalogue
assert not [name for name in opened if "catalogue.json" in name or "replaced.json" in name], opened
catalogue.find("fal-ai/flux/dev")
assert [name for name in opened if "catalogue.json" in name]
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_endpoint() -> None:
    endpoint = known("fal-ai/veo3.1/fast/image-to-video")
    assert endpoint.kind == "video"
    assert endpoint.inputs["prompt"] == Input("prompt", "string", required=True)
    assert endpoint.inputs["image_url"] == Input("image_url", "file", required=True)
    assert endpoint.inputs["duration"] == Input("duration", "string", allowed=("4s", "6s", "8s"))
    assert endpoint.inputs["generate_audio"].type == "boolean"
    assert endpoint.outputs["video"].type == "file"


def test_nested_inputs() -> None:
    size = known("fal-ai/flux/dev").inputs["image_size"]
    assert (size.type, set(size.fields)) == ("object", {"width", "height"})
    assert size.allowed is not None
    assert "square_hd" in size.allowed
    elements = known("fal-ai/kling-video/o1/image-to-video").inputs
    assert "elements" not in elements
    element = known("fal-ai/kling-video/o1/standard/reference-to-video").inputs["elements"].item
    assert element is not None
    assert element.fields["frontal_image_url"] == Input("frontal_image_url", "file", required=True)
    images = known("fal-ai/flux-pro/kontext/multi").inputs["image_urls"].item
    assert images == Input("image_urls", "file")


@pytest.mark.parametrize(
    ("model", "name", "values"),
    [
        ("fal-ai/kokoro/spanish", "voice", ("ef_dora", "em_alex", "em_santa")),
        ("fal-ai/kokoro/hindi", "voice", ("hf_alpha", "hf_beta", "hm_omega", "hm_psi")),
        ("fal-ai/wan-25-preview/text-to-video", "duration", ("5", "10")),
        ("fal-ai/wan-25-preview/text-to-video", "resolution", ("480p", "720p", "1080p")),
        ("fal-ai/kling-video/o1/image-to-video", "duration", ("3", "4", "5", "6", "7", "8", "9", "10")),
        ("fal-ai/sync-lipsync/v2", "model", ("lipsync-2", "lipsync-2-pro")),
    ],
)
def test_values_that_the_newest_map_has_from_another_endpoint(model: str, name: str, values: tuple[str, ...]) -> None:
    assert set(allowed(model, name) or ()) == set(values)


@pytest.mark.parametrize(
    ("model", "name", "values"),
    [
        ("fal-ai/sora-2/text-to-video", "duration", (4, 8, 12, 16, 20)),
        ("fal-ai/ltx-2/text-to-video/fast", "duration", (6, 8, 10, 12, 14, 16, 18, 20)),
        ("fal-ai/kling-video/v2.6/pro/text-to-video", "duration", ("5", "10")),
        ("fal-ai/flux-pro/v1.1", "safety_tolerance", ("1", "2", "3", "4", "5", "6")),
    ],
)
def test_numbers_are_numbers_and_text_is_text(model: str, name: str, values: tuple[str | int, ...]) -> None:
    found = allowed(model, name) or ()
    assert [(one, type(one)) for one in found] == [(one, type(one)) for one in values]


def test_numbers_inside_objects() -> None:
    setting = known("fal-ai/minimax/speech-2.8-hd").inputs["audio_setting"].fields
    assert setting["bitrate"].allowed == (32000, 64000, 128000, 256000)
    assert setting["sample_rate"].type == "integer"


def test_endpoints_that_only_the_older_map_has() -> None:
    assert known("fal-ai/kling-video/v2.1/pro/image-to-video").inputs["image_url"].required


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("fal-ai/veo3.1", "video"),
        ("fal-ai/sync-lipsync/v2", "video"),
        ("fal-ai/flux-2-pro", "image"),
        ("fal-ai/image-preprocessors/midas", "image"),
        ("fal-ai/kokoro/spanish", "audio"),
        ("fal-ai/chatterbox/speech-to-speech", "audio"),
        ("fal-ai/elevenlabs/speech-to-text", "other"),
        ("fal-ai/flux-lora-fast-training", "other"),
        ("fal-ai/trellis", "other"),
    ],
)
def test_kinds(model: str, kind: str) -> None:
    assert known(model).kind == kind


def test_an_unknown_id() -> None:
    assert catalogue.find("fal-ai/no-such-model") is None
    assert catalogue.find("") is None
    assert catalogue.replaced("fal-ai/no-such-model") is None


def test_an_id_without_an_entry_is_like_its_sibling() -> None:
    endpoint = known("fal-ai/wan/v2.2-a14b/image-to-video")
    assert endpoint.id == "fal-ai/wan/v2.2-a14b/image-to-video"
    assert "loras" not in endpoint.inputs
    assert endpoint.inputs["image_url"].required


@pytest.mark.parametrize(
    ("model", "state", "instead"),
    [
        ("fal-ai/kling-video/v2.6", "only a prefix", "fal-ai/kling-video/v2.6/pro/text-to-video"),
        (
            "fal-ai/kling-video/v2.1/standard/text-to-video",
            "not an endpoint",
            "fal-ai/kling-video/v2.1/standard/image-to-video",
        ),
        ("fal-ai/flux-2/pro", "not an endpoint", "fal-ai/flux-2-pro"),
        ("fal-ai/flux-2/flex", "not an endpoint", "fal-ai/flux-2-flex"),
        ("fal-ai/flux-2/dev", "not an endpoint", "fal-ai/flux-2"),
        ("fal-ai/flux-pro", "only a prefix", "fal-ai/flux-pro/v1.1"),
        ("fal-ai/flux-pro/v1.1-raw", "not an endpoint", "fal-ai/flux-pro/v1.1-ultra"),
        ("fal-ai/recraft-v3", "retired", "fal-ai/recraft/v3/text-to-image"),
        ("fal-ai/recraft", "only a prefix", "fal-ai/recraft/v3/text-to-image"),
        ("fal-ai/ideogram", "only a prefix", "fal-ai/ideogram/v3"),
        ("fal-ai/veo3", "retired", "fal-ai/veo3.1"),
        ("fal-ai/veo3/fast/image-to-video", "retired", "fal-ai/veo3.1/fast/image-to-video"),
        ("fal-ai/veo2/image-to-video", "retired", "fal-ai/veo3.1/image-to-video"),
        ("fal-ai/veo3/of-another-day", "retired", "fal-ai/veo3.1"),
        (
            "fal-ai/bytedance/seedance/v1/lite/reference-to-video",
            "retired",
            "bytedance/seedance-2.0/reference-to-video",
        ),
        ("fal-ai/sora-2/image-to-video/pro", "retired", None),
    ],
)
def test_ids_that_are_no_endpoint_any_more(model: str, state: str, instead: str | None) -> None:
    replaced = catalogue.replaced(model)
    assert replaced is not None
    assert replaced.state == state
    assert instead in replaced.instead if instead else not replaced.instead


def test_what_replaces_an_id_is_known_where_it_can_be() -> None:
    ids = set(catalogue.endpoints())
    entries = json.loads(catalogue.REPLACED.read_text(encoding="utf-8"))
    named = {name for entry in entries.values() for name in entry.get("instead", ()) if not name.endswith("*")}
    assert {name for name in named - ids if not name.startswith("bytedance/seedance-2.0/")} == set()


@pytest.mark.parametrize(
    ("model", "nearest"),
    [
        ("fal-ai/flux/devv", "fal-ai/flux/dev"),
        ("fal-ai/kling-video/v2.6/pro", "fal-ai/kling-video/v2.6/pro/text-to-video"),
        ("fal-ai/veo3.1-fast", "fal-ai/veo3.1/fast"),
    ],
)
def test_the_nearest_ids(model: str, nearest: str) -> None:
    assert nearest in catalogue.nearest(model)
    assert len(catalogue.nearest(model)) <= 3


def test_nothing_is_near_to_nonsense() -> None:
    assert catalogue.nearest("zzzzzzzzzzzz") == []


@pytest.fixture(scope="module")
def build() -> ModuleType:
    path = REPOSITORY / "scripts" / "build_fal_catalogue.py"
    spec = importlib.util.spec_from_file_location("build_fal_catalogue", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["build_fal_catalogue"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NEWEST = """
export type File = { url: string; file_size?: number };
/** A comment with { marks; and "quotes". */
export type HindiInput = {
    /**
     * The voice. Default value: `"ha"`
     */
    voice?: "ha" | "hb";
    prompt: string;
};
export type SpanishInput = HindiInput;
export type SoundOutput = { audio: File };
export type Loop = { name: string; next?: Loop };
export type VideoInput = {
    image_url: string | Blob | File;
    image_urls?: Array<string>;
    "image_size"?: ImageSize | "square" | "wide";
    rate?: "24" | "25";
    fps?: "24" | "25";
    ratio?: "16:9" | string;
    count?: 1 | 2;
    pair?: [number, number];
    names?: string[];
    loop?: Loop;
    extra?: Record<string, any>;
    anything?: unknown;
};
export type ImageSize = { height?: number; width?: number; };
export type EndpointTypeMap = {
    "some/hindi": { input: HindiInput; output: SoundOutput; };
    "some/spanish": { input: SpanishInput; output: SoundOutput };
    "some/video": { input: VideoInput; output: { video: File; seed: number } };
};
export {};
"""
OLDER = """
export type File = { url: string };
export type HindiInput = { voice?: "ha" | "hb"; prompt: string };
export type SpanishInput = { voice?: "sa" | "sb" | "sc"; prompt: string };
export type EndpointTypeMap = {
    "some/hindi": { input: HindiInput; output: { audio: File } };
    "some/spanish": { input: SpanishInput; output: { audio: File } };
    "some/gone": { input: SpanishInput; output: { audio: File } };
};
"""


@pytest.fixture
def built(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The catalogue module, as another process would load it beside a small data file."""
    tables = build.build(build.TypeMap(NEWEST), build.TypeMap(OLDER))
    source = Path(catalogue.__file__).read_text(encoding="utf-8")
    (tmp_path / "small_catalogue.py").write_text(source, encoding="utf-8")
    (tmp_path / "catalogue.json.zlib").write_bytes(zlib.compress(json.dumps(tables.data(["test"])).encode()))
    (tmp_path / "replaced.json").write_text("{}", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("small_catalogue", tmp_path / "small_catalogue.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "small_catalogue", module)
    spec.loader.exec_module(module)
    return module


def test_the_script_writes_what_the_catalogue_reads(built: ModuleType) -> None:
    endpoint = built.find("some/video")
    inputs = endpoint.inputs
    types = {name: value.type for name, value in inputs.items()}
    assert types == {
        "image_url": "file",
        "image_urls": "array",
        "image_size": "object",
        "rate": "string",
        "fps": "integer",
        "ratio": "string",
        "count": "number",
        "pair": "array",
        "names": "array",
        "loop": "object",
        "extra": "object",
        "anything": "unknown",
    }
    assert [name for name, value in inputs.items() if value.required] == ["image_url"]
    assert inputs["image_size"].allowed == ("square", "wide")
    assert set(inputs["image_size"].fields) == {"height", "width"}
    assert (inputs["rate"].allowed, inputs["fps"].allowed) == (("24", "25"), (24, 25))
    assert (inputs["ratio"].allowed, inputs["count"].allowed) == (None, (1, 2))
    assert inputs["image_urls"].item.type == "file"
    assert inputs["loop"].fields["next"].fields == {}
    assert (endpoint.kind, endpoint.outputs["video"].type) == ("video", "file")


def test_the_script_repairs_shared_types_and_keeps_what_was_left_out(built: ModuleType) -> None:
    assert list(built.endpoints()) == ["some/gone", "some/hindi", "some/spanish", "some/video"]
    assert built.find("some/hindi").inputs["voice"].allowed == ("ha", "hb")
    assert built.find("some/spanish").inputs["voice"].allowed == ("sa", "sb", "sc")
    assert built.find("some/gone").kind == "audio"


def test_a_family_whose_values_were_extended_keeps_the_new_ones(build: ModuleType) -> None:
    def source(values: str, other: str) -> str:
        types = f"export type Shared = {{ duration?: {values} }}; export type A = Shared; export type B = {other};"
        endpoints = '"o/app/v1/a": { input: A; output: A }; "o/app/v1/b": { input: B; output: B }'
        return f"{types} export type EndpointTypeMap = {{ {endpoints} }};"

    newest = build.TypeMap(source('"3" | "5" | "10"', "Shared"))
    older = build.TypeMap(source('"5" | "10"', '{ duration?: "5" | "10" }'))
    node, _ = build.corrected_inputs(newest, older, "o/app/v1/b")["duration"]
    assert [option.value for option in node.options] == ["3", "5", "10"]


@pytest.mark.parametrize(
    "source", ["export const a = 1;", "export type A = ;", "export type A = { b: string", "export @"]
)
def test_the_script_refuses_what_it_does_not_understand(build: ModuleType, source: str) -> None:
    with pytest.raises(ValueError, match=r"expected|begins|known"):
        build.Parser(source).declarations()


def test_the_data_file_names_its_sources() -> None:
    data = json.loads(zlib.decompress(catalogue.DATA.read_bytes()))
    assert data["sources"] == ["@fal-ai/client 1.10.1", "@fal-ai/client 1.9.3"]
