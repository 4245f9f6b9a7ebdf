"""The three packages of models/telco-churn: what they claim, and that they can be made again."""

import csv
import gzip
import hashlib
import json
import math
from collections.abc import Callable
from functools import cache
from html import escape
from typing import Any

import numpy as np
import pytest

from tests.conftest import BETTER, DATA, DECENT, HOLDOUT, SHUFFLED, Built, Telco, package_path, recipe_path
from trainer.arrays import Bits, Floats
from trainer.check import check_package
from trainer.entities import hash_entity, stored_prefixes
from trainer.export import POSITIVE_INDEX, PROBABILITIES
from trainer.holdout import holdout_csv
from trainer.inference import GraphScorer
from trainer.package import open_package
from trainer.parity import compare
from trainer.recipe import read_recipe
from trainer.score import score_file
from trainer.statistics.delong import delong, logit_interval

ALL = [DECENT, BETTER, SHUFFLED]
MAX_TOTAL_BYTES = 5 * 2**20


def card_of(version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((package_path(version) / "model.json").read_bytes())
    return found


def holdout() -> list[dict[str, str]]:
    with HOLDOUT.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def unseen_labels() -> Bits:
    return np.array([row["Churn"] == "Yes" for row in holdout()], dtype=np.int8)


@cache
def unseen_scores(version: str) -> Floats:
    return score_file(open_package(package_path(version)), HOLDOUT).probabilities


@pytest.mark.parametrize("version", ALL)
def test_package_holds_what_its_card_says(version: str) -> None:
    verified = check_package(package_path(version))
    assert verified.package.card["version"] == version
    assert verified.golden.rows >= 500


@pytest.mark.parametrize("version", ALL)
def test_package_is_of_the_committed_recipe_and_data(version: str) -> None:
    training = card_of(version)["training"]
    assert training["recipe"]["sha256"] == hashlib.sha256(recipe_path(version).read_bytes()).hexdigest()
    assert training["data"] == {"sha256": hashlib.sha256(gzip.decompress(DATA.read_bytes())).hexdigest(), "rows": 7043}


def test_packages_are_small() -> None:
    sizes = [path.stat().st_size for version in ALL for path in package_path(version).iterdir()]
    assert sum(sizes) < MAX_TOTAL_BYTES


def test_holdout_is_rows_of_the_file_as_they_are() -> None:
    lines = set(gzip.decompress(DATA.read_bytes()).splitlines())
    kept = HOLDOUT.read_bytes().splitlines()
    assert len(kept) - 1 >= 2800
    assert len(set(kept)) == len(kept)
    assert set(kept) <= lines
    assert 0.25 < unseen_labels().mean() < 0.28


@pytest.mark.parametrize("version", ALL)
def test_every_recipe_leaves_the_same_customers_unseen(version: str) -> None:
    recipe, _ = read_recipe(recipe_path(version))
    assert holdout_csv(DATA, recipe)[0].encode() == HOLDOUT.read_bytes()


@pytest.mark.parametrize("version", ALL)
def test_no_customer_of_the_holdout_was_trained_or_tested_on(version: str, telco: Telco) -> None:
    stored = card_of(version)["trainingEntities"]
    prefixes = stored_prefixes(stored["hashes"])
    unseen = {row["customerID"] for row in holdout()}
    assert not any(hash_entity(entity, stored["salt"]) in prefixes for entity in unseen)
    # The other way round: the list is not empty or of something else.
    seen = {entity for entity in telco.data.entities if hash_entity(entity, stored["salt"]) in prefixes}
    card = card_of(version)
    assert len(seen) == len(prefixes) == stored["count"] == card["training"]["rows"] + card["test"]["rows"]
    assert seen.isdisjoint(unseen)


def test_every_other_customer_was_seen_by_the_better_one() -> None:
    assert card_of(BETTER)["trainingEntities"]["count"] == 7043 - len(unseen_labels())


@pytest.mark.parametrize("version", [DECENT, BETTER])
def test_good_versions_pass_the_gate_of_0_80(version: str) -> None:
    assert card_of(version)["test"]["auc"]["value"] >= 0.82
    found = delong(unseen_labels(), unseen_scores(version))
    assert logit_interval(float(found.aucs[0]), float(found.covariance[0, 0]), 0.95).lower >= 0.80


def test_the_better_one_is_clearly_better_on_the_same_customers() -> None:
    found = delong(unseen_labels(), unseen_scores(BETTER), unseen_scores(DECENT))
    difference = found.aucs[0] - found.aucs[1]
    error = math.sqrt(found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1])
    assert 0.84 <= found.aucs[0] <= 0.86
    assert 0.015 <= difference <= 0.03
    assert difference > 4 * error


def test_the_shuffled_one_knows_nothing_and_says_so() -> None:
    card = card_of(SHUFFLED)
    assert card["training"]["labelsShuffled"] is True
    assert any("shuffled on purpose" in warning for warning in card["warnings"])
    assert 0.45 < card["test"]["auc"]["value"] < 0.55
    assert 0.45 < delong(unseen_labels(), unseen_scores(SHUFFLED)).aucs[0] < 0.55
    assert [card_of(version)["training"]["labelsShuffled"] for version in (DECENT, BETTER)] == [False, False]


@pytest.mark.parametrize(
    ("version", "choices"),
    [
        (DECENT, ["salt was picked out of 59", "chosen by looking at the hold-out"]),
        (BETTER, ["salt was picked out of 59", "20261001-0300, was chosen by looking at the hold-out"]),
        (SHUFFLED, ["salt was picked out of 59", "seed of the shuffle, 2, was chosen out of 1 to 12"]),
    ],
)
def test_card_and_report_own_up_to_what_was_chosen_by_its_result(version: str, choices: list[str]) -> None:
    warnings = card_of(version)["warnings"]
    report = (package_path(version) / "report.html").read_text("utf-8")
    for choice in choices:
        (warning,) = [warning for warning in warnings if choice in warning]
        assert escape(warning) in report


@pytest.mark.parametrize("version", ALL)
def test_graph_and_pipeline_agree_on_every_customer(version: str, telco: Telco) -> None:
    package = open_package(package_path(version))
    numbers = [column["name"] for column in package.card["inputs"] if column["type"] == "number"]
    served = GraphScorer(package.read("model.onnx"), numbers, PROBABILITIES, POSITIVE_INDEX).score(telco.data.frame)
    expected = score_file(package, DATA).probabilities
    parity = compare(expected, served, package.card["threshold"]["value"], telco.data.labels)
    assert parity.rows == 7043
    assert parity.faults == []


@pytest.mark.parametrize("version", ALL)
def test_package_can_be_made_again(version: str, rebuild: Callable[[str], Built]) -> None:
    built, committed = rebuild(version), package_path(version)
    made, kept = (json.loads((directory / "golden.json").read_bytes()) for directory in (built.directory, committed))
    assert made["rows"] == kept["rows"]
    np.testing.assert_allclose(made["probabilities"], kept["probabilities"], rtol=0, atol=1e-9)
    card, of_commit = built.trained.card, card_of(version)
    assert card["training"]["data"] == of_commit["training"]["data"]
    assert card["trainingEntities"] == of_commit["trainingEntities"]
    assert card["threshold"] == of_commit["threshold"]
    if card["training"]["libraries"] == of_commit["training"]["libraries"]:
        assert (built.directory / "model.onnx").read_bytes() == (committed / "model.onnx").read_bytes()
        assert built.trained.identity == open_package(committed).identity
