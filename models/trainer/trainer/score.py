"""Scores a CSV file with the fitted pipeline itself: what every served answer is compared with."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import pandas as pd

from trainer.arrays import Floats
from trainer.dataset import parse_category, parse_number, read_table
from trainer.errors import DataError
from trainer.fit import positive_probability
from trainer.package import PICKLE, Package


@dataclass(frozen=True)
class Scored:
    """Float64 probability of the positive class per row of a file, in its order. `entities`: None where the card has no entity."""

    entities: Sequence[str] | None
    probabilities: Floats


def score_file(package: Package, path: Path) -> Scored:
    """
    Scores every row of a CSV file with the package's pickled pipeline. A blank cell is a missing value.

    A pickle runs code: this one is loaded only after its digest matched the card, so trust the card's origin.
    """
    model = joblib.load(io.BytesIO(package.read(PICKLE)))
    table = read_table(path)
    columns: dict[str, pd.Series] = {}
    for column in package.card["inputs"]:
        name = column["name"]
        texts = table.column(name)
        if column["type"] == "category":
            columns[name] = pd.Series([parse_category(text) for text in texts], dtype="object")
            continue
        try:
            columns[name] = pd.Series([parse_number(text) for text in texts], dtype="float64")
        except ValueError as error:
            raise DataError(f"{name}: {error}") from error
    entity = package.card["entity"]
    names = None if entity is None else table.column(entity["column"])
    return Scored(names, positive_probability(model, pd.DataFrame(columns)))
