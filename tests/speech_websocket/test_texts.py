"""How text that is still being written is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarash.tarash_gateway.texts import Joiner

CASES = [
    ("piece", ["Hel", "lo", " world"], ["Hel", "lo", " world"]),
    ("word", ["Hel", "lo", " world", ".", " How", " are"], ["Hello ", "world.", " ", "How ", "are"]),
    ("word", ["Hello, how are you?", "I am fine."], ["Hello, how are you?", "I am fine."]),
    ("word", ["It costs 3", ".", "14", " euros", "."], ["It costs ", "3.14 ", "euros."]),
    ("word", ["no", "space", "at", "all"], ["nospaceatall"]),
    ("word", ["a\tb\nc"], ["a\tb\n", "c"]),
    ("word", ["", "", ""], []),
    ("sentence", ["One. Two", " words", "! Three"], ["One. ", "Two words! ", "Three"]),
    ("sentence", ["Hello there", ".", " And more"], ["Hello there.", " And more"]),
    ("sentence", ["\u4f60\u597d\u3002", "\u518d\u89c1"], ["\u4f60\u597d\u3002", "\u518d\u89c1"]),
]


@pytest.mark.parametrize(("unit", "pieces", "units"), CASES)
def test_units(unit: str, pieces: list[str], units: list[str]) -> None:
    joiner = Joiner(unit)  # type: ignore[arg-type]
    assert [*(one for piece in pieces for one in joiner.feed(piece)), *joiner.finish()] == units


@given(
    st.lists(st.text(alphabet="ab1 .!?\n")),
    st.sampled_from(["piece", "word", "sentence"]),
    st.one_of(st.none(), st.integers(1, 9)),
)
def test_nothing_is_lost_or_added(pieces: list[str], unit: str, longest: int | None) -> None:
    joiner = Joiner(unit, longest)  # type: ignore[arg-type]
    units = [*(one for piece in pieces for one in joiner.feed(piece)), *joiner.finish()]
    assert "".join(units) == "".join(pieces)
    assert all(units)
    assert longest is None or all(len(one) <= longest for one in units)


@given(st.lists(st.text(alphabet="ab .!?")))
def test_no_word_is_cut(pieces: list[str]) -> None:
    joiner = Joiner("word")
    units = [*(one for piece in pieces for one in joiner.feed(piece)), *joiner.finish()]
    whole = "".join(pieces)
    at = 0
    for one in units[:-1]:
        at += len(one)
        assert whole[at - 1].isspace() or whole[at - 1] in ".!?"
