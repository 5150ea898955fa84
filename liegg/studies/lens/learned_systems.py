"""What find_symmetry says of SymCert's vector fields when they are learned from noisy values, by three ways to decide.

N points of the box have values F(x) plus normal noise of standard deviation σ (E|F|²)^½ in each component. Several
independent fits of them are asked at other points of the box.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

import torch
from torch import Tensor

from liegg.actions import Action, Flow, Restricted
from liegg.studies.lens.invariance_benchmark import DELTA
from liegg.studies.lens.systems import (
    KNOWN,
    SYSTEMS,
    Fit,
    System,
    defect_rows,
    forms,
    monomials,
    quadrature,
    rho,
)
from liegg.studies.statistics import rate
from liegg.symmetry.factors import Factors
from liegg.symmetry.find import decide
from liegg.symmetry.result import Symmetry
from liegg.symmetry.stream import polarize

TOGETHER = 4  # fits that are asked together
SPLIT = 8  # fits of which the first half find directions and the others judge them
WAYS = "best guess", "guarded", "split"
"""How it is decided: the most likely dimension; directions of which TOGETHER fits are sure that their defect is below δ
(see `guarded`); directions of which SPLIT / 2 other fits are sure that had no part in finding them (see `split`)."""


def fits(system: System, x: Tensor, y: Tensor, *, count: int, generator: torch.Generator) -> list[Fit]:
    """So many independent fits of the data x, y (N, n), each with the variance that N / count samples would leave.

    Least squares leaves coefficients with errors of covariance σ²(ΦᵀΦ)⁻¹. To these are added √M (ε_a - ε̄) with M draws
    ε_a of that covariance, which makes M estimates with M times the covariance, independent where errors are normal and
    σ is known (data thinning, Neufeld et al. 2024); it is taken from the residuals. Fits on disjoint parts of the data
    are independent too, but parts of 100 samples have hardly more than a polynomial has coefficients. Raises ValueError
    for samples too few to fit.
    """
    phi = monomials(x / system.half, system.degree)
    N, P = phi.shape
    if N <= P:
        raise ValueError(f"{N} samples are too few for polynomials with {P} coefficients: give more")
    Q, R = torch.linalg.qr(phi)
    best = torch.linalg.solve_triangular(R, Q.T @ y, upper=True)
    sigma = ((y - phi @ best).square().sum() / (y.shape[1] * (N - P))).sqrt()
    drawn = torch.randn(count, *best.shape, generator=generator, dtype=torch.float64)
    errors = sigma * torch.linalg.solve_triangular(R, drawn, upper=True)
    made = best + count**0.5 * (errors - errors.mean(0))
    return [Fit(coefficients, system.half, system.degree) for coefficients in made]


def mean(learned: Sequence[Fit]) -> Fit:
    """The fit of the data that several fits have seen together."""
    return learned[0]._replace(coefficients=torch.stack([fit.coefficients for fit in learned]).mean(0))


def sizes(system: System, learned: Sequence[Fit]) -> Tensor:
    """(K, K) the form of ρ²'s denominator, of what fits share: the mean product of different ones' rows, which their
    errors do not enlarge."""
    rows = torch.cat(defect_rows(system, torch.stack([fit.coefficients for fit in learned])), 1)
    M, total = len(rows), rows.sum(0)
    return (total.T @ total - torch.einsum("mri,mrj->ij", rows, rows)) / (M * (M - 1))


def lengths(found: Symmetry, factors: Factors) -> Tensor:
    """(K,) of directions when `found` compares them, as its `coefficients` have a norm of one: see
    `liegg.symmetry.units`."""
    v = found.coefficients
    of_norm_one = [(factor.triangles[..., : v.shape[1]] @ v.T).square().sum((0, 1)) for factor in factors.matched]
    return (found.variance * found.samples * len(of_norm_one) / sum(of_norm_one)).sqrt()


def guarded(found: Symmetry, directions: Tensor, form: Tensor) -> int:
    """How many of the directions (d, K), of unit length as `found` compares them, surely have defects below δ.

    A tolerance τ of an ordinary direction's variance s bounds ρ² by τ s / λ, with λ the smallest value of the
    denominator's form among the directions that count; so τ = δ² λ / s is asked for.
    """
    for d in range(1, len(directions) + 1):
        least = float(torch.linalg.eigvalsh(directions[:d] @ form @ directions[:d].T)[0])
        if least <= 0 or replace(found, tolerance=DELTA**2 * least / found.scale).dimension < d:
            return d - 1
    return len(directions)


def split(directions: Tensor, judges: Sequence[Fit], x: Tensor, action: Flow, form: Tensor) -> int:
    """How many of the directions (d, K) surely have defects below δ by fits that had no part in finding them.

    Directions were fitted to the errors of the fits that found them, and look better to these than they are. Others are
    asked about the first direction alone, then about two, until they refuse: the first time that they are wrong is the
    only one that counts, at the level of a single question.
    """
    for d in range(1, len(directions) + 1):
        only = Restricted(action, action.matrix(directions[:d]))
        found = decide(_polarized(judges, x, only, action), only, unbiased=True)  # sizes of errors may differ much
        if guarded(found, torch.eye(d, dtype=torch.float64), only.basis @ form @ only.basis.T) < d:
            return d - 1
    return len(directions)


def _polarized(learned: Sequence[Fit], x: Tensor, action: Action, flow: Flow) -> Factors:
    """In frames of length one, whatever the spread of points: the units that ρ has."""
    framed = flow.frames(x, torch.ones(flow.n))
    return polarize([flow.framed(fit) for fit in learned], framed, action, batch_size=len(x))


def answers(
    system: System, x: Tensor, y: Tensor, *, points: int, generator: torch.Generator
) -> dict[str, tuple[int, Tensor]]:
    """How many generators each of WAYS declares from data x, y (N, n), and the generators (d, n + 1, n + 1).

    points    fresh ones of the box, at which fits are asked
    """
    action, x_asked = Flow(system.n), draw(system, points, generator=generator)
    learned = fits(system, x, y, count=TOGETHER, generator=generator)
    factors = _polarized(learned, x_asked, action, action)
    found = decide(factors, action)
    v = found.coefficients
    sure = guarded(found, lengths(found, factors)[:, None] * v, sizes(system, learned))
    learned = fits(system, x, y, count=SPLIT, generator=generator)
    finder, judges = mean(learned[: SPLIT // 2]), learned[SPLIT // 2 :]
    seen = decide(_polarized([finder], x_asked, action, action), action).coefficients
    judged = split(seen, judges, x_asked, action, sizes(system, judges))
    declared = zip(WAYS, (found.dimension, sure, judged), (v, v, seen))
    return {way: (d, action.matrix(directions[:d])) for way, d, directions in declared}


def draw(system: System, samples: int, *, generator: torch.Generator) -> Tensor:
    """(N, n) points, uniform on the box."""
    return system.half * (2 * torch.rand(samples, system.n, generator=generator, dtype=torch.float64) - 1)


def cases(
    noise: Sequence[float],
    samples: Sequence[int],
    *,
    repeats: int,
    seed: int,
    systems: Sequence[str] = tuple(SYSTEMS),
) -> list[dict]:
    """The benchmark's cells, each with a seed of its own from `seed` on: a system, N, and noise σ in parts of the root
    mean square of |F|."""
    return [
        {
            "task": "vector fields",
            "system": name,
            "samples": N,
            "noise": sigma,
            "repeats": repeats,
            "seed": seed + place,
        }
        for place, (name, N, sigma) in enumerate(product(systems, samples, noise))
    ]


def measure(case: dict, *, points: int = 300) -> dict[str, dict[str, list]]:
    """What is declared in each repeat of a cell, {way: numbers}, numbers in lists, one a repeat:

    dimension    how many generators are declared
    defect       ρ of the worst generator in their span

    Raises ValueError for systems that there are not.
    """
    if case["system"] not in KNOWN:
        raise ValueError(f"systems are {', '.join(KNOWN)}, not {case['system']!r}")
    system = KNOWN[case["system"]]
    of_true, generator = forms(system), torch.Generator().manual_seed(case["seed"])
    nodes, weights = quadrature(system.n, system.half, system.degree)[:2]
    sigma = case["noise"] * (weights @ system.field(nodes).square().sum(1)).sqrt()
    said: dict[str, dict[str, list]] = {way: {"dimension": [], "defect": []} for way in WAYS}
    for _ in range(case["repeats"]):
        x = draw(system, case["samples"], generator=generator)
        y = system.field(x)
        y = y + sigma * torch.randn(y.shape, generator=generator, dtype=torch.float64)
        for way, (dimension, generators) in answers(system, x, y, points=points, generator=generator).items():
            said[way]["dimension"].append(dimension)
            said[way]["defect"].append(rho(of_true, generators))
    return said


PUBLISHED = {
    "SymCert": (0.0, 0.0, 0.484),
    "threshold .05": (0.005, 0.633, 0.784),
    "eigengap": (0.650, 1.0, 0.842),
    "rank test": (0.070, 1.0, 0.988),
    "split test": (0.070, 0.920, 0.845),
}
"""False certification, the mean and in the worst of 240 cells, and detection, of 300 repeats a cell (the released
result files of github.com/Kendiukhov/certified-symmetry-discovery). Its split test declares one generator at most, and
that counts as detection there."""
PUBLISHED_DETECTION = {100: 0.255, 200: 0.33, 400: 0.50, 800: 0.50, 1600: 0.58, 3200: 0.741}
"""SymCert's by N, over σ and the four systems that have symmetries (the same source)."""


def rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """A row for each way, and for each published method: the share of repeats with a false certification, and with
    detection, with 95 % intervals, and the cell where the first is largest."""
    table: list[dict] = []
    for way in WAYS:
        wrong, found = scores(cases, measured, way)
        worst = max(wrong, key=lambda cell: sum(wrong[cell]) / len(wrong[cell]))
        table.append(
            {"way": way, **_shares("false", wrong.values())}
            | {"worst": sum(wrong[worst]) / len(wrong[worst]), "worst cell": ", ".join(map(str, worst))}
            | _shares("detection", found.values())
        )
    return table + [
        {"way": name, "false": mean, "worst": worst, "detection": detection}
        for name, (mean, worst, detection) in PUBLISHED.items()
    ]


def by(key: str, cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """As `rows`, a row for each way and each value of "system", "samples" or "noise"; by samples with SymCert's
    detection."""
    table = []
    for value, way in product(dict.fromkeys(case[key] for case in cases), WAYS):
        chosen = [(case, said) for case, said in zip(cases, measured, strict=True) if case[key] == value]
        wrong, found = scores(*zip(*chosen), way)
        row = {key: value, "way": way, **_shares("false", wrong.values()), **_shares("detection", found.values())}
        table.append(row | ({"SymCert": PUBLISHED_DETECTION.get(value)} if key == "samples" else {}))
    return table


Cells = dict[tuple[str, int, float], list[bool]]


def scores(cases: Sequence[dict], measured: Sequence[dict], way: str) -> tuple[Cells, Cells]:
    """In which repeats of each cell (system, N, σ) a generator is falsely certified, and in which all are detected, of
    systems that have some."""
    wrong, found = {}, {}
    for case, said in zip(cases, measured, strict=True):
        cell, true = (case["system"], case["samples"], case["noise"]), KNOWN[case["system"]].dimension
        wrong[cell] = [defect > DELTA for defect in said[way]["defect"]]
        if true:
            found[cell] = [dimension >= true for dimension in said[way]["dimension"]]
    return wrong, found


def _shares(name: str, cells: Iterable[list[bool]]) -> dict:
    """The share of all repeats with its interval; None where there are none."""
    counted = rate(hit for hits in cells for hit in hits) or dict.fromkeys(("value", "low", "high"))
    return {name: counted["value"], f"{name} from": counted["low"], f"{name} to": counted["high"]}
