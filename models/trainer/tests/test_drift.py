from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Telco
from trainer.drift import baseline, number_bins, score_bins
from trainer.recipe import CategoryColumn, Missing

CATEGORY = CategoryColumn(name="plan", type="category", missing=Missing(policy="Impute", meaning=""))


def test_heavy_values_are_bins_of_their_own() -> None:
    # Like `pdays` of the bank data: plain quantiles put 96 % at 999 and the rest into one bin.
    values = np.concatenate([np.full(9600, 999.0), np.linspace(0, 39.9, 400)])
    found = number_bins(values)
    assert found["heavy"] == [999.0]
    assert found["heavyCounts"] == [9600]
    assert len(found["edges"]) == 11
    assert found["counts"] == [0, *([40] * 10), 0]


def test_few_values_are_bins_of_their_own_however_light() -> None:
    found = number_bins(np.array([0.0] * 990 + [1.0] * 9 + [np.nan]))
    assert found == {"edges": [], "counts": [0], "heavy": [0.0, 1.0], "heavyCounts": [990, 9], "missing": 1}


def test_ends_of_the_range_are_inside_and_bins_are_half_open() -> None:
    values = np.arange(101.0)
    found = number_bins(values)
    assert found["edges"] == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    # An edge opens its bin; the last bin holds both its ends.
    assert found["counts"] == [0, *([10] * 9), 11, 0]
    assert found["heavy"] == []


@pytest.mark.parametrize("seed", range(5))
def test_every_row_is_counted_once(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.round(random.lognormal(3, 1, 2000), seed)
    values[random.random(2000) < 0.1] = 0
    values[random.random(2000) < 0.05] = np.nan
    found = number_bins(values)
    assert sum(found["counts"]) + sum(found["heavyCounts"]) + found["missing"] == 2000
    assert len(found["counts"]) == len(found["edges"]) + 1
    assert found["edges"] == sorted(set(found["edges"]))


def test_a_category_counts_the_top_and_the_rest() -> None:
    values = [f"plan-{index:02}" for index in range(25) for _ in range(30 - index)] + [""] * 7
    found = baseline(CATEGORY, pd.Series(values, dtype="object"))
    assert found["categories"] == [f"plan-{index:02}" for index in range(20)]
    assert found["counts"] == [*range(30, 10, -1), 10 + 9 + 8 + 7 + 6]
    assert found["missing"] == 7


def test_order_of_rows_does_not_matter() -> None:
    values = ["a", "b", "c", "b", "a", "c"]
    assert baseline(CATEGORY, pd.Series(values, dtype="object")) == baseline(CATEGORY, pd.Series(values[::-1], dtype="object"))


def test_scores_fall_into_ten_bins() -> None:
    found = score_bins(np.linspace(0, 1, 1001))
    assert found["edges"] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    assert sum(found["counts"]) == 1001
    assert max(found["counts"]) - min(found["counts"]) <= 2


def test_telco_columns(telco: Telco) -> None:
    columns = {column.name: column for column in telco.recipe.columns}

    def of(name: str) -> dict[str, Any]:
        return baseline(columns[name], telco.data.frame[name])

    assert of("SeniorCitizen")["heavy"] == [0.0, 1.0]
    # 613 of 7,043 customers joined last month.
    assert of("tenure")["heavy"] == [1.0, 72.0]
    assert of("TotalCharges")["missing"] == 11
    assert of("Contract")["categories"] == ["Month-to-month", "Two year", "One year"]
    assert of("Contract")["counts"] == [3875, 1695, 1473, 0]
