"""The recipe: how to train, as a YAML document that a person writes."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from trainer.errors import RecipeError

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Strict(BaseModel):
    """A misspelt field is an error, never a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Missing(Strict):
    """
    What to do where a value is missing. A blank cell is, and nothing else: the card carries no codes, so serving would score any other
    spelling as a value. `codes` tells readers how the file spells the blank.
    """

    policy: Literal["Impute", "Refuse"]
    codes: tuple[str, ...] = Field(default=(), strict=False)
    meaning: str = Field(max_length=500)

    @field_validator("codes")
    @classmethod
    def _known_to_serving(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            if code.strip() != "":
                raise ValueError(f"{code!r} would be missing in training only: serving would not know it. Blank it in the data")
        return codes


class NumberColumn(Strict):
    """A column of finite decimal numbers."""

    name: ColumnName
    type: Literal["number"]
    missing: Missing
    description: str | None = Field(default=None, max_length=500)


class CategoryColumn(Strict):
    """A column of texts. `unseen` says what serving does with a text that training never saw."""

    name: ColumnName
    type: Literal["category"]
    missing: Missing
    unseen: Literal["Ignore", "Refuse"] = "Ignore"
    description: str | None = Field(default=None, max_length=500)


Column = Annotated[NumberColumn | CategoryColumn, Field(discriminator="type")]


class Entity(Strict):
    """The column that names the customer. Splits keep a customer whole, and it is never a feature."""

    column: ColumnName


class Labels(Strict):
    """The outcome column and the spelling of its two values."""

    column: ColumnName
    negative: str
    positive: str
    shuffle: bool = Field(default=False, description="Permute the training labels: a canary that must score 0.5 on real labels.")
    seed: int | None = Field(default=None, description="Seed of the permutation.")

    @model_validator(mode="after")
    def _values_differ(self) -> Self:
        if self.negative == self.positive:
            raise ValueError("negative and positive are the same value")
        if self.shuffle and self.seed is None:
            raise ValueError("shuffle needs a seed")
        return self


class Split(Strict):
    """Customers fall into unseen, test and training by a salted hash of their name: the order of rows does not matter."""

    salt: str = Field(min_length=1, max_length=200)
    unseen: float = Field(ge=0, le=0.9, description="Share of customers neither trained nor tested on.")
    test: float = Field(gt=0, le=0.9, description="Share of customers tested on.")
    maxTrainingRows: int | None = Field(default=None, ge=50, description="Train on no more than so many rows, lowest hashes first.")

    @model_validator(mode="after")
    def _something_left(self) -> Self:
        if self.unseen + self.test >= 1:
            raise ValueError("unseen and test together leave no customer to train on")
        return self


class RandomForestParameters(Strict):
    """Parameters by scikit-learn's own names."""

    n_estimators: int = Field(ge=1, le=2000)
    max_depth: int = Field(ge=1, le=32)
    min_samples_leaf: int = Field(default=1, ge=1)
    max_features: float | Literal["sqrt", "log2"] = "sqrt"


class Estimator(Strict):
    """What is fitted behind the preprocessing."""

    family: Literal["RandomForest"]
    seed: int = Field(ge=0, le=2**32 - 1)
    parameters: RandomForestParameters


class FixedThreshold(Strict):
    """A threshold that somebody decided on."""

    method: Literal["Fixed"]
    value: float = Field(gt=0, lt=1)


class MaxF1Threshold(Strict):
    """The threshold of greatest F1 on out-of-fold training probabilities."""

    method: Literal["MaxF1"]


Threshold = Annotated[FixedThreshold | MaxF1Threshold, Field(discriminator="method")]


class Fairness(Strict):
    """Columns whose groups are compared. They need not be features."""

    columns: tuple[ColumnName, ...] = Field(default=(), strict=False)


class Recipe(Strict):
    """One way to train one model."""

    schemaVersion: Literal[1]
    name: str = Field(pattern=r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$")
    description: str = Field(max_length=2000)
    columns: tuple[Column, ...] = Field(min_length=1, max_length=1000, strict=False)
    features: tuple[ColumnName, ...] | None = Field(default=None, min_length=1, strict=False, description="Columns the model may use; default all.")
    entity: Entity
    labels: Labels
    split: Split
    estimator: Estimator
    threshold: Threshold
    fairness: Fairness = Fairness()
    warnings: tuple[str, ...] = Field(default=(), strict=False, description="What a reader should know before trusting this model.")

    @model_validator(mode="after")
    def _columns_fit_together(self) -> Self:
        names = [column.name for column in self.columns]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"columns: {name} is declared twice")
        for role, name in (("entity", self.entity.column), ("labels", self.labels.column)):
            if name in names:
                raise ValueError(f"{role}.column: {name} is declared among columns, so it could become a feature")
        if self.entity.column == self.labels.column:
            raise ValueError("entity.column and labels.column are the same column")
        for role, chosen in (("features", self.features or ()), ("fairness.columns", self.fairness.columns)):
            for name in chosen:
                if name not in names:
                    raise ValueError(f"{role}: {name} is not declared among columns")
            if len(set(chosen)) < len(chosen):
                raise ValueError(f"{role}: a column is named twice")
        return self

    @property
    def inputs(self) -> tuple[NumberColumn | CategoryColumn, ...]:
        """The columns the model uses, in the order of `columns`."""
        wanted = {column.name for column in self.columns} if self.features is None else set(self.features)
        return tuple(column for column in self.columns if column.name in wanted)


def parse_recipe(document: Any) -> Recipe:
    """
    A recipe from a parsed YAML document.

    Raises RecipeError naming every wrong field.
    """
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in issue['loc']) or 'recipe'}: {issue['msg']}" for issue in error.errors()]
        raise RecipeError("\n".join(lines)) from error


def read_recipe(path: Path) -> tuple[Recipe, str]:
    """The recipe in a file, and the sha256 of the file's bytes (what `sha256sum` prints)."""
    data = path.read_bytes()
    try:
        document = yaml.safe_load(data)
    except yaml.YAMLError as error:
        raise RecipeError(f"{path.name} is not YAML: {error}") from error
    return parse_recipe(document), hashlib.sha256(data).hexdigest()
