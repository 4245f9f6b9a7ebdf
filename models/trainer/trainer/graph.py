"""What the exporter checks and completes in an ONNX graph."""

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto
from sklearn.ensemble import RandomForestClassifier

from trainer.errors import ExportError

TREE_OPS = frozenset({"TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"})
SCALER_OPS = frozenset({"Scaler", "Normalizer"})
ARITHMETIC_OPS = frozenset({"Add", "Sub", "Mul", "Div"})


def refuse_scaling_before_trees(model: ModelProto) -> None:
    """
    Raises ExportError where a value is scaled in float32 on its way to a tree.

    Splits sit exactly on data values: one rounding moves a value across its split. A float32 Scaler changed 84 % of the
    probabilities of an XGBoost model by more than 1e-5 (reference: serving 1.6). `Scaler` and `Normalizer` put out
    float32 whatever they are given; plain arithmetic is fine in double.
    """
    producers = {output: node for node in model.graph.node for output in node.output}
    types = _element_types(model)
    for tree in model.graph.node:
        if tree.op_type not in TREE_OPS:
            continue
        for node in _ancestors(tree, producers):
            scales = node.op_type in SCALER_OPS
            computes = node.op_type in ARITHMETIC_OPS and types.get(node.output[0]) != TensorProto.DOUBLE
            if scales or computes:
                raise ExportError(f"{node.op_type} {node.name} scales in float32 before {tree.op_type}: scale in double or not at all")


def _ancestors(node: NodeProto, producers: dict[str, NodeProto]) -> Iterable[NodeProto]:
    seen: set[str] = set()
    waiting = list(node.input)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in producers:
            continue
        seen.add(name)
        yield producers[name]
        waiting.extend(producers[name].input)


def _element_types(model: ModelProto) -> dict[str, int]:
    inferred = onnx.shape_inference.infer_shapes(model)
    return {value.name: value.type.tensor_type.elem_type for value in (*inferred.graph.value_info, *inferred.graph.output)}


def record_cover(model: ModelProto, forest: RandomForestClassifier) -> None:
    """
    Writes each node's training weight into `nodes_hitrates`, where skl2onnx leaves 1.0.

    TreeSHAP needs this cover, and a package cannot be completed later: it is immutable. onnxruntime does not read it.
    """
    (node,) = (node for node in model.graph.node if node.op_type == "TreeEnsembleClassifier")
    attributes: dict[str, AttributeProto] = {attribute.name: attribute for attribute in node.attribute}
    trees = np.asarray(attributes["nodes_treeids"].ints)
    nodes = np.asarray(attributes["nodes_nodeids"].ints)
    cover = np.empty(len(nodes), dtype=np.float32)
    for number, estimator in enumerate(forest.estimators_):
        weights = estimator.tree_.weighted_n_node_samples
        of_tree = trees == number
        if int(of_tree.sum()) != len(weights):
            raise ExportError(f"tree {number} has {len(weights)} nodes, its graph {int(of_tree.sum())}")
        cover[of_tree] = weights[nodes[of_tree]]
    del attributes["nodes_hitrates"].floats[:]
    attributes["nodes_hitrates"].floats.extend(cover.tolist())
