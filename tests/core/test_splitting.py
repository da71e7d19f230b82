"""Long texts in pieces: nothing is lost, no piece is too long, and the cuts lie where a speaker would pause."""

import time
from collections.abc import Callable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarash.tarash_gateway.splitting import split_text

WORDS = st.text(st.characters(codec="utf-8"), max_size=60)
TEXTS = st.lists(
    st.one_of(WORDS, st.sampled_from([". ", "! ", "。", "। ", ", ", "\n\n", " ", "e\u0301", "क्ष", "🇮🇳", "👩‍🚀"]))
).map("".join)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def without_blanks(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.integers(2, 50), st.sampled_from([len, utf16]))
def test_nothing_is_lost_and_every_piece_fits(text: str, most: int, count: Callable[[str], int]) -> None:
    pieces = split_text(text, most, count)
    assert without_blanks("".join(pieces)) == without_blanks(text)
    assert all(piece.strip() == piece and piece and count(piece) <= most for piece in pieces)


@given(st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=1), st.integers(9, 40))
def test_no_word_is_torn_that_fits(words: list[str], most: int) -> None:
    pieces = split_text(" ".join(words), most)
    assert [word for piece in pieces for word in piece.split()] == words


@given(
    st.lists(st.from_regex(r"[A-Z][a-z]{0,8}( [a-z]{1,5}){0,3}[.!?]", fullmatch=True), min_size=1), st.integers(40, 90)
)
def test_sentences_stay_whole_in_as_few_pieces_as_fit(sentences: list[str], most: int) -> None:
    pieces = split_text(" ".join(sentences), most)
    assert " ".join(pieces) == " ".join(sentences)
    assert all(piece[-1] in ".!?" for piece in pieces)
    fewest, filled = 1, -1
    for sentence in sentences:
        filled += 1 + len(sentence)
        if filled > most:
            fewest, filled = fewest + 1, len(sentence)
    assert len(pieces) == fewest


CHARACTERS = [
    "e\u0301\u0308",
    "क्षि",
    "👩‍🚀",
    "👍🏽",
    "🇮🇳",
    "🇩🇪",
    "\u1112\u1161\u11ab",
    "字",
    "x",
    "❤️",
    "。\ufe0e",
    "、\u0301",
]


@given(st.lists(st.sampled_from(CHARACTERS), min_size=1), st.integers(4, 20))
def test_no_character_is_torn(characters: list[str], most: int) -> None:
    whole = set(accumulate(map(len, characters)))
    assert whole >= set(accumulate(map(len, split_text("".join(characters), most))))


@pytest.mark.parametrize(
    ("text", "most", "pieces"),
    [
        ("One two. Three four. Five.", 21, ["One two. Three four.", "Five."]),
        ("One two, three four; five six.", 21, ["One two, three four;", "five six."]),
        ("It costs 3.14 at 12:30 or so.", 14, ["It costs 3.14", "at 12:30 or", "so."]),
        ("He met e.g. old friends. Then he left.", 30, ["He met e.g. old friends.", "Then he left."]),
        ('"Stop!" he cried. "Now."', 18, ['"Stop!" he cried.', '"Now."']),
        ("Wirklich?! Ja. Nein.", 14, ["Wirklich?! Ja.", "Nein."]),
        ("यह पहला है। यह दूसरा है॥ और यह।", 12, ["यह पहला है।", "यह दूसरा है॥", "और यह।"]),
        ("今日は晴れ。明日は雨です！本当？", 10, ["今日は晴れ。", "明日は雨です！本当？"]),
        ("他说：「你好。」然后走了。", 9, ["他说：「你好。」", "然后走了。"]),
        ("چلو۔ پھر ملیں گے۔", 12, ["چلو۔", "پھر ملیں گے۔"]),
        ("A heading\n\nThe first sentence", 20, ["A heading", "The first sentence"]),
        ("abcdefghij klm", 4, ["abcd", "efgh", "ij", "klm"]),
        ("🇮🇳🇩🇪🇫🇷", 3, ["🇮🇳", "🇩🇪", "🇫🇷"]),
        ("👩‍🚀👩‍🚀", 4, ["👩‍🚀", "👩‍🚀"]),
        ("  ", 3, []),
        ("short", 30, ["short"]),
    ],
)
def test_where_the_cuts_lie(text: str, most: int, pieces: list[str]) -> None:
    assert split_text(text, most) == pieces


@pytest.mark.parametrize(
    "text", ["." * 200_000, "word " * 40_000, "字" * 200_000, "a," * 100_000, "no end " * 30_000 + " " * 90_000 + "x"]
)
def test_odd_texts_take_no_time(text: str) -> None:
    before = time.process_time()
    split_text(text, 2500)
    assert time.process_time() - before < 2
