"""Six differential equations and their point symmetries: the tasks of LieNLSD (ICML 2025).

An equation is the function that is zero on its solutions, asked at jets where it is zero. Candidates are all fields of
variables and unknown functions with polynomial components up to degree two, prolonged (`liegg.actions.Prolonged`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from liegg.actions import Jets, Prolonged
from liegg.algebra import principal_angles
from liegg.symmetry.find import find_symmetry

DEGREE = 2  # of the library
Slope = Callable[[Callable[[str], Tensor]], list[Tensor]]
Field = dict[str, dict[str, float]]
"""A vector field: of each component the coefficients of monomials."""


@dataclass(frozen=True, eq=False)
class Equation:
    """Derivatives along t as functions of the others, and the symmetries that are known."""

    jets: Jets
    slow: tuple[str, ...]
    """what is solved for, such as "u_t", one for each unknown function"""
    slope: Slope
    """what these are, given a function that looks a coordinate up"""
    symmetries: dict[str, Field]
    """all that there are within the library, a basis"""

    @cached_property
    def action(self) -> Prolonged:
        return Prolonged(DEGREE, self.jets)

    @property
    def columns(self) -> list[int]:
        """Where jets have what is solved for."""
        return [self.jets[name] for name in self.slow]

    def slopes(self, z: Tensor) -> Tensor:
        """(B, q) what they are by the equation, at jets z (B, len(jets))."""
        return torch.stack(self.slope(lambda name: z[:, self.jets[name]]), 1)

    def __call__(self, z: Tensor) -> Tensor:
        """(B, q): zero on solutions."""
        return z[:, self.columns] - self.slopes(z)

    def solved(self, z: Tensor) -> Tensor:
        """Jets that obey the equation, from any: what is solved for is replaced."""
        z = z.clone()
        z[:, self.columns] = self.slopes(z)
        return z

    @cached_property
    def known(self) -> Tensor:
        """(d, K) the known symmetries as coefficients."""
        return torch.stack([self.coefficients(field) for field in self.symmetries.values()])

    def coefficients(self, field: Field) -> Tensor:
        """(K,) of one field."""
        action = self.action
        matrix = torch.zeros(len(action.components), len(action.functions), dtype=torch.float64)
        for component, terms in field.items():
            for monomial, coefficient in terms.items():
                matrix[action.components.index(component), action.functions.index(monomial)] = coefficient
        return action.coefficients(matrix)

    @cached_property
    def linear(self) -> Tensor:
        """(K,) which candidates are linear fields."""
        degrees = torch.tensor([len(monomial) for monomial in self.action.monomials])
        return (degrees == 1).repeat(len(self.action.components))


def normal(equation: Equation, samples: int, *, seed: int) -> Tensor:
    """(N, len(jets)) jets that obey the equation: all other coordinates independent, standard normal."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(samples, len(equation.jets), generator=generator, dtype=torch.float64)
    return equation.solved(z)


def distance(span: Tensor, other: Tensor) -> float:
    """The Grassmann distance of two spans (d, K): the 2-norm of the principal angles between them, in radians."""
    return float(principal_angles(span, other).deg2rad().norm())


def linear_part(span: Tensor, linear: Tensor, dimension: int) -> Tensor:
    """(r, K) the linear fields that lie nearest to a span (d, K) of fields, r of them: the span's directions at the
    smallest principal angles to linear fields, with what else they have left out."""
    onto = torch.linalg.svd(torch.linalg.qr(span.T).Q * linear[:, None], full_matrices=False)
    return onto.U[:, :dimension].T


def distances(equation: Equation, directions: Tensor) -> dict[str, float]:
    """How far directions (K', K), the likely symmetries first, are from the known ones, as many as these: in all, and
    their linear parts (the published score)."""
    known, linear = equation.known, equation.linear
    among = known[(known * ~linear == 0).all(1)]
    found = directions[: len(known)]
    return {
        "distance": distance(found, known),
        "linear distance": distance(linear_part(found, linear, len(among)), among),
    }


def cases(equations: Sequence[str], *, samples: int, draws: int, seed: int) -> list[dict]:
    """A case for every equation: so many jets a draw, so many draws. Raises ValueError for other equations."""
    if unknown := set(equations) - set(EQUATIONS):
        raise ValueError(f"equations are {', '.join(EQUATIONS)}, not {', '.join(map(str, unknown))}")
    return [
        {"task": "exact equations", "equation": name, "samples": samples, "draws": draws, "seed": seed}
        for name in equations
    ]


def measure(case: dict) -> dict[str, list]:
    """What the exact equation shows at normal jets, a number each draw.

    dimension                   how many symmetries count, and by which `rule`
    distance, linear distance   to the known ones, in radians
    null, next                  relative variance of the last known symmetry, and of the direction after it
    seconds                     that it took (the one number that the case does not determine)
    """
    equation = EQUATIONS[case["equation"]]
    said: dict[str, list] = {}
    for seed in range(case["seed"], case["seed"] + case["draws"]):
        z = normal(equation, case["samples"], seed=seed)
        start = time.perf_counter()
        found = find_symmetry(equation, z, equation.action)
        d, seconds = len(equation.known), time.perf_counter() - start
        null, beyond = found.relative_variance[d - 1 : d + 1].tolist()
        numbers = {"dimension": found.dimension, "rule": found.decision.rule, "null": null, "next": beyond}
        for name, number in (numbers | distances(equation, found.coefficients) | {"seconds": seconds}).items():
            said.setdefault(name, []).append(number)
    return said


def _square(at: Callable[[str], Tensor]) -> Tensor:
    return at("u") ** 2 + at("v") ** 2


def _laplace(at: Callable[[str], Tensor], unknown: str) -> Tensor:
    return at(f"{unknown}_xx") + at(f"{unknown}_yy")


def _shift(*components: str) -> dict[str, Field]:
    return {f"∂{c}": {c: {"": 1}} for c in components}


TURN: dict[str, Field] = {"x ∂y − y ∂x": {"y": {"x": 1}, "x": {"y": -1}}}
PHASE: dict[str, Field] = {"u ∂v − v ∂u": {"v": {"u": 1}, "u": {"v": -1}}}
BOOSTS: dict[str, Field] = {
    f"t ∂{x} + {x} (u ∂v − v ∂u)": {x: {"t": 1}, "v": {f"{x} u": 1}, "u": {f"{x} v": -1}} for x in "xy"
}
"""Galilean boosts of the nonlinear Schrödinger equation, which are missing from the published answer."""
HARMONIC: list[dict[str, float]] = [
    *({monomial: 1.0} for monomial in ("", "t", "x", "y", "t x", "t y", "x y")),
    {"t²": 1.0, "x²": 1.0},
    {"x²": 1.0, "y²": -1.0},
]
"""Solutions of the wave equation, up to degree two."""

EQUATIONS = {
    "heat": Equation(
        Jets("t x", "u", order=2),
        ("u_t",),
        lambda at: [at("u_xx")],
        {
            **_shift("t", "x", "u"),
            "2 t ∂t + x ∂x": {"t": {"t": 2}, "x": {"x": 1}},
            "u ∂u": {"u": {"u": 1}},
            "x ∂u": {"u": {"x": 1}},
            "(x² + 2 t) ∂u": {"u": {"x²": 1, "t": 2}},
            "2 t ∂x − x u ∂u": {"x": {"t": 2}, "u": {"x u": -1}},
        },
    ),
    "Burgers": Equation(
        Jets("t x", "u", order=2),
        ("u_t",),
        lambda at: [at("u_xx") + at("u_x") ** 2],
        {
            **_shift("t", "x", "u"),
            "2 t ∂t + x ∂x": {"t": {"t": 2}, "x": {"x": 1}},
            "2 t ∂x − x ∂u": {"x": {"t": 2}, "u": {"x": -1}},
            "4 t² ∂t + 4 t x ∂x − (x² + 2 t) ∂u": {"t": {"t²": 4}, "x": {"t x": 4}, "u": {"x²": -1, "t": -2}},
        },
    ),
    "KdV": Equation(
        Jets("t x", "u", order=3),
        ("u_t",),
        lambda at: [-at("u_xxx") - at("u") * at("u_x")],
        {
            **_shift("t", "x"),
            "t ∂x + ∂u": {"x": {"t": 1}, "u": {"": 1}},
            "3 t ∂t + x ∂x − 2 u ∂u": {"t": {"t": 3}, "x": {"x": 1}, "u": {"u": -2}},
        },
    ),
    "wave": Equation(
        Jets("t x y", "u", order=2),
        ("u_tt",),
        lambda at: [_laplace(at, "u")],
        {
            **_shift("t", "x", "y"),
            **TURN,
            "t ∂x + x ∂t": {"t": {"x": 1}, "x": {"t": 1}},
            "t ∂y + y ∂t": {"t": {"y": 1}, "y": {"t": 1}},
            "t ∂t + x ∂x + y ∂y": {c: {c: 1} for c in "txy"},
            "u ∂u": {"u": {"u": 1}},
            **{f"solution {i} ∂u": {"u": solution} for i, solution in enumerate(HARMONIC, 1)},
            "conformal, t": {"t": {"t²": 1, "x²": 1, "y²": 1}, "x": {"t x": 2}, "y": {"t y": 2}, "u": {"t u": -1}},
            "conformal, x": {"x": {"t²": 1, "x²": 1, "y²": -1}, "t": {"t x": 2}, "y": {"x y": 2}, "u": {"x u": -1}},
            "conformal, y": {"y": {"t²": 1, "y²": 1, "x²": -1}, "t": {"t y": 2}, "x": {"x y": 2}, "u": {"y u": -1}},
        },
    ),
    "NLS": Equation(
        Jets("t x y", "u v", order=2),
        ("u_t", "v_t"),
        lambda at: [
            -_laplace(at, "v") / 2 + at("v") * _square(at),
            _laplace(at, "u") / 2 - at("u") * _square(at),
        ],
        {
            **_shift("t", "x", "y"),
            **TURN,
            **PHASE,
            "2 t ∂t + x ∂x + y ∂y − u ∂u − v ∂v": {
                "t": {"t": 2},
                "x": {"x": 1},
                "y": {"y": 1},
                "u": {"u": -1},
                "v": {"v": -1},
            },
            **BOOSTS,
        },
    ),
    "reaction-diffusion": Equation(
        Jets("t x y", "u v", order=2),
        ("u_t", "v_t"),
        lambda at: [
            (1 - _square(at)) * at("u") + _square(at) * at("v") + 0.1 * _laplace(at, "u"),
            (1 - _square(at)) * at("v") - _square(at) * at("u") + 0.1 * _laplace(at, "v"),
        ],
        {**_shift("t", "x", "y"), **TURN, **PHASE},
    ),
}
