"""Verifies a package as a serving pod would, on the training side's runtime."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trainer.arrays import Bits, Floats
from trainer.card import validate
from trainer.errors import PackageError
from trainer.golden import MINIMUM_STRADDLERS
from trainer.inference import GraphScorer
from trainer.package import GOLDEN, GRAPH, Package, open_package
from trainer.parity import Parity, compare

TENSOR_TYPES = {"number": "tensor(float)", "category": "tensor(string)"}


@dataclass(frozen=True)
class Verified:
    """A package that holds what it says."""

    package: Package
    golden: Parity


def check_package(directory: Path) -> Verified:
    """Checks digests, contracts, the graph's inputs and golden parity. Raises PackageError for the first thing found wrong."""
    package = open_package(directory)
    golden = json.loads(package.read(GOLDEN))
    validate("golden-rows", golden)
    _check_golden(package.card, golden)
    inputs = package.card["inputs"]
    numbers = [column["name"] for column in inputs if column["type"] == "number"]
    output = package.card["output"]
    scorer = GraphScorer(package.read(GRAPH), numbers, output["probabilities"], output["positiveIndex"])
    declared = {column["name"]: TENSOR_TYPES[column["type"]] for column in inputs}
    if scorer.inputs != declared:
        raise PackageError(f"the graph takes {scorer.inputs}, the card declares {declared}")
    parity = golden_parity(golden, scorer, frozenset(numbers))
    if parity.faults:
        raise PackageError(f"golden parity: {'; '.join(parity.faults)}")
    return Verified(package, parity)


def golden_parity(golden: dict[str, Any], scorer: GraphScorer, numbers: frozenset[str]) -> Parity:
    """Scores the golden rows with the graph. The AUC is compared on the labelled ones by way of all others being left out."""
    expected: Floats = np.array(golden["probabilities"], dtype=np.float64)
    served = scorer.score(golden_frame(golden, numbers))
    all_rows = compare(expected, served, golden["threshold"], None)
    known = np.array([label is not None for label in golden["labels"]])
    labels: Bits = np.array([label for label in golden["labels"] if label is not None], dtype=np.int8)
    labelled = compare(expected[known], served[known], golden["threshold"], labels)
    return Parity(all_rows.rows, all_rows.worst, all_rows.close_share, all_rows.flips, labelled.auc_difference)


def golden_frame(golden: dict[str, Any], numbers: frozenset[str]) -> pd.DataFrame:
    """Golden rows as raw columns: a null becomes NaN in a number, "" in a category."""
    columns = zip(golden["columns"], zip(*golden["rows"], strict=True), strict=True)
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype="float64") if name in numbers else pd.Series([v or "" for v in values], dtype="object")
            for name, values in columns
        }
    )


def _check_golden(card: Any, golden: dict[str, Any]) -> None:
    names = [column["name"] for column in card["inputs"]]
    if golden["columns"] != names:
        raise PackageError(f"golden columns are {golden['columns']}, the card's inputs {names}")
    if golden["threshold"] != card["threshold"]["value"]:
        raise PackageError(f"golden threshold is {golden['threshold']}, the card's {card['threshold']['value']}")
    for field in ("kinds", "probabilities", "labels"):
        if len(golden[field]) != len(golden["rows"]):
            raise PackageError(f"golden {field} has {len(golden[field])} values for {len(golden['rows'])} rows")
    if any(len(row) != len(names) for row in golden["rows"]):
        raise PackageError("a golden row has more or fewer values than there are columns")
    if golden["kinds"].count("Straddler") < MINIMUM_STRADDLERS:
        raise PackageError(f"golden rows have fewer than {MINIMUM_STRADDLERS} threshold straddlers")
