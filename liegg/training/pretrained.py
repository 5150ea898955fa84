"""Trained networks that come with the package, to ask for symmetries without training.

Their weights lie in the folder `weights`, a file a name with an entry a parameter, (seeds, ...), and the files' sha256.
"""

import hashlib
import io
from importlib.resources import files
from numbers import Integral

import numpy as np
import torch
from torch import nn

from liegg.training.networks import Standardized, mlp

SEEDS = {"o5": 16, "rotated-digits": 3, "upright-digits": 3}
"""how many networks of a name there are"""
WEIGHTS = files("liegg.training").joinpath("weights")


def pretrained(name: str, *, seed: int = 0) -> nn.Module:
    """One of the networks that the book's pages 11 and 12 have measured, in eval mode, on the CPU; each call gives a
    new one.

    o5              seeds 0 to 15: (B, 10) to (B, 1), two vectors of R⁵ with standard normal entries to a number that
                    no rotation of both changes, `liegg.studies.generators.o5.target`; each learned 9500 points in 90
                    epochs of Adam
    rotated-digits  seeds 0 to 2: (B, 1, 28, 28) to (B, 10), digits to the logits of their classes; each learned 9000
                    images of MNIST, every one turned by its own angle, as `liegg.studies.generators.digits.draw`
                    gives them, in 200 epochs of Adam, of which the best on validation images was kept
    upright-digits  seeds 0 to 2: the same with images that were not turned

    Networks of a name are independent, each with data of its own, and can be asked together:

        nets = [liegg.pretrained("o5", seed=seed) for seed in range(3)]
        found = liegg.find_symmetry(nets, torch.randn(5000, 10), liegg.actions.Linear(5, copies=2))

    Classifiers take images blurred and standardised: `digits.draw` does so, and `digits.blur_and_standardize` for
    images of your own, with values in [0, 1]. Page 12 asks them, without labels, for their logits scaled to unit
    length, `liegg.training.networks.UnitLogits(net)`, moved by `actions.Affine2d()`; `targets` are held against the
    logits as they are.

    Raises ValueError for another name or seed and for a file of weights that is damaged, FileNotFoundError for one that
    is missing.
    """
    if not isinstance(name, str) or name not in SEEDS:
        there = ", ".join(f'"{known}" (seeds 0 to {count - 1})' for known, count in SEEDS.items())
        raise ValueError(f"there is no pretrained {name!r}: there are {there}")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed < SEEDS[name]:
        raise ValueError(f'there is no pretrained "{name}" of seed {seed!r}: seeds are 0 to {SEEDS[name] - 1}')
    with np.load(io.BytesIO(_checked(f"{name}.npz")), allow_pickle=False) as entries:
        state = {key: torch.from_numpy(of_seeds)[seed].clone() for key, of_seeds in entries.items()}
    matrices = [matrix for key, matrix in state.items() if key.endswith("weight")]
    scales = {key: scale for key, scale in state.items() if not key.endswith("weight")}
    net: nn.Module = mlp([matrices[0].shape[1], *map(len, matrices)], seed=0)
    if scales:
        net = Standardized(net, **scales)
    net.load_state_dict(state, assign=True)
    return net.eval()


def _checked(file: str) -> bytes:
    """The content of a file of weights, if its sha256 is the one that came with it."""
    again = "install liegg anew (in a clone: git checkout liegg/training/weights)"
    try:
        content = WEIGHTS.joinpath(file).read_bytes()
        known = WEIGHTS.joinpath("checksums.sha256").read_bytes().splitlines()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise FileNotFoundError(f"{error.filename} is missing: {again}") from error
    if f"{hashlib.sha256(content).hexdigest()}  {file}".encode() not in known:
        raise ValueError(f"{WEIGHTS.joinpath(file)} is damaged (its sha256 is not in checksums.sha256): {again}")
    return content
