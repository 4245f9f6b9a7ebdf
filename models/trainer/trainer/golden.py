"""The rows by which every runtime proves that it serves this very model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from trainer.arrays import Bits, Floats
from trainer.errors import ExportError
from trainer.fit import positive_probability
from trainer.recipe import CategoryColumn, NumberColumn

REAL = 360
STRADDLERS = 40
"""Per side of the threshold."""
MISSING_PER_COLUMN = 3
ALL_MISSING = 10
UNSEEN_PER_COLUMN = 4
SPLITS_PER_COLUMN = 8
MINIMUM_ROWS = 500
MINIMUM_STRADDLERS = 20

# A text that nobody has, one beyond ASCII, and two that a server which trims or folds case would take for known.
UNSEEN_TEXTS = ("never seen in training", "jamais vu \u2014 \u672a\u77e5")


@dataclass(frozen=True)
class Golden:
    """Raw rows (missing number NaN, missing category ""), a kind each, float64 probabilities, and labels where known."""

    frame: pd.DataFrame
    kinds: tuple[str, ...]
    labels: tuple[int | None, ...]
    probabilities: Floats

    def document(self, columns: Sequence[str], threshold: float) -> dict[str, Any]:
        """`golden.json` as contracts/model-card.ts defines it."""
        return {
            "schemaVersion": 1,
            "columns": list(columns),
            "rows": [[_json_value(value) for value in row] for row in self.frame[list(columns)].itertuples(index=False, name=None)],
            "kinds": list(self.kinds),
            "probabilities": [float(value) for value in self.probabilities],
            "labels": list(self.labels),
            "threshold": threshold,
        }


def golden_rows(
    model: Pipeline,
    columns: Sequence[NumberColumn | CategoryColumn],
    frame: pd.DataFrame,
    labels: Bits,
    threshold: float,
    seed: int,
) -> Golden:
    """
    Golden rows of a fitted model, made of rows it was trained or tested on (never of unseen customers).

    Raises ExportError where there are fewer than 500, or too few on either side of the threshold.
    """
    random = np.random.default_rng(seed)
    names = [column.name for column in columns]
    source = frame[names].reset_index(drop=True)
    scores = positive_probability(model, source)
    straddlers = _straddlers(scores, threshold)
    made = [
        ("Missing", _missing(source, columns, random)),
        ("Unseen", _unseen(source, columns, random)),
        ("Extreme", _extreme(source, columns, model, random)),
    ]
    # A model of few columns has few made rows: real ones take their place.
    wanted = max(REAL, MINIMUM_ROWS - len(straddlers) - sum(len(part) for _, part in made))
    others = np.setdiff1d(np.arange(len(source)), straddlers)
    real = np.sort(random.choice(others, size=min(wanted, len(others)), replace=False))
    rows = pd.concat([source.iloc[real], source.iloc[straddlers], *(part for _, part in made)], ignore_index=True)
    kinds = ["Real"] * len(real) + ["Straddler"] * len(straddlers) + [kind for kind, part in made for _ in range(len(part))]
    known: list[int | None] = [int(labels[at]) for at in (*real, *straddlers)]
    if len(rows) < MINIMUM_ROWS:
        raise ExportError(f"only {len(rows)} golden rows, {MINIMUM_ROWS} are needed")
    unknown: list[int | None] = [None] * (len(rows) - len(known))
    return Golden(rows, tuple(kinds), tuple(known + unknown), positive_probability(model, rows))


def _straddlers(scores: Floats, threshold: float) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Rows nearest the threshold, of each side; a row exactly on it counts as above."""
    nearest = np.argsort(np.abs(scores - threshold), kind="stable")
    sides = [nearest[scores[nearest] < threshold][:STRADDLERS], nearest[scores[nearest] >= threshold][:STRADDLERS]]
    if min(len(side) for side in sides) < MINIMUM_STRADDLERS / 2:
        raise ExportError(f"threshold {threshold} has {len(sides[0])} rows below and {len(sides[1])} above: it decides nothing")
    return np.concatenate(sides)


def _sample(source: pd.DataFrame, count: int, random: np.random.Generator) -> pd.DataFrame:
    return source.iloc[random.choice(len(source), size=count, replace=count > len(source))].copy()


def _missing(source: pd.DataFrame, columns: Sequence[NumberColumn | CategoryColumn], random: np.random.Generator) -> pd.DataFrame:
    """Each column missing alone, two at random, and all at once, where the recipe allows it."""
    fillable = [column for column in columns if column.missing.policy == "Impute"]
    if not fillable:
        return source.iloc[:0]
    parts = []
    for column in fillable:
        alone = _sample(source, MISSING_PER_COLUMN, random)
        alone[column.name] = _blank(column)
        pair = _sample(source, 1, random)
        for other in (column, fillable[int(random.integers(len(fillable)))]):
            pair[other.name] = _blank(other)
        parts += [alone, pair]
    bare = _sample(source, ALL_MISSING, random)
    for column in fillable:
        bare[column.name] = _blank(column)
    return pd.concat([*parts, bare])


def _blank(column: NumberColumn | CategoryColumn) -> float | str:
    return float("nan") if column.type == "number" else ""


def _unseen(source: pd.DataFrame, columns: Sequence[NumberColumn | CategoryColumn], random: np.random.Generator) -> pd.DataFrame:
    parts = [source.iloc[:0]]
    for column in columns:
        if column.type == "number" or column.unseen == "Refuse":
            continue
        part = _sample(source, UNSEEN_PER_COLUMN, random)
        known = sorted({value for value in source[column.name] if value != ""})
        texts = [*UNSEEN_TEXTS, known[-1].swapcase(), f" {known[-1]}"]
        part[column.name] = [text for text in texts if text not in known][:UNSEEN_PER_COLUMN]
        parts.append(part)
    return pd.concat(parts)


def _extreme(source: pd.DataFrame, columns: Sequence[NumberColumn | CategoryColumn], model: Pipeline, random: np.random.Generator) -> pd.DataFrame:
    """Each number at and beyond the ends of its range, and exactly on a split and one float32 step above it."""
    parts = [source.iloc[:0]]
    numbers = [column.name for column in columns if column.type == "number"]
    for position, name in enumerate(numbers):
        low, high = float(source[name].min()), float(source[name].max())
        values = [low, high, low - 1, high + 1, 0.0, -1e9, 1e9, (low + high) / 3]
        splits = _splits(model.named_steps["model"], position)
        for split in random.choice(splits, size=min(SPLITS_PER_COLUMN, len(splits)), replace=False):
            values += [float(split), float(np.nextafter(split, np.float32(np.inf)))]
        part = _sample(source, len(values), random)
        part[name] = values
        parts.append(part)
    return pd.concat(parts)


def _splits(forest: RandomForestClassifier, position: int) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """Largest float32 that still goes left, of each split on a number column (numbers come first behind the preprocessing)."""
    found = np.concatenate([estimator.tree_.threshold[estimator.tree_.feature == position] for estimator in forest.estimators_])
    rounded = found.astype(np.float32)
    return np.unique(np.where(rounded > found, np.nextafter(rounded, np.float32(-np.inf)), rounded))


def _json_value(value: Any) -> str | float | None:
    if isinstance(value, str):
        return value or None
    return None if np.isnan(value) else float(value)
