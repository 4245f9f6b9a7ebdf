import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.conftest import DECENT, Built, package_path
from tests.test_delong import AUC_A, LABELS, LOGIT_A, A
from trainer.canonical import digest
from trainer.card import measure, validate
from trainer.errors import PackageError


@pytest.fixture
def card() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((package_path(DECENT) / "model.json").read_bytes())
    return copy.deepcopy(found)


def test_measures_against_oracles() -> None:
    found = measure(LABELS, A, 0.55)
    assert (found.rows, found.positives, found.negatives) == (12, 5, 7)
    assert (found.auc, found.lower, found.upper) == pytest.approx((AUC_A, *LOGIT_A), rel=1e-12)
    assert found.brier == pytest.approx(0.16)


def test_the_contract_is_enforced(card: dict[str, Any]) -> None:
    validate("model-card", card)
    card["test"]["auc"]["value"] = 1.2
    del card["threshold"]
    with pytest.raises(PackageError) as caught:
        validate("model-card", card)
    assert "'threshold' is a required property" in str(caught.value)
    assert "$.test.auc.value: 1.2" in str(caught.value)


def test_identity_is_of_the_content(card: dict[str, Any]) -> None:
    before = digest(card)
    assert digest(json.loads(json.dumps(card, sort_keys=True))) == before
    card["threshold"]["value"] = float(np.nextafter(card["threshold"]["value"], 1))
    assert digest(card) != before


def test_card_of_a_run(rebuild: Callable[[str], Built]) -> None:
    card = rebuild(DECENT).trained.card
    inputs = {column["name"]: column for column in card["inputs"]}
    assert card["createdAt"] == "2026-10-01T03:00:00Z"
    assert inputs["Contract"]["categories"] == ["Month-to-month", "One year", "Two year"]
    assert inputs["SeniorCitizen"]["type"] == "number"
    assert inputs["SeniorCitizen"]["range"] == {"min": 0, "max": 1}
    assert inputs["tenure"]["missing"]["policy"] == "Refuse"
    assert inputs["TotalCharges"]["missing"]["policy"] == "Impute"
    assert "customerID" not in inputs
    assert card["training"]["rows"] == 350
    assert card["training"]["libraries"].keys() >= {"python", "scikit-learn", "skl2onnx", "onnxruntime"}
    assert [entry["column"] for entry in card["fairness"]] == ["gender", "SeniorCitizen"]
    for entry in card["fairness"]:
        assert sum(group["rows"] for group in entry["groups"]) == card["test"]["rows"]
    for column in card["drift"]["columns"]:
        assert sum(column["counts"]) + sum(column.get("heavyCounts", [])) + column["missing"] == card["drift"]["rows"]
    assert sum(card["drift"]["score"]["counts"]) == card["test"]["rows"]
