"""Fits the pipeline of a recipe."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline

from trainer.arrays import Bits, Floats
from trainer.features import pipeline
from trainer.recipe import CategoryColumn, Estimator, Labels, NumberColumn

FOLDS = 5


def unfitted(columns: Sequence[NumberColumn | CategoryColumn], estimator: Estimator) -> Pipeline:
    """
    The pipeline of a recipe, before fitting.

    One job: with more, the forest adds its trees in the order in which threads finish, and the last bits of a
    probability change from run to run (sklearn-onnx #577).
    """
    parameters = estimator.parameters.model_dump()
    return pipeline(columns, RandomForestClassifier(random_state=estimator.seed, n_jobs=1, **parameters))


def training_labels(labels: Bits, recipe: Labels) -> Bits:
    """The labels to fit on: the real ones, or a seeded permutation of them (same count of positives)."""
    if not recipe.shuffle:
        return labels
    return np.random.default_rng(recipe.seed).permutation(labels)


def positive_probability(model: Pipeline, frame: pd.DataFrame) -> Floats:
    """Float64 probability of the positive class per row of raw columns."""
    probabilities: Floats = model.predict_proba(frame)[:, 1]
    return probabilities


def out_of_fold(model: Pipeline, frame: pd.DataFrame, labels: Bits, seed: int) -> Floats:
    """Probability of each training row by a model that did not see it (stratified folds, preprocessing refitted in each)."""
    folds = StratifiedKFold(n_splits=FOLDS, shuffle=True, random_state=seed)
    scores: Floats = cross_val_predict(model, frame, labels, cv=folds, method="predict_proba", n_jobs=1)[:, 1]
    return scores
