"""
Frozen bins of the training rows, against which pods count what they see (reference: statistics 3.2).

A number: every value that holds at least 5 % of the rows, or every value where there are at most 20, is a bin of its own
(`heavy`, `heavyCounts`): quantiles collapse on such values and hide a complete change. The rest falls into bins between
`edges` e0..ek: `counts` = [below e0, e0 <= v < e1, ..., e(k-1) <= v <= ek, above ek], so k + 2 numbers; one bin for all
where there are no edges. A category: `counts` in the order of `categories` and, last, everything else.
"""

from typing import Any

import numpy as np
import pandas as pd

from trainer.arrays import Floats
from trainer.recipe import CategoryColumn, NumberColumn

HEAVY_SHARE = 0.05
FEW_VALUES = 20
QUANTILES = 10
TOP_CATEGORIES = 20


def baseline(column: NumberColumn | CategoryColumn, values: "pd.Series[Any]") -> dict[str, Any]:
    """The card's drift entry of one column."""
    if column.type == "number":
        return {"name": column.name, "type": "number", **number_bins(values.to_numpy(dtype=np.float64))}
    return {"name": column.name, "type": "category", **_category_bins([str(value) for value in values])}


def number_bins(values: Floats) -> dict[str, Any]:
    """Heavy values, quantile edges of the rest, and what falls where. NaN is missing."""
    present = values[~np.isnan(values)]
    distinct, counts = np.unique(present, return_counts=True)
    own_bin = np.full(len(distinct), True) if len(distinct) <= FEW_VALUES else counts >= HEAVY_SHARE * len(values)
    rest = present[~np.isin(present, distinct[own_bin])]
    edges = np.unique(np.append(_quantiles(rest), rest.max())) if len(rest) else np.array([])
    return {
        "edges": [float(edge) for edge in edges],
        "counts": _count(rest, edges),
        "heavy": [float(value) for value in distinct[own_bin]],
        "heavyCounts": [int(count) for count in counts[own_bin]],
        "missing": int(np.isnan(values).sum()),
    }


def _quantiles(values: Floats) -> Floats:
    """The least value of each tenth of the rows. Values that occur, because interpolation puts edges at 30.000000000000004."""
    ranked = np.sort(values)
    return ranked[[len(ranked) * tenth // QUANTILES for tenth in range(QUANTILES)]]


def _count(values: Floats, edges: Floats) -> list[int]:
    if len(edges) == 0:
        return [len(values)]
    bins = np.searchsorted(edges, values, side="right")
    # The largest training value belongs to the last inner bin: above it is what training never saw.
    bins[values == edges[-1]] = len(edges) - 1
    return [int(count) for count in np.bincount(bins, minlength=len(edges) + 1)]


def _category_bins(values: list[str]) -> dict[str, Any]:
    counted = pd.Series([value for value in values if value != ""], dtype="object").value_counts()
    # By count, then by name: ties must not depend on the order of rows.
    ranked = sorted(((str(name), int(count)) for name, count in counted.items()), key=lambda pair: (-pair[1], pair[0]))
    top, others = ranked[:TOP_CATEGORIES], ranked[TOP_CATEGORIES:]
    return {
        "categories": [name for name, _ in top],
        "counts": [*(count for _, count in top), sum(count for _, count in others)],
        "missing": sum(1 for value in values if value == ""),
    }


def score_bins(scores: Floats) -> dict[str, Any]:
    """Ten bins of equal numbers of test rows, by `edges` between them: `counts` has one more number than `edges`."""
    edges = np.unique(_quantiles(scores)[1:])
    bins = np.searchsorted(edges, scores, side="right")
    return {"edges": [float(edge) for edge in edges], "counts": [int(n) for n in np.bincount(bins, minlength=len(edges) + 1)]}
