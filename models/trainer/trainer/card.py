"""The model card: what a package says of itself, in the shape of contracts/model-card.ts."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata, resources
from typing import Any

import jsonschema
import pandas as pd

from trainer.arrays import Bits, Floats
from trainer.entities import EntityHashes
from trainer.errors import PackageError
from trainer.export import POSITIVE_INDEX, PROBABILITIES
from trainer.recipe import CategoryColumn, NumberColumn, Recipe
from trainer.statistics.classification import brier, decide
from trainer.statistics.delong import delong, logit_interval

CONFIDENCE = 0.95
LIBRARIES = ("scikit-learn", "numpy", "scipy", "pandas", "joblib", "skl2onnx", "onnx", "onnxruntime")


@dataclass(frozen=True)
class TestMetrics:
    """Measures on rows that neither the fit nor the threshold saw. Shares are 0..1; the interval is DeLong's, on the logit scale."""

    __test__ = False  # pytest: not a test class

    rows: int
    positives: int
    negatives: int
    auc: float
    lower: float
    upper: float
    brier: float
    accuracy: float
    precision: float
    recall: float
    selection_rate: float

    def document(self) -> dict[str, Any]:
        """The card's `test` entry."""
        return {
            "rows": self.rows,
            "positives": self.positives,
            "negatives": self.negatives,
            "confidence": CONFIDENCE,
            "auc": {"value": self.auc, "lower": self.lower, "upper": self.upper, "method": "DeLong"},
            "brier": self.brier,
            "accuracy": self.accuracy,
            "precision": self.precision,
            "recall": self.recall,
        }


def measure(labels: Bits, scores: Floats, threshold: float) -> TestMetrics:
    """Measures test rows: real labels (0 or 1) and float64 probabilities, shape [n]."""
    found = delong(labels, scores)
    auc = float(found.aucs[0])
    interval = logit_interval(auc, float(found.covariance[0, 0]), CONFIDENCE)
    decisions = decide(labels, scores, threshold)
    positives = int(labels.sum())
    return TestMetrics(
        rows=len(labels),
        positives=positives,
        negatives=len(labels) - positives,
        auc=auc,
        lower=interval.lower,
        upper=interval.upper,
        brier=brier(labels, scores),
        accuracy=decisions.accuracy,
        precision=decisions.precision,
        recall=decisions.recall,
        selection_rate=decisions.selection_rate,
    )


def input_columns(columns: Sequence[NumberColumn | CategoryColumn], training: pd.DataFrame) -> list[dict[str, Any]]:
    """The card's `inputs`: each raw column with what the training rows hold of it."""
    return [_input(column, training[column.name]) for column in columns]


def _input(column: NumberColumn | CategoryColumn, values: "pd.Series[Any]") -> dict[str, Any]:
    entry: dict[str, Any] = {"name": column.name, "type": column.type}
    if column.type == "number":
        entry["range"] = {"min": float(values.min()), "max": float(values.max())}
    else:
        entry["categories"] = sorted({str(value) for value in values} - {""})
        entry["unseen"] = column.unseen
    entry["missing"] = {"policy": column.missing.policy, "meaning": column.missing.meaning}
    if column.description is not None:
        entry["description"] = column.description
    return entry


def library_versions() -> dict[str, str]:
    """Versions of everything that can change a probability."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


@dataclass(frozen=True)
class CardFacts:
    """Everything a card says that is not in the recipe itself. Entries that are documents already have the card's shape."""

    version: str
    created_at: str
    files: Mapping[str, Mapping[str, Any]]
    inputs: Sequence[Mapping[str, Any]]
    threshold: Mapping[str, Any]
    test: TestMetrics
    entities: EntityHashes
    drift: Mapping[str, Any]
    fairness: Sequence[Mapping[str, Any]]
    importance: Sequence[tuple[str, float]]
    importance_method: str
    training: Mapping[str, Any]
    warnings: Sequence[str]


def build_card(recipe: Recipe, facts: CardFacts) -> dict[str, Any]:
    """The card as a JSON document. Raises PackageError where it breaks the contract."""
    split = recipe.split
    card: dict[str, Any] = {
        "schemaVersion": 1,
        "kind": "ModelCard",
        "name": recipe.name,
        "version": facts.version,
        "description": recipe.description,
        "createdAt": facts.created_at,
        "files": dict(facts.files),
        "inputs": list(facts.inputs),
        "entity": {"column": recipe.entity.column},
        "labels": {"column": recipe.labels.column, "negative": recipe.labels.negative, "positive": recipe.labels.positive},
        "output": {"probabilities": PROBABILITIES, "positiveIndex": POSITIVE_INDEX},
        "threshold": dict(facts.threshold),
        "test": facts.test.document(),
        "testSet": {
            "split": "Group",
            "description": (
                f"Customers by sha256 of their {recipe.entity.column} with the salt {split.salt!r}: {split.unseen:g} of them left unseen, "
                f"the next {split.test:g} tested on. All rows of a customer fall on the same side. The file has no time to split by."
            ),
        },
        "trainingEntities": {"algorithm": "sha256-64", **asdict(facts.entities)},
        "drift": dict(facts.drift),
        "fairness": list(facts.fairness),
        "importance": {
            "method": facts.importance_method,
            "columns": [{"name": name, "value": value} for name, value in facts.importance],
        },
        "training": dict(facts.training),
        "warnings": list(facts.warnings),
    }
    validate("model-card", card)
    return card


def validate(schema: str, document: Any) -> None:
    """Checks a document against `schemas/<schema>.schema.json`, generated from contracts/. Raises PackageError naming the place."""
    text = resources.files("trainer").joinpath("schemas", f"{schema}.schema.json").read_text("utf-8")
    errors = sorted(jsonschema.Draft202012Validator(json.loads(text)).iter_errors(document), key=lambda error: error.json_path)
    if errors:
        raise PackageError("\n".join(f"{schema} {error.json_path}: {error.message[:300]}" for error in errors))
