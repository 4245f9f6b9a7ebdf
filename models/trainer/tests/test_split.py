import random

import pytest

from trainer.recipe import Split
from trainer.split import position, split_entities

SPLIT = Split(salt="s", unseen=0.4, test=0.2)
ENTITIES = [f"customer-{number}" for number in range(5000)]


def parts_by_name(entities: list[str], split: Split = SPLIT) -> dict[str, set[str]]:
    parts = split_entities(entities, split)
    return {name: {entities[row] for row in getattr(parts, name)} for name in ("train", "test", "unseen")}


def test_parts_are_disjoint_and_whole() -> None:
    parts = split_entities(ENTITIES, SPLIT)
    rows = sorted([*parts.train, *parts.test, *parts.unseen])
    assert rows == list(range(5000))


def test_shares_are_as_asked() -> None:
    parts = split_entities(ENTITIES, SPLIT)
    # Four standard errors of a share of 5,000.
    assert len(parts.unseen) / 5000 == pytest.approx(0.4, abs=0.028)
    assert len(parts.test) / 5000 == pytest.approx(0.2, abs=0.023)


def test_order_of_rows_does_not_matter() -> None:
    shuffled = ENTITIES.copy()
    random.Random(1).shuffle(shuffled)
    capped = SPLIT.model_copy(update={"maxTrainingRows": 300})
    assert parts_by_name(shuffled) == parts_by_name(ENTITIES)
    assert parts_by_name(shuffled, capped) == parts_by_name(ENTITIES, capped)


def test_new_customers_move_nobody() -> None:
    before, after = parts_by_name(ENTITIES[:4000]), parts_by_name(ENTITIES)
    assert all(before[name] <= after[name] for name in before)


def test_rows_of_one_customer_stay_together() -> None:
    for name, entities in parts_by_name(ENTITIES + ENTITIES).items():
        assert len(entities) == len(parts_by_name(ENTITIES)[name])


def test_a_cap_takes_from_training_only() -> None:
    capped, whole = (parts_by_name(ENTITIES, split) for split in (SPLIT.model_copy(update={"maxTrainingRows": 300}), SPLIT))
    assert len(capped["train"]) == 300
    assert capped["train"] < whole["train"]
    assert capped["test"] == whole["test"]
    assert capped["unseen"] == whole["unseen"]


def test_another_salt_is_another_split() -> None:
    other = parts_by_name(ENTITIES, SPLIT.model_copy(update={"salt": "t"}))
    both = len(other["unseen"] & parts_by_name(ENTITIES)["unseen"])
    assert both / 5000 == pytest.approx(0.16, abs=0.021)


def test_position_is_of_the_documented_hash() -> None:
    # printf %s 's:7590-VHVEG' | sha256sum
    assert position("7590-VHVEG", "s") == 0x0ADAB8F8EAADDFDE / 2**64
