"""Arrays by the kind of their numbers."""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Int8s = npt.NDArray[np.int8]
Floats = npt.NDArray[np.floating]  # of any width
Float32s = npt.NDArray[np.float32]
