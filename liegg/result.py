"""Symmetry, what find_symmetry found: dimension, generators and how sure they are; printing, saving, loading."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from liegg import actions, algebra, counting, identification
from liegg.actions import Action
from liegg.identification import Match
from liegg.orbits import FiniteCheck, finite_check


@dataclass(frozen=True, repr=False)
class Symmetry:
    """What `find_symmetry` found. Tensors are float64 on the CPU; K counts the directions that are not trivial."""

    action: Action
    output_action: Action | None
    coefficients: Tensor
    """(K, action.size) the directions A, orthonormal: those that are null to rounding, then in ascending order of the
    variance that the functions share."""
    output_coefficients: Tensor | None
    """(K, output_action.size) to each A the B with the smallest defect J A x - B f(x)."""
    products: Tensor
    """(M, M, K) mean products (E_a v)·(E_b v)/N of the polarization rows of M functions along each direction v."""
    chunks: Tensor
    """(chunks, K) the variance in each part of the data, for one function; (0, K) for several."""
    mismatched: Tensor
    """(K,) the variance of each direction when gradients meet other samples' points."""
    trivial_coefficients: Tensor
    trivial_output_coefficients: Tensor | None
    scale: float
    """what an ordinary direction varies: the mean variance, for pairs that of J A x before any B is taken off; that of
    mismatched pairs where the mean is less than a tenth of it, as nearly all directions are symmetries then"""
    samples: int

    @property
    def functions(self) -> int:
        """M, how many independently trained functions were given."""
        return len(self.products)

    @property
    def directions(self) -> Tensor:
        """(K, n, n) the directions as matrices."""
        return self.action.matrix(self.coefficients)

    @property
    def variance(self) -> Tensor:
        """(K,) symmetry variance S_i²/N of each direction, in squared units of the output (LieGG, section 3).

        The mean over the functions if there are several.
        """
        return self.products.diagonal().mean(-1)

    @property
    def relative_variance(self) -> Tensor:
        """(K,) the variance over its mean (see `scale`): free of the output's units."""
        return self.variance / self.scale

    @property
    def chance_ratio(self) -> Tensor:
        """(K,) the variance over that of mismatched pairs: near 1 where a gradient does not know its own point."""
        null = self.mismatched <= counting.EXACT * self.scale
        return torch.where(null, 1.0, self.variance / self.mismatched)

    @property
    def shared(self) -> Tensor | None:
        """(K,) the variance that independent functions share, their mean cross product vᵀCv; null values scatter
        around 0. None for one function."""
        return counting.cross(self.products) if self.functions > 1 else None

    @property
    def coherence(self) -> Tensor | None:
        """(K,) shared variance over variance: 1 for signal that all functions share, 0 for errors of their own, which
        is all that is left along a symmetry (see `liegg.counting`). None for one function."""
        return counting.coherence(self.products, self.scale) if self.functions > 1 else None

    @cached_property
    def coherence_interval(self) -> Tensor | None:
        """(K, 2) 95 % jackknife intervals over the functions (Student's t, M - 1 degrees of freedom); None for one."""
        return counting.coherence_interval(self.products, self.scale) if self.functions > 1 else None

    @cached_property
    def variance_interval(self) -> Tensor:
        """(K, 2) 95 % intervals of the variance along each direction as it stands.

        One function: bootstrap over the parts of the data, for other samples of the same kind. Several: Student's t
        over the functions, for other functions trained on the same task, on a logarithmic scale.
        """
        if self.functions == 1:
            return counting.bootstrap_interval(self.chunks, seed=0)
        own = self.products.diagonal()  # (K, M)
        error = own.std(-1) / self.functions**0.5 / self.variance.clamp_min(1e-300)
        return (
            self.variance[:, None] * counting.student_interval(torch.zeros_like(error), error, self.functions - 1).exp()
        )

    @property
    def dimension(self) -> int:
        """How many directions count as symmetries, by the rules of `liegg.counting`: the one for several functions, or
        the weaker one for a single function."""
        measures = [self.relative_variance, self.chance_ratio]
        if self.functions > 1:
            measures.append(torch.cat([self.coherence[:, None], self.coherence_interval], 1))
        return counting.count_symmetries(*[torch.cat([values, torch.ones_like(values[:1])]) for values in measures])

    @property
    def gap(self) -> float:
        """How many times larger than the last symmetry's the next variance is; nan if all or none are symmetries."""
        d = self.dimension
        return float(self.variance[d:].min() / self.variance[:d].max()) if 0 < d < len(self.variance) else float("nan")

    @property
    def generators(self) -> Tensor:
        """(dimension, n, n) the directions that count as symmetries."""
        return self.directions[: self.dimension]

    @property
    def output_generators(self) -> Tensor | None:
        """(dimension, m, m) the B in J A x = B f(x) of each generator A; None without output_action."""
        if self.output_action is None:
            return None
        return self.output_action.matrix(self.output_coefficients[: self.dimension])

    @property
    def trivial(self) -> Tensor:
        """(d, n, n) directions about which the data say nothing: they leave every sample in place or move it off the
        span of the data (points in a subspace, images that are round already)."""
        return self.action.matrix(self.trivial_coefficients)

    @property
    def trivial_outputs(self) -> Tensor | None:
        """(d, m, m) directions that move no output: part of no generator. None without output_action."""
        if self.output_action is None:
            return None
        return self.output_action.matrix(self.trivial_output_coefficients)

    def angles(self, basis: Tensor) -> Tensor:
        """Principal angles between the generators and a known algebra (d, n, n), degrees, ascending."""
        return algebra.principal_angles(self.generators, self._matrices(basis))

    def bias(self, basis: Tensor) -> Tensor:
        """(K,) symmetry bias of each direction: its distance to a known algebra (d, n, n), in [0, 1]."""
        return algebra.bias(self.directions, self._matrices(basis))

    @property
    def closure(self) -> float:
        """How far the generators are from closing under the bracket: 0 closed, at most 1."""
        return identification.closure(self.action, self.coefficients[: self.dimension])

    def identify(self) -> Match | None:
        """The Lie algebra that the generators span, named in whatever basis; None if there is none near them."""
        return self._match

    @cached_property
    def _match(self) -> Match | None:
        return identification.identify(self.action, self.coefficients[: self.dimension])

    def check(self, function: Callable[[Tensor], Tensor], inputs: Tensor, **settings) -> FiniteCheck:
        """How far the function moves along each generator up to a full turn: see `orbits.finite_check`, whose settings
        are turn, steps, directions and seed."""
        d = self.dimension
        if not d:
            raise ValueError("no direction counts as a symmetry, so there is none to check at finite times")
        return finite_check(
            function,
            inputs,
            self.action,
            self.coefficients,
            d,
            output_action=self.output_action,
            output_coefficients=self.output_coefficients,
            **settings,
        )

    def _matrices(self, basis: Tensor) -> Tensor:
        return self.action.matrix(self.action.coefficients(basis.double()))

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return "\n".join([*self._sentences(), *self._table()])

    def _sentences(self) -> list[str]:
        K, d, match = len(self.variance), self.dimension, self.identify()
        kind = "equivariances" if self.output_action else "symmetries"
        lines = [f"{d} of {K} directions of {self.action} are {kind}"]
        if self.functions > 1:
            lines.append(f"  from {self.samples} samples, by coherence between {self.functions} functions")
        else:
            lines.append(f"  from {self.samples} samples and one function, the weaker kind of answer: give several")
        if self.gap == self.gap:
            lines.append(f"  the next direction varies {self.gap:.3g} times as much")
        if match:
            lines.append(f"  they span {match.name}, to {match.angle:.2g} degrees; closure defect {match.closure:.2g}")
        elif d:
            lines.append(f"  they are near no Lie algebra (closure defect {self.closure:.2g})")
        if len(self.trivial_coefficients):
            count = len(self.trivial_coefficients)
            lines.append(f"  {count} further directions are trivial: the data say nothing about them")
        if self.output_action and len(self.trivial_output_coefficients):
            lines.append(f"  {len(self.trivial_output_coefficients)} directions of the outputs move nothing")
        return lines

    def _table(self) -> list[str]:
        """The directions down to three beyond the symmetries, a dozen at most."""
        K, d = len(self.variance), self.dimension
        shown = [i for i in range(min(K, d + 3)) if i < 9 or i >= d - 1][:14]
        low, high = (self.variance_interval / self.scale).T
        columns = {
            "direction": [f"{i + 1}{' *' if i < d else '  '}" for i in shown],
            "relative variance": [f"{self.relative_variance[i]:.2g}" for i in shown],
            "95 % interval": [f"{low[i]:.2g} to {high[i]:.2g}" for i in shown],
            "of chance": [f"{self.chance_ratio[i]:.2g}" for i in shown],
        }
        if self.functions > 1:
            low, high = self.coherence_interval.T
            columns["coherence"] = [f"{self.coherence[i]:.2f}" for i in shown]
            columns["its 95 %"] = [f"{low[i]:.2f} to {high[i]:.2f}" for i in shown]
        widths = {name: max(map(len, [name, *cells])) for name, cells in columns.items()}
        rows = [columns, *({name: cells[r] for name, cells in columns.items()} for r in range(len(shown)))]
        return [
            "  ".join((name if r == 0 else row[name]).rjust(widths[name]) for name in columns)
            for r, row in enumerate(rows)
        ]

    def _repr_svg_(self) -> str | None:
        try:
            from liegg import plots
        except ImportError:  # without matplotlib a notebook shows the table
            return None
        return plots.portrait(self)._repr_svg_()

    def save(self, path: str | Path) -> None:
        """Write the result to a .npz file, without pickle; `load` reads it back."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self)}
        tensors = {name: value.numpy() for name, value in arrays.items() if isinstance(value, Tensor)}
        actions_ = {name: _description(arrays[name]) for name in ("action", "output_action")}
        with Path(path).open("wb") as file:
            np.savez(file, samples=self.samples, scale=self.scale, actions=json.dumps(actions_), **tensors)

    @classmethod
    def load(cls, path: str | Path, action: Action | None = None, output_action: Action | None = None) -> "Symmetry":
        """Read what `save` wrote. Actions made of others or of the reader's own fields have to be given again."""
        with np.load(path, allow_pickle=False) as stored:
            given = {"action": action, "output_action": output_action}
            described = json.loads(str(stored["actions"]))
            kept = {name: given[name] or _restored(name, text, path) for name, text in described.items()}
            for f in fields(cls):
                if f.name not in kept:
                    kept[f.name] = torch.as_tensor(stored[f.name]) if f.name in stored else None
        for which, stored in (("action", "coefficients"), ("output_action", "output_coefficients")):
            if kept[which] is not None and kept[which].size != kept[stored].shape[-1]:
                raise ValueError(
                    f"{path} was found with {kept[stored].shape[-1]} directions, and {kept[which]} has others"
                )
        return cls(**kept | {"samples": int(kept["samples"]), "scale": float(kept["scale"])})


_BUILT_IN = {
    "Linear": ("n", "copies"),
    "Affine": ("n", "copies"),
    "Affine2d": (),
    "Polynomial": ("n", "degree", "copies"),
}


def _description(action: Action | None) -> list | None:
    """[class name, arguments], with None in place of arguments that cannot be written down."""
    name = type(action).__name__
    return action and [name, {key: getattr(action, key) for key in _BUILT_IN[name]} if name in _BUILT_IN else None]


def _restored(which: str, description: list | None, path: str | Path) -> Action | None:
    if description is None:
        return None
    name, arguments = description
    if arguments is None:
        raise ValueError(f"{path} was found with the {which} {name}, which a file cannot hold: load(path, {which}=...)")
    return getattr(actions, name)(**arguments)
