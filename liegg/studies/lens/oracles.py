"""Groups read off the function that defines them: the oracles of Forestano et al. (2023), and what networks learn of
two of them.

Their method trains generators, whose number it is told, until an exact function no longer changes along them. Here the
number is found.
"""

import time
import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Action, Linear, Restricted
from liegg.studies.lens import equivariance, exceptional
from liegg.studies.lens.invariants import Invariants, hermitian, products
from liegg.symmetry.find import find_symmetry
from liegg.symmetry.result import Symmetry

# R. T. Forestano et al., Machine Learning: Science and Technology 4 (2023), saved outputs of the released notebooks:
# generators asked for, seconds, and the loss at the end where it is stored
PUBLISHED: dict[str, tuple[int, float, float | None]] = {
    "SO(3)": (3, 31, 1e-6),
    "SO(4)": (6, 142, None),
    "SO(10)": (45, 790, None),
    "SO(1,3)": (6, 126, 1e-6),
    "U(2)": (4, 130, 0.078),
    "U(3)": (9, 1396, 0.24),
    "U(4)": (16, 2644, None),
    "U(5)": (25, 11820, None),
    "U(6)": (36, 39332, 1.18),
}
POINTS = 300  # standard normal ones, as published
MORE = {"F4": 1500, "E6": 1500}  # more than two for each of the 27 x 27 directions


class Oracle(NamedTuple):
    """A function, how its points may move, and along which directions it stays as it is."""

    function: Callable[[Tensor], Tensor]
    action: Action
    width: int
    """entries of a point"""
    algebra: Tensor
    """(d, n, n)"""


def oracle(group: str) -> Oracle:
    """That of "SO(n)", "SO(1,3)", "U(n)" (complex-linear candidates only), "G2", "F4" or "E6" (its form e6(-26)); of
    "U(n) of two" vectors without restriction. Raises ValueError for others."""
    n = int("".join(character for character in group if character.isdigit()) or 0)
    if group == "G2":
        return Oracle(exceptional.three_form, Linear(7, copies=3), 21, exceptional.g2())
    if group == "F4":
        return Oracle(exceptional.albert, Linear(27), 27, exceptional.f4())
    if group == "E6":
        return Oracle(exceptional.determinant, Linear(27), 27, exceptional.e6())
    if group == "SO(1,3)":
        return Oracle(_of(products(-1, 1, 1, 1), 1), Linear(4), 4, algebra.so(1, 3))
    if group == f"SO({n})" and n > 1:
        return Oracle(lambda x: x.norm(dim=1), Linear(n), n, algebra.so(n))
    if group == f"U({n})" and n > 1:
        return Oracle(lambda x: x.norm(dim=1), Restricted(Linear(2 * n), complex_linear(n)), 2 * n, unitary(n))
    if group == f"U({n}) of two" and n > 1:
        return Oracle(_of(hermitian, 2), Linear(2 * n, copies=2), 4 * n, unitary(n))
    raise ValueError(f"there is no oracle of {group!r}: ask for SO(n), SO(1,3), U(n), U(n) of two, G2, F4 or E6")


def complex_linear(n: int) -> Tensor:
    """(2n², 2n, 2n) the complex matrices a + ib of size n as real ones, [[a, -b], [b, a]]."""
    real, imaginary = torch.eye(2, dtype=torch.float64), 2**0.5 * algebra.so(2)[0]
    return torch.stack([torch.kron(unit, a) for unit in (real, imaginary) for a in algebra.gl(n)])


def unitary(n: int) -> Tensor:
    """(n², 2n, 2n) u(n): of the complex matrices the antisymmetric ones."""
    A = complex_linear(n)
    return exceptional.span(A - A.mT)


def cases(groups: Sequence[str], *, seed: int = 0) -> list[dict]:
    """One a group, at the published number of points or as many as tell all of its directions."""
    return [{"task": "oracle", "group": g, "samples": MORE.get(g, POINTS), "seed": seed} for g in groups]


def measure(case: dict) -> dict:
    """What is found of the exact function at standard normal points, in double precision: see `seen`. The seconds are
    those from the points to the decision, without the name."""
    of = oracle(case["group"])
    x = points(of, case["samples"], seed=case["seed"])
    start = time.perf_counter()
    found = find_symmetry(of.function, x, of.action)
    decided = {"dimension": found.dimension, "seconds": time.perf_counter() - start}
    return {"true": len(of.algebra), **decided, **seen(found, of)}


def learning_cases(groups: Sequence[str], *, seed: int) -> list[dict]:
    """One a group, whose function networks learn. The settings of training were chosen on seed 7: report others."""
    return [{"task": "learned oracle", "group": group, "seed": seed} for group in groups]


def measure_learned(
    case: dict,
    *,
    samples: int,
    hidden: Sequence[int],
    steps: int,
    batch_size: int,
    lr: float,
    networks: int = 3,
    fresh: int = 4000,
) -> dict:
    """What is found of networks that learned the function, each of so many points of its own, at fresh points that
    come with labels.

    errors     of each network: mean square error over the function's variance
    together   of all of them, without labels; `alone` of the first, with labels: see `seen`
    """
    of, seed = oracle(case["group"]), 1000 * case["seed"]
    several = lambda x: of.function(x).reshape(len(x), -1)
    seeds = range(seed, seed + networks)
    x = torch.stack([points(of, samples, seed=s) for s in seeds]).float()
    start = time.perf_counter()
    nets = equivariance.pupils(several, x, hidden, seeds=list(seeds), steps=steps, batch_size=batch_size, lr=lr)
    taught = time.perf_counter() - start
    x = points(of, fresh, seed=seed + 500).float()
    together = find_symmetry(nets, x, of.action)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*the targets are left aside")  # the table's error says so
        alone = find_symmetry(nets[0], x, of.action, targets=several(x))
    return {
        "true": len(of.algebra),
        "errors": equivariance.errors(several, nets, x),
        "seconds": taught,
        "together": seen(together, of),
        "alone": seen(alone, of),
    }


def rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """One line an exact function: what was found, and what is published of it, None where nothing is."""
    lines = []
    for case, got in zip(cases, measured, strict=True):
        told, seconds, loss = PUBLISHED.get(case["group"], (None, None, None))
        lines.append(
            {
                "group": case["group"],
                "points": case["samples"],
                "true": got["true"],
                "found": got["dimension"],
                "name": got["name"],
                "degrees": got["angle"],
                "seconds": got["seconds"],
                "published, told": told,
                "published seconds": seconds,
                "published loss": loss,
            }
        )
    return lines


def learned_rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """Two lines a learned function: of the networks together, and of the first with labels."""
    return [
        {
            "group": case["group"],
            "asked": asked,
            "error": max(got["errors"]) if asked == "together" else got["errors"][0],
            "true": got["true"],
            "found": got[asked]["dimension"],
            "name": got[asked]["name"],
            "degrees": got[asked]["nearest"],
            "seconds": got["seconds"],
        }
        for case, got in zip(cases, measured, strict=True)
        for asked in ("together", "alone")
    ]


def points(of: Oracle, samples: int, *, seed: int) -> Tensor:
    """(samples, width) standard normal, in float64."""
    return torch.randn(samples, of.width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def seen(found: Symmetry, of: Oracle) -> dict:
    """dimension, name and Killing signature (None where there is none), and the largest angle to the true algebra in
    degrees, None unless the dimension is right; of the true number of least varying directions it is `nearest`."""
    match, dimension, true = found.identify(), found.dimension, len(of.algebra)
    known = of.action.coefficients(of.algebra)
    return {
        "dimension": dimension,
        "name": match and match.name,
        "killing": match and list(match.killing),
        "angle": float(found.angles(of.algebra)[-1]) if dimension == true else None,
        "nearest": float(algebra.principal_angles(found.coefficients[:true], known)[-1]),
        "variance": found.relative_variance[: true + 4].tolist(),
    }


def _of(invariants: Invariants, copies: int) -> Callable[[Tensor], Tensor]:
    """Invariants of so many vectors, side by side in x (N, copies * n)."""
    return lambda x: invariants(x.unflatten(1, (copies, -1)))
