"""Sizes by resolution and shape, out of a vendor's list."""

import pytest

from tarash.tarash_gateway.providers.sizes import by_shape, choose_size, named_sizes, nearest_shape, shape_of, sides

EQUAL_AREAS = ("864:496", "1280:720", "640:640", "960:960", "560:752", "834:1112")
EQUAL_HEIGHTS = ("848x480", "1280x720", "480x480", "720x720", "640x480", "960x720")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1280:720", (1280, 720)), ("1280x720", (1280, 720)), ("1280X720", (1280, 720)), ("16:9", None), ("auto", None)],
)
def test_sizes_are_read(value: str, expected: tuple[int, int] | None) -> None:
    assert sides(value) == expected


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(864, 496, "16:9"), (1104, 832, "4:3"), (1584, 672, "21:9"), (176, 1408, "1:8"), (1000, 160, None)],
)
def test_shapes_are_recognised(width: int, height: int, shape: str | None) -> None:
    assert shape_of(width, height) == shape


@pytest.mark.parametrize(("width", "height", "shape"), [(1024, 768, "4:3"), (768, 1024, "1:1"), (4000, 100, "16:9")])
def test_the_nearest_shape_of_a_list_is_found(width: int, height: int, shape: str) -> None:
    assert nearest_shape(width, height, ("1:1", "4:3", "16:9")) == shape


@pytest.mark.parametrize(
    ("values", "resolution", "shape", "size"),
    [
        (EQUAL_AREAS, None, None, "1280:720"),
        (EQUAL_AREAS, "480p", None, "864:496"),
        (EQUAL_AREAS, None, "1:1", "960:960"),
        (EQUAL_AREAS, "480p", "1:1", "640:640"),
        (EQUAL_AREAS, None, "3:4", "834:1112"),
        (EQUAL_HEIGHTS, None, "1:1", "720x720"),
        (EQUAL_HEIGHTS, "480p", "4:3", "640x480"),
        (("3840:2160", "2160:3840"), None, "9:16", "2160:3840"),
    ],
)
def test_a_size_is_chosen(values: tuple[str, ...], resolution: str | None, shape: str | None, size: str) -> None:
    assert choose_size(named_sizes(values), resolution, shape) == size


def test_a_size_that_is_not_there_is_refused_with_the_list() -> None:
    with pytest.raises(ValueError, match=r"no 1080p 1:1; the model makes .*480p 1:1 \(640:640\)"):
        choose_size(named_sizes(EQUAL_AREAS), "1080p", "1:1")
    with pytest.raises(ValueError, match="there is no"):
        choose_size(named_sizes(("auto", "16:9")), None, None)


def test_words_and_unusual_shapes_are_left_out() -> None:
    assert by_shape(("auto", "1000:160", "1280:720")) == {"16:9": ["1280:720"]}
