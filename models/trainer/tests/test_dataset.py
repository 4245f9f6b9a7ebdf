import gzip
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Telco
from trainer.dataset import parse_category, parse_number, read_dataset, read_table
from trainer.errors import DataError
from trainer.recipe import Recipe

COLUMNS = [
    {"name": "age", "type": "number", "missing": {"policy": "Impute", "codes": [" "], "meaning": ""}},
    {"name": "plan", "type": "category", "missing": {"policy": "Refuse", "meaning": ""}},
]


@pytest.fixture
def recipe(recipe_with: Callable[..., Recipe]) -> Recipe:
    return recipe_with(columns=COLUMNS, fairness={}, entity={"column": "id"}, labels={"column": "left", "negative": "0", "positive": "1"})


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_reads_the_traps_of_the_telco_file(telco: Telco) -> None:
    frame = telco.data.frame
    assert len(frame) == 7043
    assert int(telco.data.labels.sum()) == 1869
    # The plain file's digest as data/README.md gives it.
    assert telco.data.sha256 == "16320c9c1ec72448db59aa0a26a0b95401046bef5d02fd3aeb906448e3055e91"
    blank = frame["TotalCharges"].isna()
    assert int(blank.sum()) == 11
    assert set(frame.loc[blank, "tenure"]) == {0.0}
    assert not telco.data.labels[blank.to_numpy()].any()
    assert int((frame["MonthlyCharges"] % 1 == 0).sum()) == 392
    assert set(frame["SeniorCitizen"]) == {0.0, 1.0}
    assert "No internet service" in set(frame["OnlineSecurity"])
    assert "customerID" not in frame
    assert "Churn" not in frame


def test_types_and_missing_values(tmp_path: Path, recipe: Recipe) -> None:
    data = read_dataset(write(tmp_path / "d.csv", "id,age,plan,left", "a,1,gold,0", "b, ,gold,1", "c,,silver,0", "d,-2.5e1, gold,1"), recipe)
    assert data.frame["age"].dtype == "float64"
    assert [None if math.isnan(age) else age for age in data.frame["age"]] == [1.0, None, None, -25.0]
    assert list(data.frame["plan"]) == ["gold", "gold", "silver", " gold"]
    assert data.labels.tolist() == [0, 1, 0, 1]
    assert data.entities == ("a", "b", "c", "d")


def test_gzip_reads_the_same(tmp_path: Path, recipe: Recipe) -> None:
    plain = write(tmp_path / "d.csv", "id,age,plan,left", "a,1,gold,0", "b,2,gold,1")
    packed = tmp_path / "named-otherwise"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_dataset(packed, recipe).sha256 == read_dataset(plain, recipe).sha256


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["id,age,left", "a,1,0"], "column plan is not in the file; it has id, age, left"),
        (["id,age,plan,left", "a,1,gold,0", "b,old,gold,1"], "line 3: age is 'old', which is not a finite number"),
        (["id,age,plan,left", "a,inf,gold,0", "b,1,gold,1"], "line 2: age is 'inf', which is not a finite number"),
        (["id,age,plan,left", "a,nan,gold,0", "b,1,gold,1"], "line 2: age is 'nan', which is not a finite number"),
        (["id,age,plan,left", "a,1,gold,0", "b,1, ,1"], "line 3: plan is missing, and the recipe refuses that"),
        (["id,age,plan,left", "a,1,gold,0", "b,1,,1"], "line 3: plan is missing, and the recipe refuses that"),
        (["id,age,plan,left", "a,1,gold,0", "b,1,gold,yes"], "line 3: left is 'yes', neither '0' nor '1'"),
        (["id,age,plan,left", "a,1,gold,0", "b,1,gold,0"], "left has one class only"),
        (["id,age,plan,left", ",1,gold,0", "b,1,gold,1"], "line 2: id is blank"),
        (["id,age,plan,left", "a,1,gold"], "line 2 has 3 values, the header has 4"),
        (["id,age,age,left", "a,1,gold,0"], "names a column twice"),
        (["id,age,plan,left", 'a,1,"gold"x,0'], "is not a UTF-8 CSV file"),
    ],
)
def test_names_what_is_wrong(tmp_path: Path, recipe: Recipe, lines: list[str], message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_dataset(write(tmp_path / "d.csv", *lines), recipe)
    assert message in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"id\n\xff\xfe\n"])
def test_refuses_what_is_no_table(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(data)
    with pytest.raises(DataError):
        read_table(path)


def test_cells() -> None:
    assert parse_number(" 7 ") == 7
    assert math.isnan(parse_number(" "))
    assert parse_category(" unknown") == " unknown"
    assert parse_category(" ") == ""
