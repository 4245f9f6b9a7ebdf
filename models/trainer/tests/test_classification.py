import numpy as np
import pytest

from tests.test_delong import AUC_A, LABELS, A
from trainer.statistics.classification import brier, calibration, decide, roc_points


def test_brier_against_oracle() -> None:
    # scikit-learn 1.2.1, brier_score_loss.
    assert brier(LABELS, A) == pytest.approx(0.16, rel=1e-12)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        # A score of exactly the threshold is chosen.
        (0.7, (10 / 12, 1.0, 3 / 5, 3 / 12)),
        (0.55, (9 / 12, 4 / 6, 4 / 5, 6 / 12)),
        (0.0, (5 / 12, 5 / 12, 1.0, 1.0)),
        (0.95, (7 / 12, 0.0, 0.0, 0.0)),
    ],
)
def test_decisions(threshold: float, expected: tuple[float, float, float, float]) -> None:
    found = decide(LABELS, A, threshold)
    assert (found.accuracy, found.precision, found.recall, found.selection_rate) == pytest.approx(expected)


def test_area_under_the_curve_is_the_auc() -> None:
    false, true = roc_points(LABELS, A)
    assert np.trapezoid(true, false) == pytest.approx(AUC_A, rel=1e-12)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)


def test_calibration_bins_hold_every_row_once() -> None:
    random = np.random.default_rng(1)
    scores = random.random(20_000)
    labels = (random.random(20_000) < scores).astype(np.int8)
    bins = calibration(labels, scores)
    assert sum(part.rows for part in bins) == 20_000
    assert [part.predicted for part in bins] == sorted(part.predicted for part in bins)
    assert all(part.observed == pytest.approx(part.predicted, abs=0.05) for part in bins)
    assert len(calibration(labels[:4], scores[:4])) == 4
