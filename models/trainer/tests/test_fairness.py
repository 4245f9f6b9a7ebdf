import numpy as np
import pandas as pd
import pytest

from trainer.fairness import compare_groups

LABELS = np.array([1, 0, 1, 0, 1, 0, 0, 0], dtype=np.int8)
SCORES = np.array([0.9, 0.1, 0.4, 0.6, 0.7, 0.2, 0.3, 0.5])


def test_groups_are_measured_apart() -> None:
    values = pd.Series(["F", "F", "F", "F", "M", "M", "M", ""], dtype="object")
    found = compare_groups("gender", values, LABELS, SCORES, 0.5)
    assert found["column"] == "gender"
    missing, women, men = found["groups"]
    assert women == {"value": "F", "rows": 4, "positiveRate": 0.5, "selectionRate": 0.5, "auc": pytest.approx(0.75)}
    assert men == {"value": "M", "rows": 3, "positiveRate": pytest.approx(1 / 3), "selectionRate": pytest.approx(1 / 3), "auc": None}
    assert missing == {"value": "(missing)", "rows": 1, "positiveRate": 0, "selectionRate": 1, "auc": None}


def test_numbers_are_groups_by_value() -> None:
    found = compare_groups("SeniorCitizen", pd.Series([0.0, 1.0, 0.0, 1.0, np.nan, 0.0, 0.0, 0.0]), LABELS, SCORES, 0.5)
    assert [(group["value"], group["rows"]) for group in found["groups"]] == [("(missing)", 1), ("0", 5), ("1", 2)]
