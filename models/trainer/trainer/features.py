"""Preprocessing: everything between a raw column and the estimator, as one scikit-learn pipeline that ONNX can hold."""

from collections.abc import Sequence

from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from trainer.recipe import CategoryColumn, NumberColumn


def preprocessing(columns: Sequence[NumberColumn | CategoryColumn]) -> ColumnTransformer:
    """
    Numbers: median where missing. Categories: most frequent where "", then one-hot, an unseen one as all zeros.

    No scaling: trees do not need it, and in float32 it moves values across splits (reference: statistics 7.5).
    The missing category is "" because skl2onnx converts a text imputer only for a text `missing_values`.
    """
    numbers = [column.name for column in columns if column.type == "number"]
    categories = [column.name for column in columns if column.type == "category"]
    texts = Pipeline(
        [
            ("impute", SimpleImputer(missing_values="", strategy="most_frequent")),
            ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        ]
    )
    steps = [("numbers", SimpleImputer(strategy="median"), numbers), ("categories", texts, categories)]
    return ColumnTransformer([step for step in steps if step[2]])


def pipeline(columns: Sequence[NumberColumn | CategoryColumn], estimator: ClassifierMixin) -> Pipeline:
    """The whole model on raw columns: the object that is pickled for people and converted for serving."""
    return Pipeline([("columns", preprocessing(columns)), ("model", estimator)])
