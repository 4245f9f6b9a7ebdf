"""Runs a graph in onnxruntime the way a serving pod does: one tensor per raw column."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd

from trainer.arrays import Floats


class GraphScorer:
    """Probabilities of the positive class by the ONNX graph."""

    def __init__(self, graph: bytes, numbers: Sequence[str], output: str, positive_index: int) -> None:
        """`numbers`: which input columns are numbers; every other input is a text."""
        options = onnxruntime.SessionOptions()
        # One thread, like serving: sums of tree outputs then have one order only.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._numbers = frozenset(numbers)
        self._output = output
        self._positive_index = positive_index

    @property
    def inputs(self) -> dict[str, str]:
        """Type of each graph input, such as `tensor(float)`."""
        return {tensor.name: tensor.type for tensor in self._session.get_inputs()}

    def score(self, frame: pd.DataFrame) -> Floats:
        """Shape [n], float32 values widened to float64. `frame` holds at least the raw columns that the graph reads."""
        feeds: dict[str, Any] = {name: frame[[name]].to_numpy(dtype=np.float32 if name in self._numbers else object) for name in self.inputs}
        (probabilities,) = self._session.run([self._output], feeds)
        return np.asarray(probabilities, dtype=np.float64)[:, self._positive_index]
