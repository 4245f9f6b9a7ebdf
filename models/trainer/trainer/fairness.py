"""Compares groups of customers on the test rows."""

from typing import Any

import numpy as np
import pandas as pd

from trainer.arrays import Bits, Floats
from trainer.statistics.delong import delong

MISSING = "(missing)"


def compare_groups(column: str, values: "pd.Series[Any]", labels: Bits, scores: Floats, threshold: float) -> dict[str, Any]:
    """
    Per group: rows, share that left (positiveRate), share chosen (selectionRate), AUC within the group.

    The AUC is null where the group has fewer than two rows of either class.
    """
    names = np.array([_group(value) for value in values], dtype=object)
    return {"column": column, "groups": [_measure(name, names == name, labels, scores, threshold) for name in sorted(set(names))]}


def _measure(name: str, rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]", labels: Bits, scores: Floats, threshold: float) -> dict[str, Any]:
    of_group, scored = labels[rows], scores[rows]
    defined = min(int(of_group.sum()), int((1 - of_group).sum())) >= 2
    return {
        "value": name,
        "rows": int(rows.sum()),
        "positiveRate": float(of_group.mean()),
        "selectionRate": float((scored >= threshold).mean()),
        "auc": float(delong(of_group, scored).aucs[0]) if defined else None,
    }


def _group(value: Any) -> str:
    if isinstance(value, str):
        return value or MISSING
    return MISSING if np.isnan(value) else f"{value:g}"
