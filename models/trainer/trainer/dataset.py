"""Reads a labelled CSV file into typed columns."""

import csv
import gzip
import hashlib
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trainer.arrays import Bits
from trainer.errors import DataError
from trainer.recipe import CategoryColumn, NumberColumn, Recipe

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Table:
    """A CSV file as texts: `rows[i][j]` is column `header[j]`. `sha256` is of the plain (uncompressed) bytes."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sha256: str

    def column(self, name: str) -> list[str]:
        """All texts of one column. Raises DataError where the file has none of that name."""
        if name not in self.header:
            raise DataError(f"column {name} is not in the file; it has {', '.join(self.header)}")
        at = self.header.index(name)
        return [row[at] for row in self.rows]


@dataclass(frozen=True)
class Dataset:
    """
    Typed columns with their outcome.

    `frame` holds one column per recipe column: number as float64 with NaN where missing, category as text with "" where
    missing (the values that the graph's imputers know). `labels` is 1 for the positive class.
    """

    frame: pd.DataFrame
    entities: tuple[str, ...]
    labels: Bits
    sha256: str


def read_table(path: Path) -> Table:
    """Reads a comma-separated UTF-8 file with a header line; gzip is recognised by its first bytes, not by its name."""
    data = path.read_bytes()
    if data.startswith(GZIP_MAGIC):
        data = gzip.decompress(data)
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name} is not a UTF-8 CSV file: {error}") from error
    if not lines:
        raise DataError(f"{path.name} is empty")
    header = tuple(lines[0])
    if len(set(header)) < len(header):
        raise DataError(f"{path.name} names a column twice")
    for number, row in enumerate(lines[1:], start=2):
        if len(row) != len(header):
            raise DataError(f"{path.name} line {number} has {len(row)} values, the header has {len(header)}")
    return Table(header, tuple(tuple(row) for row in lines[1:]), hashlib.sha256(data).hexdigest())


def parse_number(text: str) -> float:
    """A finite number; NaN where the text is blank. Raises ValueError else."""
    if text.strip() == "":
        return math.nan
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


def parse_category(text: str) -> str:
    """The text as it is; "" where it is blank."""
    return "" if text.strip() == "" else text


def read_dataset(path: Path, recipe: Recipe) -> Dataset:
    """
    Reads what the recipe declares from a file.

    Raises DataError for a missing column, a text where a number belongs, a missing value where the policy is Refuse, a
    label that is neither value, a blank entity, or a label column with one class only.
    """
    table = read_table(path)
    frame = pd.DataFrame({column.name: _typed(table.column(column.name), column) for column in recipe.columns})
    entities = tuple(table.column(recipe.entity.column))
    if any(entity == "" for entity in entities):
        raise DataError(f"line {entities.index('') + 2}: {recipe.entity.column} is blank")
    return Dataset(frame, entities, _labels(table, recipe), table.sha256)


def _typed(texts: list[str], column: NumberColumn | CategoryColumn) -> "pd.Series[Any]":
    parse = parse_number if column.type == "number" else parse_category
    values: list[float | str] = []
    for line, text in enumerate(texts, start=2):
        try:
            value = parse(text)
        except ValueError as error:
            raise DataError(f"line {line}: {column.name} is {text!r}, which is not a finite number") from error
        if column.missing.policy == "Refuse" and (value == "" or value != value):
            raise DataError(f"line {line}: {column.name} is missing, and the recipe refuses that")
        values.append(value)
    # `object`, because pandas' own string type turns "" tests and ONNX feeds into special cases.
    return pd.Series(values, dtype="float64" if column.type == "number" else "object")


def _labels(table: Table, recipe: Recipe) -> Bits:
    labels = recipe.labels
    value_of = {labels.negative: 0, labels.positive: 1}
    texts = table.column(labels.column)
    for line, text in enumerate(texts, start=2):
        if text not in value_of:
            raise DataError(f"line {line}: {labels.column} is {text!r}, neither {labels.negative!r} nor {labels.positive!r}")
    values = np.array([value_of[text] for text in texts], dtype=np.int8)
    if len(set(values.tolist())) < 2:
        raise DataError(f"{labels.column} has one class only")
    return values
