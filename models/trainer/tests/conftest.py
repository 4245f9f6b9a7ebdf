"""What several test files share: the Telco data, and one small package trained for real."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from trainer.dataset import Dataset, read_dataset
from trainer.recipe import Recipe, parse_recipe, read_recipe
from trainer.split import Parts, split_entities
from trainer.train import Run, Trained, train

TELCO = Path(__file__).parents[2] / "telco-churn"
DATA = TELCO / "data" / "telco-customer-churn.csv.gz"
HOLDOUT = TELCO / "holdout" / "labelled.csv"
DECENT, BETTER, SHUFFLED = "20261001-0300", "20261101-0300", "20261115-0300"


def recipe_path(version: str) -> Path:
    return TELCO / "recipes" / f"{version}.yaml"


def package_path(version: str) -> Path:
    return TELCO / "packages" / version


@pytest.fixture
def document() -> dict[str, Any]:
    """A valid recipe as a parsed document, free to be changed."""
    parsed: dict[str, Any] = yaml.safe_load(recipe_path(DECENT).read_text("utf-8"))
    return copy.deepcopy(parsed)


@pytest.fixture
def recipe_with(document: dict[str, Any]) -> Callable[..., Recipe]:
    """Parses the valid recipe with some of its fields replaced."""
    return lambda **fields: parse_recipe({**document, **fields})


@dataclass(frozen=True)
class Telco:
    recipe: Recipe
    data: Dataset
    parts: Parts


@pytest.fixture(scope="session")
def telco() -> Telco:
    recipe, _ = read_recipe(recipe_path(DECENT))
    data = read_dataset(DATA, recipe)
    return Telco(recipe, data, split_entities(data.entities, recipe.split))


@dataclass(frozen=True)
class Built:
    """A package trained by this test run, with its directory."""

    directory: Path
    trained: Trained


@pytest.fixture(scope="session")
def rebuild(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    """Trains a committed recipe again, once per session."""
    done: dict[str, Built] = {}

    def build(version: str) -> Built:
        if version not in done:
            directory = tmp_path_factory.mktemp("packages") / version
            created = f"{version[:4]}-{version[4:6]}-{version[6:8]}T{version[9:11]}:{version[11:]}:00Z"
            done[version] = Built(directory, train(Run(recipe_path(version), DATA, version, created), directory))
        return done[version]

    return build
