"""Measure how well the field rules of tarash-fal fit a reference table of endpoints.

    python scripts/measure_fal_rules.py [TABLE] [--verbose]

TABLE (default: $TARASH_FAL_TABLE, else shared/fal/endpoints.json.gz beside the repository) is gzipped JSON: for each
endpoint the kind of its output `k`, its inputs `i` and outputs `o`. An input is `s` text, `n` number, `b` boolean, `f`
file, a list of allowed values, `{"a": item}`, `{"o": fields}` or `{"u": choices}`; `[code, 1]` is required.

Each endpoint is called on paper: a request with its required fields is put through the mapping, and the payload is
judged by the table. Once the table stands for the live schema, once the bundled catalogue is all that is known. The
exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tarash.providers.fal import catalogue
from tarash.providers.fal.catalogue import Endpoint, Input, is_link
from tarash.providers.fal.rules import mapping_for
from tarash.tarash_gateway.models import (
    ImageGenerationRequest,
    Kind,
    STSRequest,
    TTSRequest,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.parameters import Applied, apply_mapping
from tarash.tarash_gateway.providers.field_mappers import FieldMapper, FieldMapping, seconds_of

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "fal" / "endpoints.json.gz"
TARGETS = {"video": 0.87, "image": 0.90, "audio": 0.76}
KINDS: Mapping[str, tuple[Kind, ...]] = {"video": ("video",), "image": ("image",), "audio": ("tts", "sts")}
REQUESTS: Mapping[Kind, type[Any]] = {
    "video": VideoGenerationRequest,
    "image": ImageGenerationRequest,
    "tts": TTSRequest,
    "sts": STSRequest,
}
LINK = "https://example.com/input"
PLAIN = {"s": "string", "n": "number", "b": "boolean", "f": "file"}
SAMPLES: Mapping[str, Any] = {
    "aspect_ratio": "16:9",
    "audio": LINK,
    "duration_seconds": 5,
    "enhance_prompt": True,
    "generate_audio": True,
    "language_code": "en",
    "mask_image": LINK,
    "n": 1,
    "negative_prompt": "fog",
    "prompt": "a lighthouse",
    "quality": "high",
    "resolution": "720p",
    "seed": 1,
    "size": "1024x1024",
    "style": "anime",
    "text": "a lighthouse",
    "video": LINK,
    "voice_id": "Alice",
}
NAMES_OF_ROLES = {"last_frame": ("end_", "last_", "tail_"), "first_frame": ("start_", "first_"), "style": ("style_",)}


def read_input(name: str, code: Any) -> Input:
    required = isinstance(code, list) and len(code) == 2 and code[1] == 1 and _is_code(code[0])
    code = code[0] if required else code
    if isinstance(code, str):
        kind: Any = "file" if code == "s" and is_link(name) else PLAIN.get(code, "unknown")
        return Input(name, kind, required)
    if isinstance(code, list):
        numbers = all(isinstance(value, int | float) for value in code)
        return Input(name, "integer" if numbers else "string", required, tuple(code))
    return _nested(name, code, required)


def _is_code(code: Any) -> bool:
    """A list of two allowed values looks like a required input, but a value is no code."""
    return isinstance(code, list | dict) or code in PLAIN or code == "*"


def _nested(name: str, code: dict[str, Any], required: bool) -> Input:
    if "a" in code:
        return Input(name, "array", required, item=read_input(name, code["a"]))
    if "o" in code:
        return Input(name, "object", required, fields={key: read_input(key, value) for key, value in code["o"].items()})
    choices = [read_input(name, choice) for choice in code.get("u", ())]
    free = next((one for one in choices if one.type in ("string", "file", "number") and one.allowed is None), None)
    if free is not None:
        return Input(name, free.type, required)
    values = tuple(value for one in choices for value in one.allowed or ())
    fields = next((one.fields for one in choices if one.type == "object"), {})
    return Input(name, "object" if fields else "string", required, values or None, fields=fields)


def read_table(path: Path) -> list[Endpoint]:
    """The endpoints of the table that make videos, images or sound."""
    with gzip.open(path) as file:
        table: dict[str, Any] = json.load(file)
    return [
        Endpoint(name, entry["k"], {key: read_input(key, code) for key, code in entry["i"].items()})
        for name, entry in table.items()
        if entry["k"] in TARGETS
    ]


@dataclass
class Figures:
    """Counts for one kind of output. The lists hold a sentence for each fault."""

    known: int = 0
    total: int = 0
    covered: int = 0
    callable: int = 0
    roles: list[str] = field(default_factory=list)
    durations: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    uncovered: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        return self.covered / max(self.known, 1)


def fill(endpoint: Endpoint, kind: Kind, mapping: FieldMapping, extra: dict[str, Any]) -> Applied:
    """What becomes of a request that sets what the endpoint requires, as far as the mapping has fields for it."""
    values: dict[str, Any] = {"image_list": []}
    for parameter, mapper in mapping.items():
        wanted = endpoint.inputs.get(parameter.partition(".")[0])
        if wanted is None or not wanted.required:
            continue
        if mapper.roles:
            values["image_list"].append({"image": LINK, "type": mapper.roles[0]})
        elif mapper.sources and (source := mapper.sources[0].partition(".")[0]) not in values:
            values[source] = sample(source, wanted)
    voices = (mapper.allowed[0] for mapper in mapping.values() if "voice_id" in mapper.sources and mapper.allowed)
    known = {"prompt": "", "text": "", "audio": LINK, "voice_id": next(voices, "Alice"), **values}
    model = REQUESTS[kind]
    fields = {name: value for name, value in known.items() if name in model.model_fields}
    return apply_mapping(mapping, model(**fields, extra_params=extra))


def sample(source: str, wanted: Input) -> Any:
    """A value for a field that the endpoint would take."""
    if source == "voice_id" and wanted.type == "file":
        return LINK
    if wanted.allowed and source == "duration_seconds":
        return next((seconds for one in wanted.allowed if (seconds := seconds_of(one))), 5)
    is_free = source not in SAMPLES or isinstance(SAMPLES[source], str)
    return wanted.allowed[0] if wanted.allowed and is_free else SAMPLES.get(source)


def role_conflicts(endpoint: Endpoint, mapping: FieldMapping, live: FieldMapping) -> Iterator[str]:
    """Images that two inputs want first, and roles that a name contradicts or the live schema gives otherwise."""
    first: dict[str, str] = {}
    for name, mapper in mapping.items():
        if not mapper.roles:
            continue
        role = mapper.roles[0]
        if role in first:
            yield f"{endpoint.id}: {first[role]} and {name} both take {role}"
        first[role] = name
        told = next((told for told, words in NAMES_OF_ROLES.items() if name.startswith(words)), role)
        if told != role and endpoint.inputs[name].type != "array":
            yield f"{endpoint.id}: {name} takes {role}"
        if name in live and live[name].roles[:1] != (role,):
            yield f"{endpoint.id}: {name} takes {role}, by the live schema {live[name].roles[:1]}"


def duration_conflicts(endpoint: Endpoint, mapping: FieldMapping) -> Iterator[str]:
    """Seconds that become something the endpoint would refuse."""
    for name, mapper in mapping.items():
        wanted = endpoint.inputs.get(name)
        if mapper.sources != ("duration_seconds",) or wanted is None:
            continue
        wrong = [seconds for seconds in range(1, 21) if not accepts(wanted, sent(mapper, seconds))]
        if wrong:
            yield f"{endpoint.id}: {name} = {sent(mapper, wrong[0])!r}"


def sent(mapper: FieldMapper, value: Any) -> Any:
    made = mapper.convert(value) if mapper.convert else value
    return getattr(made, "value", made)


def accepts(wanted: Input, value: Any) -> bool:
    if wanted.allowed:
        return any(value == one and isinstance(value, str) == isinstance(one, str) for one in wanted.allowed)
    return isinstance(value, str) if wanted.type == "string" else isinstance(value, int | float)


def form_conflicts(endpoint: Endpoint, mapping: FieldMapping) -> Iterator[str]:
    """Values that would be sent as text where a number is wanted, or the other way."""
    for name, mapper in mapping.items():
        wanted = endpoint.inputs.get(name)
        if wanted is None or not wanted.allowed or not mapper.allowed or wanted.type == "object":
            continue
        wrong = [one for one in mapper.allowed if one not in wanted.allowed and _other_form(one) in wanted.allowed]
        if wrong:
            yield f"{endpoint.id}: {name} = {wrong[0]!r}"


def _other_form(value: Any) -> Any:
    if isinstance(value, str):
        return int(value) if value.isdigit() else value
    return str(value)


def measure(table: list[Endpoint], look_up: Callable[[Endpoint], Endpoint | None]) -> dict[str, Figures]:
    """The figures for mappings made of what `look_up` knows, judged by the table."""
    result = {kind: Figures() for kind in TARGETS}
    for endpoint in table:
        figures = result[endpoint.kind]
        figures.total += 1
        known = look_up(endpoint)
        if known is not None:
            figures.known += 1
            _judge(endpoint, known, figures)
    return result


def _judge(endpoint: Endpoint, known: Endpoint, figures: Figures) -> None:
    trials = [
        Trial.of(endpoint, kind, mapping_for(known, kind, strict=known is endpoint)) for kind in KINDS[endpoint.kind]
    ]
    best = min(trials, key=lambda trial: len(trial.missing))
    figures.covered += not best.missing
    figures.uncovered.update(best.missing)
    applied = fill(endpoint, best.kind, best.mapping, dict.fromkeys(best.missing, "given"))
    figures.callable += required(endpoint) <= applied.payload.keys() and not applied.named("refused")
    figures.roles += role_conflicts(endpoint, best.mapping, mapping_for(endpoint, best.kind, strict=True))
    figures.durations += duration_conflicts(endpoint, best.mapping)
    figures.forms += form_conflicts(endpoint, best.mapping)


@dataclass(frozen=True)
class Trial:
    """An endpoint called for one kind of work, and the required inputs that got nothing."""

    kind: Kind
    mapping: FieldMapping
    missing: frozenset[str]

    @classmethod
    def of(cls, endpoint: Endpoint, kind: Kind, mapping: FieldMapping) -> Trial:
        return cls(kind, mapping, required(endpoint) - fill(endpoint, kind, mapping, {}).payload.keys())


def required(endpoint: Endpoint) -> frozenset[str]:
    return frozenset(name for name, value in endpoint.inputs.items() if value.required)


def show(title: str, result: Mapping[str, Figures], verbose: bool) -> None:
    print(title)
    for kind, one in result.items():
        print(
            f"  {kind}: {one.known} of {one.total} endpoints, required inputs covered on {one.share:.1%} "
            f"(target {TARGETS[kind]:.0%}), with extra_params callable {one.callable / max(one.known, 1):.1%}; "
            f"conflicts: roles {len(one.roles)}, durations {len(one.durations)}, text for number {len(one.forms)}"
        )
        if verbose:
            print("    not covered:", ", ".join(f"{name} {count}" for name, count in one.uncovered.most_common()))
            print(*(f"    {fault}" for fault in (*one.roles, *one.durations, *one.forms)), sep="\n")


def is_good(result: Mapping[str, Figures]) -> bool:
    return all(
        one.share >= TARGETS[kind] and one.callable == one.known and not (one.roles or one.durations or one.forms)
        for kind, one in result.items()
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    table = Path(os.environ.get("TARASH_FAL_TABLE") or DEFAULT)
    parser.add_argument("table", type=Path, nargs="?", default=table, help="the reference table")
    parser.add_argument("--verbose", action="store_true", help="name what is not covered, and each conflict")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if not options.table.is_file():
        print(f"There is no table at {options.table}.")
        return 2
    table = read_table(options.table)
    live = measure(table, lambda endpoint: endpoint)
    show("The table as the live schema:", live, options.verbose)
    show("The bundled catalogue alone:", measure(table, lambda endpoint: catalogue.find(endpoint.id)), options.verbose)
    return 0 if is_good(live) else 1


if __name__ == "__main__":
    sys.exit(main())
