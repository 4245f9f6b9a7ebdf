"""How much the model leans on each raw column."""

import pandas as pd
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline

from trainer.arrays import Bits

METHOD = "permutation"
REPEATS = 5


def importance(model: Pipeline, frame: pd.DataFrame, labels: Bits, seed: int) -> list[tuple[str, float]]:
    """
    Mean loss of test AUC when a column is shuffled, greatest first. `frame` holds the model's raw columns, test rows.

    Columns that say the same share their importance: shuffling one leaves the other.
    """
    found = permutation_importance(model, frame, labels, scoring="roc_auc", n_repeats=REPEATS, random_state=seed, n_jobs=1)
    pairs = [(str(name), float(value)) for name, value in zip(frame.columns, found.importances_mean, strict=True)]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
