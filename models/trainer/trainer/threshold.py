"""Chooses the probability from which a customer counts as leaving."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from trainer.arrays import Bits, Floats
from trainer.fit import FOLDS, out_of_fold
from trainer.recipe import FixedThreshold, MaxF1Threshold

# More digits would claim a precision that a few thousand labels do not have.
DIGITS = 4


@dataclass(frozen=True)
class ChosenThreshold:
    """`value`: decide positive where probability >= value. `method`: how it was chosen, for people."""

    value: float
    method: str


def choose_threshold(recipe: FixedThreshold | MaxF1Threshold, model: Pipeline, frame: pd.DataFrame, labels: Bits, seed: int) -> ChosenThreshold:
    """
    The threshold that a recipe asks for, of an unfitted model and its training rows.

    The test rows have no say, so that what is measured on them is honest.
    """
    match recipe:
        case FixedThreshold():
            return ChosenThreshold(recipe.value, "Fixed by the recipe.")
        case MaxF1Threshold():
            value = round(max_f1(labels, out_of_fold(model, frame, labels, seed)), DIGITS)
            return ChosenThreshold(value, f"Greatest F1 on {len(labels)} training rows, each scored out of fold ({FOLDS} folds).")


def max_f1(labels: Bits, scores: Floats) -> float:
    """The score which, as a threshold, gives the greatest F1 = 2 TP / (2 TP + FP + FN); the highest such score."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    caught = np.cumsum(labels[order], dtype=np.int64)
    chosen = np.arange(1, len(labels) + 1)
    f1 = 2 * caught / (chosen + int(labels.sum()))
    # A cut between equal scores cannot be made: only the last row of each run of equals is a candidate.
    f1[np.append(ranked[:-1] == ranked[1:], False)] = -1
    return float(ranked[int(np.argmax(f1))])
