"""
What scikit-learn and scipy say of the same pairs of scores. Shares no code with `statistics/`.

    python reference.py STABLE_THRESHOLD CANDIDATE_THRESHOLD FOLDER...   # columns positive.u8, stable.f64, candidate.f64; prints a JSON list
    python reference.py --write scikit-learn.json                        # the committed samples and their values

DeLong's variance, which neither has, is the trainer's (PYTHONPATH=models/trainer): another language, by midranks instead of binary search.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.special import rel_entr
from scipy.stats import binomtest, norm, spearmanr
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    brier_score_loss,
    cohen_kappa_score,
    confusion_matrix,
    jaccard_score,
    log_loss,
    max_error,
    mean_absolute_error,
    roc_auc_score,
)

from trainer.statistics.delong import delong

BINS = 10


def measures(positive, stable, candidate, thresholds):
    pair = delong(positive, stable, candidate)
    covariance = pair.covariance
    difference = pair.aucs[1] - pair.aucs[0]
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    z = difference / np.sqrt(variance)
    return {
        "stable": one(positive, stable) | {"variance": covariance[0, 0]},
        "candidate": one(positive, candidate) | {"variance": covariance[1, 1]},
        "covariance": covariance[0, 1],
        "difference": {"value": difference, "variance": variance, "z": z, "p": 2 * norm.sf(abs(z))},
        "agreement": agreement(stable, candidate, thresholds),
    }


def one(positive, scores):
    bins = reliability(positive, scores)
    share = bins["rows"] / len(positive)
    rate = positive.mean()
    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-14, max_iter=1000)
    clipped = np.clip(scores, np.finfo(float).eps, 1 - np.finfo(float).eps)
    line.fit((np.log(clipped) - np.log1p(-clipped))[:, None], positive)
    return {
        "auc": roc_auc_score(positive, scores),
        "brier": brier_score_loss(positive, scores),
        "logLoss": log_loss(positive, scores),
        "expectedCalibrationError": (share * np.abs(bins["observed"] - bins["predicted"])).sum(),
        "reliability": (share * (bins["observed"] - bins["predicted"]) ** 2).sum(),
        "resolution": (share * (bins["observed"] - rate) ** 2).sum(),
        "uncertainty": rate * (1 - rate),
        "observedToExpected": positive.sum() / scores.sum(),
        "intercept": line.intercept_[0],
        "slope": line.coef_[0, 0],
        "bins": {name: column.tolist() for name, column in bins.items()},
    }


def reliability(positive, scores):
    """
    scikit-learn's calibration_curve. Its bins hold their upper edge, ours the lower one: the mirror image (of probabilities and outcomes) has the
    same bins in reverse, edges included.
    """
    mirrored = 1 - scores
    observed, predicted = calibration_curve(1 - positive, mirrored, n_bins=BINS)
    rows = np.bincount(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], mirrored))
    return {"rows": rows[rows > 0][::-1], "observed": 1 - observed[::-1], "predicted": 1 - predicted[::-1]}


def agreement(stable, candidate, thresholds):
    decided = stable >= thresholds[0], candidate >= thresholds[1]
    (neither, candidate_only), (stable_only, both) = confusion_matrix(*decided, labels=[False, True])
    wilson = binomtest(int(stable_only + candidate_only), len(stable)).proportion_ci(0.95, method="wilson")
    return {
        "rankCorrelation": spearmanr(stable, candidate).statistic,
        "maxDifference": max_error(stable, candidate),
        "meanDifference": mean_absolute_error(stable, candidate),
        "meanShift": (candidate - stable).mean(),
        "divergence": (rel_entr(stable, candidate) + rel_entr(1 - stable, 1 - candidate)).mean(),
        "both": both,
        "stableOnly": stable_only,
        "candidateOnly": candidate_only,
        "neither": neither,
        "disagreement": [wilson.low, wilson.high],
        "kappa": cohen_kappa_score(*decided),
        "listOverlap": jaccard_score(*decided),
    }


def samples():
    """Small ones of every kind: continuous, few distinct scores (many ties, also on bin edges), rare positives, hardly alike."""
    random = np.random.default_rng(20261121)
    for name, rows, rate, digits, noise in [
        ("continuous", 60, 0.4, None, 0.5),
        ("ties", 80, 0.3, 1, 0.5),
        ("rare positives", 150, 0.08, 3, 0.3),
        ("hardly alike", 50, 0.5, 2, 3.0),
    ]:
        positive = (random.random(rows) < rate).astype(np.int8)
        latent = random.normal(1.2 * positive - 1, 1)
        stable = 1 / (1 + np.exp(-latent))
        candidate = 1 / (1 + np.exp(-(latent + random.normal(0, noise, rows))))
        if digits is not None:
            stable, candidate = np.clip(np.round(stable, digits), 0.1, 0.9), np.clip(np.round(candidate, digits), 0.1, 0.9)
        yield name, positive, stable, candidate, (0.42, 0.4)


def columns(folder):
    return [np.fromfile(folder / name, dtype=kind) for name, kind in (("positive.u8", np.int8), ("stable.f64", "<f8"), ("candidate.f64", "<f8"))]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return value if isinstance(value, list) else value.item() if hasattr(value, "item") else value


def write(path):
    rows = [
        {
            "name": name,
            "positive": positive.tolist(),
            "stable": stable.tolist(),
            "candidate": candidate.tolist(),
            "thresholds": {"stable": thresholds[0], "candidate": thresholds[1]},
            "expected": plain(measures(positive, stable, candidate, thresholds)),
        }
        for name, positive, stable, candidate, thresholds in samples()
    ]
    lines = ",\n".join(json.dumps(row) for row in rows)
    Path(path).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write(sys.argv[2])
    else:
        thresholds = [float(each) for each in sys.argv[1:3]]
        print(json.dumps([plain(measures(*columns(Path(folder)), thresholds)) for folder in sys.argv[3:]]))
