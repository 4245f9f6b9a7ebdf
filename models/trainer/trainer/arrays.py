"""Names for the array types that travel between modules."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bits = NDArray[np.int8]
Mask = NDArray[np.bool_]
