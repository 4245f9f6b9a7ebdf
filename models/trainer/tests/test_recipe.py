from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BETTER, DECENT, SHUFFLED, recipe_path
from trainer.errors import RecipeError
from trainer.recipe import Recipe, parse_recipe, read_recipe

NUMBER = {"name": "a", "type": "number", "missing": {"policy": "Impute", "meaning": ""}}
LABELS = {"column": "Churn", "negative": "No", "positive": "Yes"}


@pytest.mark.parametrize("version", [DECENT, BETTER, SHUFFLED])
def test_committed_recipes_are_valid(version: str) -> None:
    recipe, sha256 = read_recipe(recipe_path(version))
    assert recipe.name == "telco-churn"
    assert len(sha256) == 64


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"schemaVersion": 2}, "schemaVersion: Input should be 1"),
        ({"colums": []}, "colums: Extra inputs are not permitted"),
        ({"name": "Telco Churn"}, "name: String should match pattern"),
        ({"columns": []}, "columns: Tuple should have at least 1 item"),
        ({"columns": [{**NUMBER, "type": "date"}]}, "columns.0: Input tag 'date' found using 'type' does not match"),
        (
            {"columns": [{**NUMBER, "missing": {"policy": "Drop", "meaning": ""}}]},
            "columns.0.number.missing.policy: Input should be 'Impute' or 'Refuse'",
        ),
        (
            {"columns": [{**NUMBER, "missing": {"policy": "Impute", "codes": [" ", "-1"], "meaning": ""}}]},
            "columns.0.number.missing.codes: Value error, '-1' would be missing in training only: serving would not know it",
        ),
        (
            {"columns": [{"name": "a", "type": "category", "missing": {"policy": "Impute", "codes": ["unknown"], "meaning": ""}}]},
            "columns.0.category.missing.codes: Value error, 'unknown' would be missing in training only: serving would not know it",
        ),
        ({"columns": [NUMBER, NUMBER], "fairness": {}}, "recipe: Value error, columns: a is declared twice"),
        ({"columns": [{**NUMBER, "name": "customerID"}], "fairness": {}}, "entity.column: customerID is declared among columns"),
        ({"columns": [{**NUMBER, "name": "Churn"}], "fairness": {}}, "labels.column: Churn is declared among columns"),
        ({"features": ["tenure", "age"]}, "features: age is not declared among columns"),
        ({"features": ["tenure", "tenure"]}, "features: a column is named twice"),
        ({"fairness": {"columns": ["age"]}}, "fairness.columns: age is not declared among columns"),
        ({"entity": {"column": "Churn"}}, "entity.column and labels.column are the same column"),
        ({"labels": {**LABELS, "positive": "No"}}, "labels: Value error, negative and positive are the same value"),
        ({"labels": {**LABELS, "positive": True}}, "labels.positive: Input should be a valid string"),
        ({"labels": {**LABELS, "shuffle": True}}, "labels: Value error, shuffle needs a seed"),
        ({"split": {"salt": "s", "unseen": 0.5, "test": 0.5}}, "split: Value error, unseen and test together leave no customer to train on"),
        ({"split": {"salt": "s", "unseen": "0.4", "test": 0.2}}, "split.unseen: Input should be a valid number"),
        ({"threshold": {"method": "Fixed"}}, "threshold.Fixed.value: Field required"),
        ({"threshold": {"method": "Fixed", "value": 1.0}}, "threshold.Fixed.value: Input should be less than 1"),
        ({"threshold": {"method": "Best"}}, "threshold: Input tag 'Best' found using 'method' does not match"),
        ({"estimator": {"family": "RandomForest", "seed": 1, "parameters": {"n_estimators": 9, "max_depth": 99}}}, "estimator.parameters.max_depth:"),
        ({"estimator": {"family": "Guess", "seed": 1, "parameters": {}}}, "estimator.family: Input should be 'RandomForest'"),
    ],
)
def test_names_the_wrong_field(recipe_with: Callable[..., Recipe], fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_with(**fields)
    assert message in str(caught.value)


def test_names_every_wrong_field(recipe_with: Callable[..., Recipe]) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe_with(name="X", threshold={"method": "Fixed", "value": 2})
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["name", "threshold.Fixed.value"]


def test_a_blank_may_be_spelled_out(recipe_with: Callable[..., Recipe]) -> None:
    column = {**NUMBER, "missing": {"policy": "Impute", "codes": ["", " ", "\t"], "meaning": ""}}
    assert recipe_with(columns=[column], fairness={}).columns[0].missing.codes == ("", " ", "\t")


def test_inputs_are_the_features_in_the_order_of_columns(recipe_with: Callable[..., Recipe]) -> None:
    assert [column.name for column in recipe_with(features=["tenure", "gender"]).inputs] == ["gender", "tenure"]
    assert len(recipe_with().inputs) == 19


@pytest.mark.parametrize("text", ["", "a: [", "- just\n- a list\n", "text"])
def test_refuses_what_is_no_recipe(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError):
        read_recipe(path)


def test_yaml_cannot_make_objects(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("!!python/object/apply:os.getcwd []")
    with pytest.raises(RecipeError, match="not YAML"):
        read_recipe(path)


def test_unquoted_yes_and_no_are_caught(document: dict[str, Any]) -> None:
    # YAML 1.1 reads `negative: No` as false.
    document["labels"]["negative"] = False
    with pytest.raises(RecipeError, match=r"labels\.negative"):
        parse_recipe(document)
