import csv
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.conftest import DATA, DECENT, HOLDOUT, package_path, recipe_path
from trainer.__main__ import main

RECIPE = {
    "schemaVersion": 1,
    "name": "toy",
    "description": "Two columns, one of each type.",
    "columns": [
        {"name": "age", "type": "number", "missing": {"policy": "Impute", "meaning": "unknown"}},
        {"name": "plan", "type": "category", "missing": {"policy": "Impute", "meaning": "unknown"}},
    ],
    "entity": {"column": "id"},
    "labels": {"column": "left", "negative": "0", "positive": "1"},
    "split": {"salt": "s", "unseen": 0.1, "test": 0.3},
    "estimator": {"family": "RandomForest", "seed": 1, "parameters": {"n_estimators": 20, "max_depth": 4}},
    "threshold": {"method": "MaxF1"},
}


@pytest.fixture
def inputs(tmp_path: Path) -> list[str]:
    """Arguments of a training on made-up customers."""
    random = np.random.default_rng(1)
    lines = ["id,age,plan,left"]
    for number in range(900):
        age, plan = random.normal(50, 15), random.choice(["gold", "silver", "wood"])
        left = int(random.random() < 1 / (1 + np.exp((age - 45) / 8 - (plan == "wood"))))
        lines.append(f"c{number},{age:.3f},{plan},{left}")
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(RECIPE))
    return ["--recipe", str(tmp_path / "recipe.yaml"), "--data", str(tmp_path / "data.csv")]


def test_train_check_score(tmp_path: Path, inputs: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    out = tmp_path / "packages" / "first"
    assert main(["train", *inputs, "--out", str(out)]) == 0
    identity, name, version, *_ = capsys.readouterr().out.split()
    assert (len(identity), name, version) == (64, "toy", "20260921-1413")
    card = json.loads((out / "model.json").read_bytes())
    assert card["createdAt"] == "2026-09-21T14:13:20Z"
    assert card["test"]["auc"]["value"] > 0.7

    assert main(["check", str(out)]) == 0
    assert capsys.readouterr().out.startswith(identity)

    assert main(["score", str(out), str(tmp_path / "data.csv"), "--format", "json", "--out", str(tmp_path / "scores.json")]) == 0
    scored = json.loads((tmp_path / "scores.json").read_bytes())
    assert [entry["id"] for entry in scored] == [f"c{number}" for number in range(900)]


def test_arguments_decide_version_and_date(tmp_path: Path, inputs: list[str]) -> None:
    arguments = ["train", *inputs, "--version", "v7", "--created-at", "2026-02-03T05:00:00+01:00"]
    for name in ("a", "b"):
        assert main([*arguments, "--out", str(tmp_path / name)]) == 0
    card = json.loads((tmp_path / "a" / "model.json").read_bytes())
    assert (card["version"], card["createdAt"]) == ("v7", "2026-02-03T04:00:00Z")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_scores_equal_the_golden_probabilities(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    golden = json.loads((package_path(DECENT) / "golden.json").read_bytes())
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["customerID", *golden["columns"]])
        writer.writerows([f"row-{at}", *("" if value is None else value for value in row)] for at, row in enumerate(golden["rows"]))
    assert main(["score", str(package_path(DECENT)), str(tmp_path / "rows.csv")]) == 0
    lines = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [line["id"] for line in lines] == [f"row-{at}" for at in range(len(golden["rows"]))]
    assert [float(line["probability"]) for line in lines] == golden["probabilities"]


def test_holdout_writes_the_committed_file(tmp_path: Path) -> None:
    out = tmp_path / "new" / "labelled.csv"
    assert main(["holdout", "--recipe", str(recipe_path(DECENT)), "--data", str(DATA), "--out", str(out)]) == 0
    assert out.read_bytes() == HOLDOUT.read_bytes()


def test_failures_have_codes_that_a_job_can_tell_apart(tmp_path: Path, inputs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    recipe, data = tmp_path / "recipe.yaml", tmp_path / "data.csv"
    train = ["train", *inputs, "--out", str(tmp_path / "out")]
    good, rows = recipe.read_text(), data.read_text()

    recipe.write_text(good.replace("name: toy", "name: Toy!"))
    assert main(train) == 42
    assert "RecipeError: name:" in capsys.readouterr().err

    recipe.write_text(good)
    data.write_text(rows.replace(",gold,", ",gold,,", 1))
    assert main(train) == 42
    assert "DataError: data.csv line" in capsys.readouterr().err

    data.write_text("".join(rows.splitlines(keepends=True)[:40]))
    assert main(train) == 42
    assert "fewer than 10 rows of one class" in capsys.readouterr().err

    recipe.write_text(good.replace("method: MaxF1", "method: Fixed\n  value: 0.9999"))
    data.write_text(rows)
    assert main(train) == 43
    assert "ExportError: threshold 0.9999" in capsys.readouterr().err

    assert main(["check", str(tmp_path / "nowhere")]) == 44
    assert "PackageError" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
