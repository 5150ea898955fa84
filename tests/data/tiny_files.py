"""Five images and labels in the format of MNIST's files, for the tests of this folder."""

import numpy as np

IMAGES = "t10k-images-idx3-ubyte"
LABELS = "t10k-labels-idx1-ubyte"
PIXELS = np.arange(5 * 784).reshape(5, 28, 28) % 251
CLASSES = np.array([3, 1, 4, 1, 5])


def written(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


CONTENTS = {IMAGES: written(PIXELS), LABELS: written(CLASSES)}
