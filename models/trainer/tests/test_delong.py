import math
from statistics import NormalDist

import numpy as np
import pytest
from numpy.testing import assert_allclose

from trainer.statistics.delong import delong, logit_interval

# Oracle: R 4.2.2 with pROC 1.18.0 (roc, var, ci, cov, roc.test), on data made for this purpose; ties within and across classes.
LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0], dtype=np.int8)
A = np.array([0.1, 0.2, 0.2, 0.35, 0.4, 0.6, 0.35, 0.55, 0.7, 0.8, 0.9, 0.65])
B = np.array([0.3, 0.1, 0.2, 0.5, 0.45, 0.5, 0.4, 0.5, 0.6, 0.6, 0.95, 0.2])
AUC_A, VARIANCE_A, LOGIT_A = 0.842857142857143, 0.0151020408163265, (0.465337058941853, 0.970635338193822)
AUC_B, VARIANCE_B, LOGIT_B = 0.885714285714286, 0.01, (0.527830729891526, 0.981728056242907)
COVARIANCE, Z, P = 0.00979591836734694, -0.577350269189627, 0.563702861650772
DIGITS = 1e-13


def test_pair_against_proc() -> None:
    found = delong(LABELS, A, B)
    assert_allclose(found.aucs, [AUC_A, AUC_B], rtol=DIGITS)
    assert_allclose(found.covariance, [[VARIANCE_A, COVARIANCE], [COVARIANCE, VARIANCE_B]], rtol=DIGITS)
    z = (found.aucs[0] - found.aucs[1]) / math.sqrt(found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1])
    assert z == pytest.approx(Z, rel=1e-12)
    assert 2 * (1 - NormalDist().cdf(abs(z))) == pytest.approx(P, rel=1e-12)


@pytest.mark.parametrize(("auc", "variance", "expected"), [(AUC_A, VARIANCE_A, LOGIT_A), (AUC_B, VARIANCE_B, LOGIT_B)])
def test_logit_interval_against_proc(auc: float, variance: float, expected: tuple[float, float]) -> None:
    interval = logit_interval(auc, variance, 0.95)
    assert (interval.lower, interval.upper) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_defining_kernel(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = (random.random(60) < 0.3).astype(np.int8)
    scores = np.round(random.random(60) + 0.3 * labels.astype(np.float64), 1)
    positives, negatives = scores[labels == 1], scores[labels == 0]
    kernel = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    found = delong(labels, scores)
    assert found.aucs[0] == pytest.approx(kernel.mean(), rel=1e-12)
    variance = kernel.mean(axis=1).var(ddof=1) / len(positives) + kernel.mean(axis=0).var(ddof=1) / len(negatives)
    assert found.covariance[0, 0] == pytest.approx(variance, rel=1e-9)


def test_ranks_only_matter() -> None:
    assert_allclose(delong(LABELS, np.exp(5 * A)).covariance, delong(LABELS, A).covariance, rtol=DIGITS)


@pytest.mark.parametrize("labels", [[1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]])
def test_too_few_of_a_class_is_undefined(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="at least two rows of either class"):
        delong(np.array(labels, dtype=np.int8), np.arange(4.0))


def test_refuses_nan() -> None:
    with pytest.raises(ValueError, match="NaN"):
        delong(LABELS, np.append(A[:-1], np.nan))


@pytest.mark.parametrize("auc", [0.0, 1.0])
def test_no_interval_at_the_ends(auc: float) -> None:
    with pytest.raises(ValueError, match="undefined"):
        logit_interval(auc, 0.0, 0.95)
