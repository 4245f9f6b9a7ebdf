"""
ROC AUC with DeLong's variance in O(n log n).

DeLong, DeLong, Clarke-Pearson 1988; fast form by Sun and Xu 2014 (IEEE Signal Processing Letters 21:1389-1393).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.stats import rankdata

from trainer.arrays import Bits, Floats


@dataclass(frozen=True)
class DeLong:
    """`aucs[k]` of model k and the covariance matrix `covariance[k, l]` of these estimates (same rows, hence paired)."""

    aucs: Floats
    covariance: Floats


@dataclass(frozen=True)
class Interval:
    """A two-sided confidence interval."""

    lower: float
    upper: float


def delong(labels: Bits, *scores: Floats) -> DeLong:
    """
    AUCs of one or more models on the same rows.

    `labels`: 0 or 1, shape [n]; each of `scores`: shape [n], higher means more positive, ties count one half.
    Raises ValueError with fewer than two rows of either class (the variance is undefined) or a score that is NaN.
    """
    positive = labels == 1
    m, n = int(positive.sum()), int((~positive).sum())
    if m < 2 or n < 2:
        raise ValueError("AUC needs at least two rows of either class")
    if any(bool(np.isnan(score).any()) for score in scores):
        raise ValueError("a score is NaN")
    placements = [_placements(positive, score, m, n) for score in scores]
    v10 = np.stack([of_positives for of_positives, _ in placements])
    v01 = np.stack([of_negatives for _, of_negatives in placements])
    covariance = np.atleast_2d(np.cov(v10)) / m + np.atleast_2d(np.cov(v01)) / n
    return DeLong(v10.mean(axis=1), covariance)


def _placements(positive: "np.ndarray[tuple[int], np.dtype[np.bool_]]", score: Floats, m: int, n: int) -> tuple[Floats, Floats]:
    """V10: share of negatives below each positive. V01: share of positives above each negative."""
    pooled = rankdata(score)
    v10 = (pooled[positive] - rankdata(score[positive])) / n
    v01 = 1 - (pooled[~positive] - rankdata(score[~positive])) / m
    return v10, v01


def logit_interval(auc: float, variance: float, confidence: float) -> Interval:
    """
    Two-sided interval made on the logit scale, so that it stays within (0, 1).

    Raises ValueError where the AUC is 0 or 1: the variance is 0 there and says nothing.
    """
    if not 0 < auc < 1:
        raise ValueError("the logit interval is undefined at an AUC of 0 or 1")
    centre = math.log(auc / (1 - auc))
    half = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance) / (auc * (1 - auc))
    return Interval(1 / (1 + math.exp(half - centre)), 1 / (1 + math.exp(-half - centre)))
