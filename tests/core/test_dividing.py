"""One request of the caller's, bought as several: each output has a seed of its own."""

import pytest

from tarash.tarash_gateway.exceptions import ValidationError
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest
from tarash.tarash_gateway.parameters import apply_mapping, enforce, in_one_account
from tarash.tarash_gateway.providers.field_mappers import FieldMapping, passthrough_field_mapper
from tarash.tarash_gateway.splitting import divide

SEEDED: FieldMapping = {
    "text": passthrough_field_mapper("prompt"),
    "seed": passthrough_field_mapper("seed", minimum=-1, maximum=100),
}
COUNTED: FieldMapping = {**SEEDED, "amount": passthrough_field_mapper("n")}


def seeds(seed: int | None, count: int, mapping: FieldMapping = SEEDED) -> list[int | None]:
    return [one.seed for one in divide(ImageGenerationRequest(prompt="x", n=count, seed=seed), mapping).requests]


def test_seeds_count_up() -> None:
    assert seeds(7, 3) == [7, 8, 9]
    assert seeds(0, 2) == [0, 1]
    assert seeds(7, 1) == [7]


@pytest.mark.parametrize("seed", [None, -1])
def test_a_seed_that_leaves_the_choice_to_the_provider_is_left_alone(seed: int | None) -> None:
    assert seeds(seed, 3) == [seed] * 3


def test_a_model_that_makes_several_at_once_is_asked_once() -> None:
    assert seeds(7, 3, COUNTED) == [7]


def test_the_account_tells_it() -> None:
    division = divide(VideoGenerationRequest(prompt="x", number_of_videos=3, seed=7), SEEDED)
    account = in_one_account([apply_mapping(SEEDED, one) for one in division.requests], division.notes)
    [seed] = [one for one in account.outcomes if one.field == "seed"]
    assert (seed.outcome, seed.parameter, account.payload["seed"]) == ("converted", "seed", 7)
    assert "7 to 9" in (seed.reason or "")


def test_a_seed_that_would_grow_too_large_is_refused_before_anything_is_paid() -> None:
    division = divide(VideoGenerationRequest(prompt="x", number_of_videos=3, seed=99), SEEDED)
    account = in_one_account([apply_mapping(SEEDED, one) for one in division.requests], division.notes)
    with pytest.raises(ValidationError, match="101 is more than 100"):
        enforce(account, "ignore", "a model")
