"""Whether the graph is the same model as the fitted pipeline (DESIGN section 5, Parity)."""

from dataclasses import dataclass

import numpy as np

from trainer.arrays import Bits, Floats
from trainer.statistics.delong import delong

CLOSE = 1e-5
"""Float32 sums of a few hundred tree outputs stay well within this."""
CLOSE_SHARE = 0.99
WORST = 0.02
"""A row that falls on the other side of one split in one of 50 trees."""
BAND = 1e-4
"""Within this distance of the threshold a decision may differ."""
AUC_DIFFERENCE = 1e-4


@dataclass(frozen=True)
class Parity:
    """How far two sets of probabilities of the same rows are apart. `auc_difference` is None where labels have one class."""

    rows: int
    worst: float
    close_share: float
    flips: int
    auc_difference: float | None

    @property
    def faults(self) -> list[str]:
        """What breaks a limit, in words; empty where the graph is the same model."""
        found = []
        if not self.worst <= WORST:
            found.append(f"a probability differs by {self.worst:.3g}, more than {WORST}")
        if not self.close_share >= CLOSE_SHARE:
            found.append(f"only {self.close_share:.2%} of rows agree within {CLOSE}")
        if self.flips:
            found.append(f"{self.flips} decisions differ outside {BAND} round the threshold")
        if self.auc_difference is not None and not self.auc_difference <= AUC_DIFFERENCE:
            found.append(f"AUC differs by {self.auc_difference:.3g}")
        return found


def compare(expected: Floats, served: Floats, threshold: float, labels: Bits | None) -> Parity:
    """
    Compares probabilities of the training side (`expected`) with those of the graph, shape [n] each.

    A NaN on either side breaks every limit it touches. `labels`: 0 or 1 per row; None where no AUC is asked for.
    """
    distance = np.abs(expected - served)
    outside = ~(np.abs(expected - threshold) <= BAND)
    flips = int((outside & ((expected >= threshold) != (served >= threshold))).sum())
    return Parity(
        rows=len(expected),
        worst=float(distance.max()),
        close_share=float((distance <= CLOSE).mean()),
        flips=flips,
        auc_difference=None if labels is None else _auc_difference(labels, expected, served),
    )


def _auc_difference(labels: Bits, expected: Floats, served: Floats) -> float | None:
    if min(int(labels.sum()), int((1 - labels).sum())) < 2:
        return None
    if bool(np.isnan(served).any()):
        return float("nan")
    first, second = delong(labels, expected, served).aucs
    return abs(float(first - second))
