"""report.html: what a person needs to decide whether to trust a model. One file, no scripts, nothing fetched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from trainer.arrays import Bits, Floats
from trainer.card import CONFIDENCE, TestMetrics
from trainer.charts import Line, bar_chart, unit_chart
from trainer.parity import Parity
from trainer.recipe import Recipe
from trainer.statistics.classification import calibration, decide, roc_points
from trainer.threshold import ChosenThreshold

CURVE_POINTS = 200
FEWEST_PICKS = 10

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.2rem; border-bottom: 1px solid #d9dee3; }
table { border-collapse: collapse; margin: .6rem 0; } th, td { padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; } tr + tr { border-top: 1px solid #eceff2; }
.lead { font-size: 1.1rem; } .warning { background: #fff3e6; border-left: 4px solid #c2410c; padding: .5rem 1rem; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; } figure { margin: 0; }
figcaption, .note, .legend { color: #52606d; font-size: .9rem; max-width: 29rem; }
svg { max-width: 100%; height: auto; } code { font-size: .9em; overflow-wrap: anywhere; }
"""


@dataclass(frozen=True)
class ReportFacts:
    """All that the report tells. `labels` and `scores` are of the test rows."""

    recipe: Recipe
    version: str
    created_at: str
    test: TestMetrics
    labels: Bits
    scores: Floats
    threshold: ChosenThreshold
    fairness: Sequence[Mapping[str, Any]]
    importance: Sequence[tuple[str, float]]
    training: Mapping[str, Any]
    parity: Parity
    warnings: Sequence[str]


def render_report(facts: ReportFacts) -> str:
    """The whole page."""
    title = f"{facts.recipe.name} {facts.version}"
    sections = [
        f"<h1>{escape(title)}</h1><p class='note'>Model report, made {escape(facts.created_at)}.</p>",
        f"<p>{escape(facts.recipe.description)}</p>",
        *(f'<p class="warning">{escape(warning)}</p>' for warning in facts.warnings),
        _summary(facts),
        _metrics(facts),
        _charts(facts),
        _fairness(facts),
        _columns(facts),
        _provenance(facts),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>\n' + "\n".join(sections) + "\n</body></html>\n"
    )


def _summary(facts: ReportFacts) -> str:
    test, labels = facts.test, facts.recipe.labels
    base = test.positives / test.rows
    return (
        f"<p class='lead'>Of two customers, one with {escape(labels.column)} = {escape(labels.positive)} and one without, the model gives "
        f"the first the higher probability {test.auc:.1%} of the time (50% is a coin toss). "
        f"At the threshold {facts.threshold.value:g} it picks {test.selection_rate:.1%} of all customers and finds {test.recall:.1%} of those "
        f"it should find; {test.precision:.1%} of its picks are right, where picking blindly would be right for {base:.1%}.</p>"
    )


def _metrics(facts: ReportFacts) -> str:
    test = facts.test
    base = test.positives / test.rows
    interval = f"{CONFIDENCE:.0%} interval {test.lower:.4f} to {test.upper:.4f} (DeLong)"
    rows = [
        ("ROC AUC", f"{test.auc:.4f}", f"Ranking, 0.5 is chance. {interval}."),
        ("Brier score", f"{test.brier:.4f}", f"Squared error of the probability; the base rate alone would give {base * (1 - base):.4f}."),
        ("Accuracy", f"{test.accuracy:.4f}", f"Right decisions. Saying no to everybody would give {1 - base:.4f}."),
        ("Precision", f"{test.precision:.4f}", "Picks that are right."),
        ("Recall", f"{test.recall:.4f}", "Customers to be found that are found."),
        ("Threshold", f"{facts.threshold.value:g}", facts.threshold.method),
    ]
    note = f"Measured on {test.rows} customers ({test.positives} positive) that neither training nor the threshold saw."
    return f"<h2>How good it is</h2><p>{note}</p>{_table(('', '', ''), rows, numeric=(1,))}"


def _charts(facts: ReportFacts) -> str:
    labels, scores = facts.labels, facts.scores
    false, true = roc_points(labels, scores)
    keep = np.unique(np.linspace(0, len(false) - 1, CURVE_POINTS).astype(int))
    roc = [(float(false[at]), float(true[at])) for at in keep]
    bins = [(part.predicted, part.observed) for part in calibration(labels, scores)]
    # Precision of a handful of picks only jumps about.
    cuts = [float(cut) for cut in np.linspace(0.01, 0.99, 99) if int((scores >= cut).sum()) >= FEWEST_PICKS]
    decisions = [(cut, decide(labels, scores, cut)) for cut in cuts]
    threshold_lines = [
        Line("precision", [(cut, each.precision) for cut, each in decisions]),
        Line("recall", [(cut, each.recall) for cut, each in decisions]),
        Line("share picked", [(cut, each.selection_rate) for cut, each in decisions]),
    ]
    figures = [
        (
            unit_chart("ROC curve", "false positive rate", "true positive rate", [Line("model", roc)], diagonal=True),
            "ROC curve: the further above the dashed line of chance, the better.",
        ),
        (
            unit_chart("Calibration", "probability said", "share that happened", [Line("model", bins, dots=True)], diagonal=True),
            "Calibration: ten groups of test customers by probability. On the dashed line, a probability means what it says.",
        ),
        (
            unit_chart("Threshold", "threshold", "share", threshold_lines, mark_x=facts.threshold.value),
            "What a threshold does. The dashed line is the one chosen.",
        ),
        (
            bar_chart("Importance", facts.importance),
            "Importance: loss of AUC on the test customers when a column is shuffled. Columns that say the same share theirs.",
        ),
    ]
    drawn = "".join(f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>" for svg, caption in figures)
    return f"<h2>Pictures</h2><div class='charts'>{drawn}</div>"


def _fairness(facts: ReportFacts) -> str:
    if not facts.fairness:
        return ""
    rows = [
        (
            entry["column"],
            group["value"],
            str(group["rows"]),
            f"{group['positiveRate']:.1%}",
            f"{group['selectionRate']:.1%}",
            "too few" if group["auc"] is None else f"{group['auc']:.4f}",
        )
        for entry in facts.fairness
        for group in entry["groups"]
    ]
    head = ("column", "group", "customers", "positive", "picked", "AUC")
    return f"<h2>Groups compared</h2><p>On the test customers.</p>{_table(head, rows, numeric=(2, 3, 4, 5))}"


def _columns(facts: ReportFacts) -> str:
    said = {"Impute": "may be missing", "Refuse": "required"}
    rows = [
        (column.name, column.type, said[column.missing.policy], column.missing.meaning, column.description or "") for column in facts.recipe.inputs
    ]
    return f"<h2>Columns it reads</h2>{_table(('column', 'type', 'if missing', 'missing means', 'description'), rows)}"


def _provenance(facts: ReportFacts) -> str:
    training, parity = facts.training, facts.parity
    shuffled = "shuffled on purpose" if training["labelsShuffled"] else "as observed"
    rows = [
        ("Estimator", f"{training['estimator']}, seed {training['seed']}"),
        ("Parameters", ", ".join(f"{name}={value}" for name, value in training["parameters"].items())),
        ("Trained on", f"{training['rows']} customers ({training['positives']} positive), labels {shuffled}"),
        ("Data", f"{training['data']['rows']} rows, sha256 {training['data']['sha256']}"),
        ("Recipe", f"sha256 {training['recipe']['sha256']}"),
        ("Libraries", ", ".join(f"{name} {version}" for name, version in training["libraries"].items())),
        (
            "Served model",
            f"The ONNX graph gave the pipeline's probabilities on all {parity.rows} training and test rows: worst difference {parity.worst:.2g}, "
            f"{parity.flips} decisions changed.",
        ),
    ]
    return f"<h2>How it was made</h2>{_table(('', ''), rows)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(f"<{tag}{' class=n' if at in numeric else ''}>{escape(value)}</{tag}>" for at, value in enumerate(values))

    top = f"<tr>{cells('th', head)}</tr>" if any(head) else ""
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table>{top}{body}</table>"
