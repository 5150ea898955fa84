"""What the correlators of the catalogue say, beside the algebras that are derived for their densities."""

from collections.abc import Sequence

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Linear
from liegg.studies.duality.catalogue import CASES, Case
from liegg.studies.spectra import numbered
from liegg.studies.statistics import rate
from liegg.symmetry.factors import Factors
from liegg.symmetry.find import decide
from liegg.symmetry.result import Symmetry

GROUPS = {
    "inputs": "inputs, outputs and both",
    "training": "during training",
    "kernel": "the tangent kernel",
}
NEAR = 10.0
"""degrees, within which an algebra of the derived dimension is the derived one"""
OPEN = ("loss of the norm, Adam",)
"""Cases whose derived algebra is not claimed to be found: Adam's steps do not turn along with the outputs, so that no
rotation is left, but by how much they break the symmetry is not derived."""

NAMES = {
    "normal": "so(3)",
    "normal, 4 points": "so(3)",
    "stretched": "so(3)",
    "with a mean": "so(2)",
    "with a small mean": "so(2)",
    "uniform": "",
    "Laplace": "",
    "normal, affine maps": "so(3)",
    "cosine, any phase": "se(3)",
    "periodic, uniform": "translation + translation",
    "periodic, normal": "se(2)",
    "periodic, phase preferred": "so(2)",
    "output: normal": "so(5)",
    "output: normal, 4 points": "so(5)",
    "output: mean in 1": "so(4)",
    "output: mean in 3": "so(4)",
    "output: mean in 5": "so(4)",
    "output: uniform, 2 points": "so(5)",
    "output: uniform, 4 points": "",
    "both at once": "so(3) + so(3)",
    "complex, real kernel": "so(4)",
    "complex, real kernel, 4 points": "u(2)",
    "complex, complex kernel": "u(2)",
    "three complex, complex kernel": "u(3)",
    "before training": "so(4)",
    "loss of the norm": "so(4)",
    "targets on a line": "so(3)",
    "targets in a plane": "so(2)",
    "loss of the norm, Adam": "",
    "tangent kernel": "so(3) + so(2)",
    "tangent kernel, with a mean": "so(3)",
}
"""The name of each case's derived algebra; none where it is trivial."""


def group(name: str) -> str:
    """A key of GROUPS."""
    case = CASES[name]
    kernel = case.terms == "tangent kernel"
    return "kernel" if kernel else "training" if case.training or name == "before training" else "inputs"


def stabiliser(n: int, *vectors: Sequence[float]) -> Tensor:
    """(d, n, n) the rotations of R^n that leave vectors where they are."""
    basis = algebra.so(n)
    if not vectors:
        return basis
    moved = torch.stack([basis @ torch.tensor(v, dtype=torch.float64) for v in vectors], 1).flatten(1)  # (dim, k·n)
    _, S, V = torch.linalg.svd(moved.T)
    kept = V[int((S > 1e-9).sum()) :]
    return torch.einsum("kd,dij->kij", kept, basis)


def unitary(D: int) -> Tensor:
    """(D², 2D, 2D) u(D) on the real and imaginary parts of D complex numbers: what commutes with i in so(2D)."""
    basis, one = algebra.so(2 * D), torch.eye(D, dtype=torch.float64)
    i = torch.kron(torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64), one)
    _, S, V = torch.linalg.svd(algebra.bracket(basis, i).flatten(1).T)
    return torch.einsum("kd,dij->kij", V[int((S > 1e-9).sum()) :], basis)


def derived(name: str, case: Case) -> Tensor:
    """(d, n, n) the algebra derived for a case of the catalogue, or one of its kind, as its question has matrices."""
    density, named = case.density, NAMES[name]
    d, D = density.inputs, density.dimension
    if not named:
        return torch.zeros(0, *case.question.action.matrix(torch.zeros(case.question.action.size)).shape)
    if named.startswith("u("):
        return unitary(density.outputs)
    if name == "targets on a line" or name == "tangent kernel, with a mean":
        return stabiliser(D, (1.0, 0, 0, 0))
    if name == "targets in a plane":
        return stabiliser(D, (1.0, 0, 0, 0), (0, 1.0, 0, 0))
    if case.moving == "both":
        return algebra.direct_sum(algebra.so(D), algebra.so(d))
    if case.moving == "outputs":
        return stabiliser(D, *([density.mean] if density.mean else []))
    if case.moving == "affine":
        turns = torch.nn.functional.pad(algebra.so(d), (0, 1, 0, 1))
        parts = {"so": [turns], "se": [turns, algebra.translations(d)], "tr": [algebra.translations(d)]}
        return torch.cat(parts[named[:2]])
    if density.stretch is not None:
        return algebra.conjugate(algebra.so(d), torch.tensor(density.stretch, dtype=torch.float64).inverse())
    return stabiliser(d, *([density.drift] if density.drift else []))


def answer(case: Case, factors: Factors) -> Symmetry:
    """What a case's factors say: chunks of one ensemble are unbiased estimates of its correlator."""
    return decide(factors, case.question.action, unbiased=True)


def read(name: str, case: Case, factors: Factors | str) -> dict:
    """One row of a case: derived and found dimension and name, the largest angle in degrees between the two algebras,
    by as many of the lowest directions as are derived, and whether the derived algebra was found: its dimension, NEAR
    its place; and the relative variance of each direction. Nothing was found where the ensemble is too small."""
    true = derived(name, case)
    row = {"case": name, "order": case.order, "moving": case.moving, "derived": len(true), "derived name": NAMES[name]}
    if isinstance(factors, str):
        return row | {"found": None, "name": None, "angle": None, "right": False, "named": False}
    found = answer(case, factors)
    match = found.identify()
    called = match.name if match else ""
    angle = float(algebra.principal_angles(found.directions[: len(true)], true)[-1]) if len(true) else None
    right = found.dimension == len(true) and (angle is None or angle <= NEAR)
    return row | {
        "found": found.dimension,
        "name": called,
        "angle": angle,
        "right": right,
        "named": right and called == NAMES[name],
        **numbered("relative_variance", found.relative_variance),
    }


def of_member(factors: Factors, a: int) -> Symmetry:
    """What LieGG says of a single network among those that `catalogue.members` looked at."""
    return decide(factors.alone(a), Linear(3))


def right(rows: Sequence[dict], kind: str) -> list[int]:
    """Found less derived dimension of every case of a group that is claimed; those too small to say are missing."""
    return [
        None if row["found"] is None else row["found"] - row["derived"]
        for row in rows
        if group(row["case"]) == kind and row["case"] not in OPEN
    ]


def errors(rows: Sequence[dict], sizes: Sequence[int]) -> dict[str, Tensor]:
    """(ensembles, sizes) the angles in degrees of each kind of density, as many ensembles of every size; nan where one
    says too little. Kinds without an algebra are left out."""
    found = {}
    for kind in dict.fromkeys(row["kind"] for row in rows):
        of_size = [[row["angle"] for row in rows if (row["kind"], row["networks"]) == (kind, size)] for size in sizes]
        known = [[torch.nan if angle is None else angle for angle in angles] for angles in of_size]
        angles = torch.tensor(known, dtype=torch.float64).T
        if not angles.isnan().all():
            found[kind] = angles
    return found


def convergence(sizes: Tensor, angles: Tensor, labels: Sequence, *, seed: int = 0) -> dict[str, float] | None:
    """How the error falls: the exponent of angle ~ networks^a, as an estimate for `record`.

    sizes, angles, labels    of n ensembles: networks, error in degrees, and what it is an ensemble of

    The slope of log angle by least squares, with a level of its own for each label; its interval by drawing ensembles
    again within each label and size, 2000 times. None where no label has two sizes.
    """
    if all(len({s for s, other in zip(sizes.tolist(), labels) if other == label}) < 2 for label in set(labels)):
        return None
    kinds = sorted(set(labels))
    x, y = sizes.double().log(), angles.double().log()
    dummies = torch.tensor([[float(label == kind) for kind in kinds] for label in labels], dtype=torch.float64)
    design = torch.cat([x[:, None], dummies], 1)
    cells = [
        torch.tensor([i for i in range(len(x)) if labels[i] == kind and sizes[i] == size])
        for kind in kinds
        for size in sizes.unique()
    ]
    cells = [cell for cell in cells if len(cell)]
    generator = torch.Generator().manual_seed(seed)

    def slope(rows: Tensor) -> float:
        return float(torch.linalg.lstsq(design[rows], y[rows, None]).solution[0])

    drawn = [
        slope(torch.cat([cell[torch.randint(len(cell), (len(cell),), generator=generator)] for cell in cells]))
        for _ in range(2000)
    ]
    low, high = torch.tensor(drawn).quantile(torch.tensor([0.025, 0.975])).tolist()
    value = slope(torch.arange(len(x)))
    return {"value": value, "low": min(low, value), "high": max(high, value), "n": len(x)}


def rates(rows: Sequence[dict]) -> dict[str, dict | None]:
    """How often the derived algebra is found, or a dimension too large, over ensembles (Wilson); one that is too small
    to say anything is counted, as neither."""
    return {
        "right": rate(row["right"] for row in rows),
        "more": rate(row["found"] is not None and row["found"] > row["derived"] for row in rows),
    }
