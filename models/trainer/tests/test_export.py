import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler

from tests.conftest import DECENT, Built, Telco, package_path, recipe_path
from trainer.arrays import Bits, Floats
from trainer.check import golden_frame
from trainer.errors import ExportError
from trainer.export import OPSETS, POSITIVE_INDEX, PROBABILITIES, export_graph
from trainer.fit import positive_probability, unfitted
from trainer.graph import record_cover, refuse_scaling_before_trees
from trainer.inference import GraphScorer
from trainer.parity import compare

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(300, 3))
Y = (X[:, 0] + RANDOM.normal(size=300) > 0).astype(np.int8)


@pytest.fixture(scope="module")
def fitted(telco: Telco) -> tuple[Pipeline, pd.DataFrame, Bits]:
    names = [column.name for column in telco.recipe.inputs]
    frame, labels = telco.data.frame.iloc[telco.parts.train][names], telco.data.labels[telco.parts.train]
    return unfitted(telco.recipe.inputs, telco.recipe.estimator).fit(frame, labels), frame, labels


@pytest.fixture(scope="module")
def graph(telco: Telco, fitted: tuple[Pipeline, pd.DataFrame, Bits]) -> bytes:
    return export_graph(fitted[0], telco.recipe.inputs, "telco")


def scorer(graph: bytes, telco: Telco) -> GraphScorer:
    numbers = [column.name for column in telco.recipe.inputs if column.type == "number"]
    return GraphScorer(graph, numbers, PROBABILITIES, POSITIVE_INDEX)


def test_one_input_per_raw_column(telco: Telco, graph: bytes) -> None:
    model = onnx.load_from_string(graph)
    types = {"number": TensorProto.FLOAT, "category": TensorProto.STRING}
    found = [(value.name, value.type.tensor_type.elem_type, value.type.tensor_type.shape.dim[1].dim_value) for value in model.graph.input]
    assert found == [(column.name, types[column.type], 1) for column in telco.recipe.inputs]
    assert {node.op_type for node in model.graph.node}.isdisjoint({"ZipMap", "Scaler"})
    assert {opset.domain: opset.version for opset in model.opset_import}.items() <= {**OPSETS, "ai.onnx.ml": 2}.items()


def test_probabilities_are_two_columns(graph: bytes, fitted: tuple[Pipeline, pd.DataFrame, Bits]) -> None:
    frame = fitted[1]
    both = [GraphScorer(graph, ["tenure", "SeniorCitizen", "MonthlyCharges", "TotalCharges"], PROBABILITIES, at).score(frame) for at in (0, 1)]
    assert both[0] + both[1] == pytest.approx(np.ones(len(frame)), abs=1e-6)
    assert both[1] == pytest.approx(positive_probability(fitted[0], frame), abs=1e-5)


def test_same_model_same_bytes(telco: Telco, fitted: tuple[Pipeline, pd.DataFrame, Bits], graph: bytes) -> None:
    assert export_graph(fitted[0], telco.recipe.inputs, "telco") == graph


def test_same_bytes_whatever_the_hash_seed() -> None:
    """Sets of texts iterate differently from process to process; the converter has them."""
    program = (
        "import sys, joblib, hashlib; from pathlib import Path; from trainer.recipe import read_recipe; from trainer.export import export_graph;"
        "model = joblib.load(sys.argv[1]); recipe, _ = read_recipe(Path(sys.argv[2]));"
        "print(hashlib.sha256(export_graph(model, recipe.inputs, 'telco')).hexdigest())"
    )
    digests = set()
    for seed in ("0", "1"):
        arguments = [sys.executable, "-c", program, str(package_path(DECENT) / "best_model.pkl"), str(recipe_path(DECENT))]
        result = subprocess.run(arguments, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
        digests.add(result.stdout)
    assert len(digests) == 1


def test_missing_and_unseen_are_handled_inside_the_graph(telco: Telco, fitted: tuple[Pipeline, pd.DataFrame, Bits], graph: bytes) -> None:
    model, frame, _ = fitted
    changed = frame.iloc[:4].copy()
    filled = changed.copy()
    for column in telco.recipe.inputs:
        if column.type == "number":
            changed[column.name] = np.nan
            filled[column.name] = frame[column.name].median()
        else:
            changed[column.name] = ""
            filled[column.name] = frame[column.name].mode()[0]
    assert scorer(graph, telco).score(changed) == pytest.approx(positive_probability(model, filled), abs=1e-6)
    unseen = frame.iloc[:4].assign(Contract="Three year")
    assert scorer(graph, telco).score(unseen) == pytest.approx(positive_probability(model, unseen), abs=1e-6)
    assert not np.allclose(positive_probability(model, unseen), positive_probability(model, frame.iloc[:4]))


def with_scaler(scaler: TransformerMixin) -> onnx.ModelProto:
    model = Pipeline([("scale", scaler), ("model", RandomForestClassifier(3, random_state=1))]).fit(X, Y)
    graph: onnx.ModelProto = convert_sklearn(
        model, initial_types=[("x", FloatTensorType([None, 3]))], options={id(model): {"zipmap": False}}, target_opset=OPSETS
    )
    return graph


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), Normalizer()], ids=lambda scaler: type(scaler).__name__)
def test_refuses_float32_scaling_before_trees(scaler: TransformerMixin) -> None:
    with pytest.raises(ExportError, match="scales in float32 before TreeEnsembleClassifier"):
        refuse_scaling_before_trees(with_scaler(scaler))


@pytest.mark.parametrize(("element", "refused"), [(TensorProto.DOUBLE, False), (TensorProto.FLOAT, True)])
def test_scaling_in_double_is_allowed(element: int, refused: bool) -> None:
    model = with_scaler(StandardScaler())
    trees = model.graph.node[-1]
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=element),
        helper.make_node("Sub", ["wide", "mean"], ["scaled"]),
        helper.make_node("Cast", ["scaled"], ["narrow"], to=TensorProto.FLOAT),
    ]
    del model.graph.node[:]
    trees.input[0] = "narrow"
    model.graph.node.extend([*nodes, trees])
    model.graph.initializer.append(helper.make_tensor("mean", element, [1], [0.5]))
    if refused:
        with pytest.raises(ExportError, match="Sub"):
            refuse_scaling_before_trees(model)
    else:
        refuse_scaling_before_trees(model)


def test_scaling_behind_trees_is_allowed() -> None:
    model = with_scaler(StandardScaler())
    scale, trees = model.graph.node[0], model.graph.node[-1]
    trees.input[0], trees.output[1], scale.input[0], scale.output[0] = "x", "raw", "raw", "probabilities"
    del model.graph.node[:]
    model.graph.node.extend([trees, scale])
    refuse_scaling_before_trees(model)


def test_cover_is_the_training_weight_of_each_node(graph: bytes, fitted: tuple[Pipeline, pd.DataFrame, Bits]) -> None:
    (trees,) = (node for node in onnx.load_from_string(graph).graph.node if node.op_type == "TreeEnsembleClassifier")
    values = {attribute.name: helper.get_attribute_value(attribute) for attribute in trees.attribute}
    keys = list(zip(values["nodes_treeids"], values["nodes_nodeids"], strict=True))
    cover = dict(zip(keys, values["nodes_hitrates"], strict=True))
    inner = 0
    for (tree, node), mode, left, right in zip(keys, values["nodes_modes"], values["nodes_truenodeids"], values["nodes_falsenodeids"], strict=True):
        if node == 0:
            assert cover[tree, node] == len(fitted[1])
        if mode != b"LEAF":
            inner += 1
            assert cover[tree, node] == cover[tree, left] + cover[tree, right]
    assert inner > 100


def test_cover_of_another_forest_is_refused(graph: bytes) -> None:
    other = RandomForestClassifier(2, random_state=1).fit(X, Y)
    with pytest.raises(ExportError, match="nodes"):
        record_cover(onnx.load_from_string(graph), other)


def probabilities(*values: float) -> Floats:
    return np.array(values)


@pytest.mark.parametrize(
    ("expected", "served", "faults"),
    [
        ((0.2, 0.8, 0.3, 0.9), (0.2, 0.8, 0.3, 0.9), []),
        ((0.2, 0.8, 0.3, 0.9), (0.200009, 0.8, 0.3, 0.9), []),
        ((0.2, 0.8, 0.3, 0.9), (0.20002, 0.8, 0.3, 0.9), ["only 75.00% of rows agree within 1e-05"]),
        ((0.2, 0.8, 0.3, 0.9), (0.2, 0.8, 0.33, 0.9), ["a probability differs by 0.03", "only 75.00%"]),
        # Within 1e-4 of the threshold a decision may differ, beyond it not.
        ((0.50000001, 0.8, 0.3, 0.9), (0.49999999, 0.8, 0.3, 0.9), []),
        ((0.5002, 0.8, 0.3, 0.9), (0.4998, 0.8, 0.3, 0.9), ["only 75.00%", "1 decisions differ"]),
        ((0.2, 0.3, 0.300009, 0.9), (0.2, 0.300009, 0.3, 0.9), ["AUC differs by 0.25"]),
        ((0.2, 0.8, 0.3, 0.9), (0.2, float("nan"), 0.3, 0.9), ["a probability differs by nan", "only 75.00%", "1 decisions", "AUC differs by nan"]),
    ],
)
def test_parity_limits(expected: Sequence[float], served: Sequence[float], faults: list[str]) -> None:
    labels = np.array([0, 1, 0, 1], dtype=np.int8)
    found = compare(probabilities(*expected), probabilities(*served), 0.5, labels).faults
    assert len(found) == len(faults), found
    assert all(fault in text for fault, text in zip(faults, found, strict=True)), found


def test_a_graph_whose_splits_were_rounded_up_is_noticed(telco: Telco, rebuild: Callable[[str], Built]) -> None:
    """The second trap of serving 1.6: a split rounded to the nearest float32 sends its own value to the other side."""
    built = rebuild(DECENT)
    golden = json.loads((built.directory / "golden.json").read_bytes())
    model = onnx.load(built.directory / "model.onnx")
    (trees,) = (node for node in model.graph.node if node.op_type == "TreeEnsembleClassifier")
    (splits,) = (attribute for attribute in trees.attribute if attribute.name == "nodes_values")
    moved = [float(np.nextafter(np.float32(split), np.float32(np.inf))) for split in splits.floats]
    del splits.floats[:]
    splits.floats.extend(moved)
    numbers = frozenset(column.name for column in telco.recipe.inputs if column.type == "number")
    served = scorer(model.SerializeToString(), telco).score(golden_frame(golden, numbers))
    assert compare(np.array(golden["probabilities"]), served, golden["threshold"], None).faults
