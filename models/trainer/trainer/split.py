"""Which customers are trained on, tested on and left unseen."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.arrays import Floats, Mask
from trainer.recipe import Split


@dataclass(frozen=True)
class Parts:
    """Row numbers of each part, ascending. Rows of one customer are all in the same part."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    unseen: NDArray[np.intp]


def position(entity: str, salt: str) -> float:
    """Where a customer falls in [0, 1): the first 8 bytes of sha256("salt:entity") over 2^64."""
    digest = hashlib.sha256(f"{salt}:{entity}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_entities(entities: Sequence[str], split: Split) -> Parts:
    """
    Splits rows by their customer: [0, unseen) is unseen, the next `test` is test, the rest is training.

    A customer's part depends on its name and the salt only, so it survives new rows and any order of rows.
    """
    at: Floats = np.array([position(entity, split.salt) for entity in entities])
    unseen: Mask = at < split.unseen
    test: Mask = ~unseen & (at < split.unseen + split.test)
    train = np.flatnonzero(~unseen & ~test)
    if split.maxTrainingRows is not None:
        train = np.sort(train[np.argsort(at[train], kind="stable")][: split.maxTrainingRows])
    return Parts(train, np.flatnonzero(test), np.flatnonzero(unseen))
