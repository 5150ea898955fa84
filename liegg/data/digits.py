"""scikit-learn's handwritten digits, brought to the size of MNIST's."""

import numpy as np
import torch
from torch import Tensor

TRAINING = 1617
"""of 1797 images; the others are for testing"""


def read(part: str) -> tuple[Tensor, Tensor]:
    """Images (N, 1, 28, 28) with values in [0, 1] and labels (N,) of the part "train" or "test", in a fixed random
    order. Raises ImportError without scikit-learn."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError('the data set "digits" lies in scikit-learn: pip install scikit-learn') from error

    digits = load_digits()
    small = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None]
    large = torch.nn.functional.interpolate(small, size=(20, 20), mode="bicubic", align_corners=False)
    order = np.random.default_rng(0).permutation(len(large))
    rows = order[:TRAINING] if part == "train" else order[TRAINING:]
    padded = torch.nn.functional.pad(large.clamp(0, 1), (4, 4, 4, 4))
    return padded[rows], torch.tensor(digits.target, dtype=torch.long)[rows]
