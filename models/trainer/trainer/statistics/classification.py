"""Measures of probabilities and of decisions made by a threshold."""

from dataclasses import dataclass

import numpy as np

from trainer.arrays import Bits, Floats


@dataclass(frozen=True)
class Decisions:
    """Shares (0..1) of decisions at one threshold. `precision` is 0 where nobody is chosen."""

    accuracy: float
    precision: float
    recall: float
    selection_rate: float


def decide(labels: Bits, scores: Floats, threshold: float) -> Decisions:
    """Measures `score >= threshold` against the labels (0 or 1, shape [n])."""
    chosen = scores >= threshold
    positive = labels == 1
    hits = int((chosen & positive).sum())
    selected = int(chosen.sum())
    return Decisions(
        accuracy=float((chosen == positive).mean()),
        precision=hits / selected if selected else 0.0,
        recall=hits / int(positive.sum()),
        selection_rate=selected / len(labels),
    )


def brier(labels: Bits, scores: Floats) -> float:
    """Mean squared distance of probability and outcome: 0 is perfect, the base rate alone gives p(1-p)."""
    return float(np.mean((scores - labels) ** 2))


@dataclass(frozen=True)
class CalibrationBin:
    """Rows of similar probability: what was said on average and what happened."""

    rows: int
    predicted: float
    observed: float


def calibration(labels: Bits, scores: Floats, bins: int = 10) -> list[CalibrationBin]:
    """Bins of equal numbers of rows, from the lowest probability to the highest."""
    order = np.argsort(scores, kind="stable")
    return [CalibrationBin(len(part), float(scores[part].mean()), float(labels[part].mean())) for part in np.array_split(order, bins) if len(part)]


def roc_points(labels: Bits, scores: Floats) -> tuple[Floats, Floats]:
    """False and true positive rates of every distinct threshold, from (0, 0) to (1, 1)."""
    order = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(scores[order][:-1] != scores[order][1:], True)
    true = np.cumsum(labels[order])[last_of_equals] / labels.sum()
    false = np.cumsum(1 - labels[order])[last_of_equals] / (1 - labels).sum()
    return np.append(0.0, false), np.append(0.0, true)
