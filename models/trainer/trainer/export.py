"""Converts a fitted pipeline to an ONNX graph that takes raw columns."""

from collections.abc import Sequence

import onnx
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

from trainer.errors import ExportError
from trainer.graph import record_cover, refuse_scaling_before_trees
from trainer.recipe import CategoryColumn, NumberColumn

PROBABILITIES = "probabilities"
"""Graph output: float [N, 2]."""
POSITIVE_INDEX = 1
"""Its column of the positive class: labels are 0 and 1, and scikit-learn sorts classes."""

# Old enough for every runtime in service, new enough for all operators used; fixed, so that bytes are reproducible.
OPSETS = {"": 17, "ai.onnx.ml": 3}


def export_graph(model: Pipeline, columns: Sequence[NumberColumn | CategoryColumn], name: str) -> bytes:
    """
    The graph's bytes: one input [N, 1] per column (number: float, category: string), outputs `label` and `probabilities`.

    Same pipeline and library versions, same bytes. Raises ExportError for a graph that must not be served.
    """
    inputs = [(column.name, (FloatTensorType if column.type == "number" else StringTensorType)([None, 1])) for column in columns]
    # Without a name the converter invents a random one, and no two exports have the same digest.
    options = {id(model): {"zipmap": False}}
    graph = convert_sklearn(model, name=name, initial_types=inputs, options=options, target_opset=OPSETS)
    # The converter lists operator sets in the order of a Python set of texts, which differs from process to process.
    opsets = sorted(graph.opset_import, key=lambda opset: opset.domain)
    del graph.opset_import[:]
    graph.opset_import.extend(opsets)
    record_cover(graph, model.named_steps["model"])
    refuse_scaling_before_trees(graph)
    onnx.checker.check_model(graph, full_check=True)
    expected = {"label", PROBABILITIES}
    if {output.name for output in graph.graph.output} != expected:
        raise ExportError(f"the graph's outputs are not {sorted(expected)}")
    data: bytes = graph.SerializeToString(deterministic=True)
    return data
