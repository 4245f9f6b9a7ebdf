"""A training run: recipe and data in, model package out."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from trainer.arrays import Bits, Floats
from trainer.canonical import canonical_json, digest
from trainer.card import CardFacts, build_card, input_columns, library_versions, measure, validate
from trainer.check import golden_parity
from trainer.dataset import Dataset, read_dataset
from trainer.drift import baseline, score_bins
from trainer.entities import derive_salt, hash_entities
from trainer.errors import DataError, ExportError
from trainer.export import POSITIVE_INDEX, PROBABILITIES, export_graph
from trainer.fairness import compare_groups
from trainer.fit import positive_probability, training_labels, unfitted
from trainer.golden import golden_rows
from trainer.importance import METHOD, importance
from trainer.inference import GraphScorer
from trainer.package import GOLDEN, GRAPH, PICKLE, REPORT, file_entry, write_package
from trainer.parity import Parity, compare
from trainer.recipe import Recipe, read_recipe
from trainer.report import ReportFacts, render_report
from trainer.split import Parts, split_entities
from trainer.threshold import choose_threshold

# xz halves the size of a forest against zlib; joblib reads either.
PICKLE_COMPRESSION = ("xz", 6)
SHUFFLED_WARNING = "The training labels were shuffled on purpose: this model knows nothing and must never pass a gate."


@dataclass(frozen=True)
class Run:
    """What decides a package: the same four give the same package on the same library versions."""

    recipe: Path
    data: Path
    version: str
    created_at: str


@dataclass(frozen=True)
class Trained:
    """A written package."""

    card: dict[str, Any]
    identity: str


def train(run: Run, out: Path) -> Trained:
    """
    Trains, exports, proves parity and writes the package into `out` (absent or empty).

    Raises RecipeError, DataError, ExportError (the graph is not the same model) or PackageError (`out` is taken).
    """
    recipe, recipe_sha256 = read_recipe(run.recipe)
    data = read_dataset(run.data, recipe)
    parts = split_entities(data.entities, recipe.split)
    _refuse_thin(data, parts)

    names = [column.name for column in recipe.inputs]
    seed = recipe.estimator.seed
    fit_frame, test_frame = data.frame.iloc[parts.train], data.frame.iloc[parts.test]
    fit_labels = training_labels(data.labels[parts.train], recipe.labels)
    test_labels = data.labels[parts.test]
    model = unfitted(recipe.inputs, recipe.estimator)
    threshold = choose_threshold(recipe.threshold, model, fit_frame[names], fit_labels, seed)
    model.fit(fit_frame[names], fit_labels)

    used = np.sort(np.concatenate([parts.train, parts.test]))
    used_frame, used_labels = data.frame.iloc[used][names], data.labels[used]
    graph = export_graph(model, recipe.inputs, f"{recipe.name}-{run.version}")
    golden = golden_rows(model, recipe.inputs, used_frame, used_labels, threshold.value, seed)
    golden_document = golden.document(names, threshold.value)
    validate("golden-rows", golden_document)
    parity = _prove_parity(graph, model, recipe, golden_document, used_frame, used_labels, threshold.value)

    scores = positive_probability(model, test_frame[names])
    test = measure(test_labels, scores, threshold.value)
    fairness = [compare_groups(column, test_frame[column], test_labels, scores, threshold.value) for column in recipe.fairness.columns]
    weights = importance(model, test_frame[names], test_labels, seed)
    warnings = [*recipe.warnings, *([SHUFFLED_WARNING] if recipe.labels.shuffle else [])]
    training = {
        "estimator": type(model.named_steps["model"]).__name__,
        "parameters": _plain_parameters(model),
        "rows": len(parts.train),
        "positives": int(fit_labels.sum()),
        "seed": seed,
        "labelsShuffled": recipe.labels.shuffle,
        "data": {"sha256": data.sha256, "rows": len(data.frame)},
        "recipe": {"sha256": recipe_sha256},
        "libraries": library_versions(),
        "node": None,
    }
    report = render_report(
        ReportFacts(recipe, run.version, run.created_at, test, test_labels, scores, threshold, fairness, weights, training, parity, warnings)
    )
    files = {
        GRAPH: graph,
        GOLDEN: canonical_json(golden_document),
        REPORT: report.encode(),
        PICKLE: _pickle(model),
    }
    card = build_card(
        recipe,
        CardFacts(
            version=run.version,
            created_at=run.created_at,
            files={name: file_entry(content) for name, content in files.items()},
            inputs=input_columns(recipe.inputs, fit_frame),
            threshold={"value": threshold.value, "method": threshold.method},
            test=test,
            entities=hash_entities((data.entities[row] for row in used), derive_salt(recipe.name, run.version, data.sha256, recipe_sha256)),
            drift={
                "rows": len(fit_frame),
                "columns": [baseline(column, fit_frame[column.name]) for column in recipe.inputs],
                "score": score_bins(scores),
            },
            fairness=fairness,
            importance=weights,
            importance_method=METHOD,
            training=training,
            warnings=warnings,
        ),
    )
    write_package(out, card, files)
    return Trained(card, digest(card))


def _refuse_thin(data: Dataset, parts: Parts) -> None:
    for name, rows in (("training", parts.train), ("test", parts.test)):
        labels = data.labels[rows]
        if min(int(labels.sum()), int((1 - labels).sum())) < 10:
            raise DataError(f"the {name} part has fewer than 10 rows of one class")


def _prove_parity(
    graph: bytes, model: Pipeline, recipe: Recipe, golden: dict[str, Any], frame: pd.DataFrame, labels: Bits, threshold: float
) -> Parity:
    """Compares graph and pipeline on the golden rows and on every row trained or tested on; returns the latter."""
    numbers = [column.name for column in recipe.inputs if column.type == "number"]
    scorer = GraphScorer(graph, numbers, PROBABILITIES, POSITIVE_INDEX)
    expected: Floats = positive_probability(model, frame)
    on_rows = compare(expected, scorer.score(frame), threshold, labels)
    on_golden = golden_parity(golden, scorer, frozenset(numbers))
    for name, parity in (("golden rows", on_golden), ("training and test rows", on_rows)):
        if parity.faults:
            raise ExportError(f"the graph is not the fitted model on the {name}: {'; '.join(parity.faults)}")
    return on_rows


def _plain_parameters(model: Pipeline) -> dict[str, str | int | float | bool | None]:
    parameters = model.named_steps["model"].get_params(deep=False)
    return {name: value for name, value in sorted(parameters.items()) if isinstance(value, str | int | float | bool | None)}


def _pickle(model: Pipeline) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=PICKLE_COMPRESSION)
    return buffer.getvalue()
