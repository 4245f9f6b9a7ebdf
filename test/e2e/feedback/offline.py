"""
What a gate must find, computed from the pairs by numpy, scipy and scikit-learn: shares no code with `statistics/` or `server/`.

    python offline.py FOLDER CARD...     # FOLDER has pairs.csv (customer,positive,stable,candidate) and gate.json; prints JSON

DeLong's variance is the trainer's (PYTHONPATH=models/trainer). Customers that a card lists as seen by its trainer are left out.
"""

import base64
import csv
import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from trainer.statistics.delong import delong

PREFIX_BYTES = 8
TUNED_FOR = 1000


def trained_on(cards):
    """Whether a customer is in any card's list: base64 of sorted 8-byte prefixes of sha256(salt, customer)."""
    lists = []
    for path in cards:
        listed = json.loads(Path(path).read_text(encoding="utf-8"))["trainingEntities"]
        if listed is not None:
            packed = base64.b64decode(listed["hashes"])
            lists.append((bytes.fromhex(listed["salt"]), {packed[at : at + PREFIX_BYTES] for at in range(0, len(packed), PREFIX_BYTES)}))
    return lambda customer: any(hashlib.sha256(salt + customer.encode()).digest()[:PREFIX_BYTES] in prefixes for salt, prefixes in lists)


def width(mode, confidence, labels):
    """Standard errors from an estimate to its one-sided bound. Anytime: Waudby-Smith et al. (2024), arXiv 2103.06476, the Gaussian mixture."""
    if mode != "Anytime":
        return norm.ppf(confidence)
    alpha = 1 - confidence
    both = min(2 * alpha, 0.5)
    rho2 = (-2 * math.log(both) + math.log(-2 * math.log(both) + 1)) / TUNED_FOR
    # The published half-width is of a mean with unit variance: times the square root of n, in standard errors.
    half = math.sqrt(2 * (labels * rho2 + 1) / (labels**2 * rho2) * math.log(1 + math.sqrt(labels * rho2 + 1) / (2 * alpha)))
    return half * math.sqrt(labels)


def auc_bounds(value, variance, errors):
    half = errors * math.sqrt(variance) / (value * (1 - value))
    return {"value": value, "variance": variance, "lower": expit(logit(value) - half), "upper": expit(logit(value) + half)}


def decide(gate, positives, negatives, candidate, difference):
    """DESIGN section 5."""
    if positives < gate["minPositives"] or negatives < gate["minNegatives"]:
        return "Inconclusive"
    least = -gate["maxRegression"]
    if gate["mode"] == "Point":
        return "Pass" if candidate["value"] >= gate["minAUC"] and difference["value"] >= least else "Fail"
    if candidate["upper"] < gate["minAUC"] or difference["upper"] < least:
        return "Fail"
    return "Pass" if candidate["lower"] >= gate["minAUC"] and difference["lower"] > least else "Inconclusive"


def main(folder, cards):
    gate = json.loads((folder / "gate.json").read_text(encoding="utf-8"))
    seen = trained_on(cards)
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as file:
        all_rows = list(csv.DictReader(file))
    rows = [row for row in all_rows if not seen(row["customer"])]
    positive = np.array([int(row["positive"]) for row in rows], dtype=np.int8)
    stable = np.array([float(row["stable"]) for row in rows])
    candidate = np.array([float(row["candidate"]) for row in rows])
    found = delong(positive, stable, candidate)
    errors = width(gate["mode"], gate["confidence"], len(rows))
    covariance = found.covariance
    value = roc_auc_score(positive, candidate) - roc_auc_score(positive, stable)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    half = errors * math.sqrt(variance)
    sides = {
        "stable": auc_bounds(roc_auc_score(positive, stable), covariance[0, 0], errors),
        "candidate": auc_bounds(roc_auc_score(positive, candidate), covariance[1, 1], errors),
        "difference": {"value": value, "variance": variance, "lower": max(-1, value - half), "upper": min(1, value + half)},
    }
    positives = int(positive.sum())
    negatives = len(rows) - positives
    print(
        json.dumps(
            {
                "rows": len(rows),
                "positives": positives,
                "negatives": negatives,
                "trainedOn": len(all_rows) - len(rows),
                "customers": [row["customer"] for row in rows],
                **{name: {key: float(number) for key, number in side.items()} for name, side in sides.items()},
                "verdict": decide(gate, positives, negatives, sides["candidate"], sides["difference"]),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
