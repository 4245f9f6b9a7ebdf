import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.conftest import DECENT, SHUFFLED, Built, Telco
from trainer.check import golden_frame
from trainer.errors import ExportError
from trainer.fit import unfitted
from trainer.golden import golden_rows

NUMBERS = frozenset({"SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"})


@pytest.fixture(scope="module", params=[DECENT, SHUFFLED])
def golden(request: pytest.FixtureRequest, rebuild: Callable[[str], Built]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((rebuild(request.param).directory / "golden.json").read_bytes())
    return found


def of_kind(golden: dict[str, Any], kind: str) -> list[int]:
    return [row for row, name in enumerate(golden["kinds"]) if name == kind]


def test_every_kind_is_there(golden: dict[str, Any]) -> None:
    counts = Counter(golden["kinds"])
    assert len(golden["rows"]) >= 500
    assert counts["Real"] >= 300
    assert min(counts[kind] for kind in ("Missing", "Unseen", "Straddler", "Extreme")) >= 20


def test_real_rows_are_customers_trained_or_tested_on(golden: dict[str, Any], telco: Telco) -> None:
    # The decent version used 350 training customers only, the shuffled one (threshold 0.27) all of them.
    every = np.setdiff1d(np.arange(7043), telco.parts.unseen)
    used = every if golden["threshold"] == 0.27 else np.concatenate([telco.parts.train, telco.parts.test])
    frame = telco.data.frame.iloc[used][golden["columns"]]
    texts = frame.astype(object).where(frame.notna() & (frame != ""), None)
    known = {(*row, label) for row, label in zip(texts.itertuples(index=False, name=None), telco.data.labels[used], strict=True)}
    for row in [*of_kind(golden, "Real"), *of_kind(golden, "Straddler")]:
        assert (*golden["rows"][row], golden["labels"][row]) in known


def test_made_rows_have_no_label(golden: dict[str, Any]) -> None:
    for kind in ("Missing", "Unseen", "Extreme"):
        assert {golden["labels"][row] for row in of_kind(golden, kind)} == {None}
    assert {golden["labels"][row] for row in of_kind(golden, "Real")} == {0, 1}


def test_each_column_that_may_be_missing_is_missing_alone(golden: dict[str, Any]) -> None:
    nulls = {
        tuple(name for name, value in zip(golden["columns"], golden["rows"][row], strict=True) if value is None) for row in of_kind(golden, "Missing")
    }
    fillable = tuple(name for name in golden["columns"] if name not in {"tenure", "Contract"})
    assert {(name,) for name in fillable} <= nulls
    assert fillable in nulls


def test_refused_columns_are_never_missing(golden: dict[str, Any]) -> None:
    for name in ("tenure", "Contract"):
        at = golden["columns"].index(name)
        assert all(row[at] is not None for row in golden["rows"])


def test_each_category_is_unseen_once(golden: dict[str, Any], telco: Telco) -> None:
    strange = set()
    for row in of_kind(golden, "Unseen"):
        for name, value in zip(golden["columns"], golden["rows"][row], strict=True):
            if name not in NUMBERS and value is not None and value not in set(telco.data.frame[name]):
                strange.add(name)
    assert strange == set(golden["columns"]) - NUMBERS


def test_extremes_leave_the_range_on_both_sides(golden: dict[str, Any], telco: Telco) -> None:
    for name in NUMBERS:
        at, seen = golden["columns"].index(name), telco.data.frame[name]
        values = [golden["rows"][row][at] for row in of_kind(golden, "Extreme")]
        assert min(value for value in values if value is not None) < seen.min()
        assert max(value for value in values if value is not None) > seen.max()


def test_extremes_sit_on_splits(golden: dict[str, Any]) -> None:
    """A value and its float32 successor, which fall on different sides of a split."""
    at = golden["columns"].index("MonthlyCharges")
    values = {golden["rows"][row][at] for row in of_kind(golden, "Extreme")} - {None}
    pairs = [value for value in values if float(np.nextafter(np.float32(value), np.float32(np.inf))) in values]
    assert len(pairs) >= 8


def test_straddlers_are_nearest_on_both_sides(golden: dict[str, Any]) -> None:
    threshold = golden["threshold"]
    probabilities = np.array(golden["probabilities"])
    straddlers = of_kind(golden, "Straddler")
    distances = probabilities[straddlers] - threshold
    assert min((distances < 0).sum(), (distances >= 0).sum()) >= 10
    for side in (distances[distances < 0], distances[distances >= 0]):
        others = probabilities[of_kind(golden, "Real")] - threshold
        same_side = others[(others < 0) == (side[0] < 0)]
        assert np.abs(side).max() <= np.abs(same_side).min()


def test_frame_is_what_the_graph_takes(golden: dict[str, Any]) -> None:
    frame = golden_frame(golden, NUMBERS)
    assert list(frame.columns) == golden["columns"]
    assert {str(frame[name].dtype) for name in NUMBERS} == {"float64"}
    assert frame["TotalCharges"].isna().any()
    assert not frame["gender"].isna().any()
    assert (frame["gender"] == "").any()


def test_a_threshold_that_decides_nothing_is_refused(telco: Telco) -> None:
    names = [column.name for column in telco.recipe.inputs]
    frame, labels = telco.data.frame.iloc[telco.parts.train][names], telco.data.labels[telco.parts.train]
    model = unfitted(telco.recipe.inputs, telco.recipe.estimator).fit(frame, labels)
    with pytest.raises(ExportError, match="it decides nothing"):
        golden_rows(model, telco.recipe.inputs, frame, labels, 0.999, 1)


def test_too_few_rows_are_refused(telco: Telco) -> None:
    columns = [column for column in telco.recipe.inputs if column.name == "tenure"]
    frame, labels = telco.data.frame.iloc[:100][["tenure"]], telco.data.labels[:100]
    model = unfitted(columns, telco.recipe.estimator).fit(frame, labels)
    median = float(np.median(model.predict_proba(frame)[:, 1]))
    with pytest.raises(ExportError, match="500 are needed"):
        golden_rows(model, columns, frame, labels, median, 1)
