"""Symmetry, what find_symmetry found: the dimension and why, generators and how sure they are."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Action
from liegg.actions.flow import flow_of
from liegg.symmetry import identify, intervals, levels, report, storage
from liegg.symmetry.coherence import coherence, cross
from liegg.symmetry.decision import Decision
from liegg.symmetry.factors import EXACT, LEAST
from liegg.symmetry.finite import FiniteCheck, finite_check
from liegg.symmetry.identify import Match
from liegg.symmetry.rules import SILENT, Measures, by_odds, by_tolerance, exactly_null, of_estimates


@dataclass(frozen=True, repr=False, eq=False)
class Symmetry:
    """What `find_symmetry` found. Tensors are float64 on the CPU; K counts the directions that are not trivial."""

    action: Action
    """how the candidates move a sample"""
    output_action: Action | None
    """how they move an output; None where outputs should stay"""
    coefficients: Tensor
    """(K, action.size) the directions A of norm one: those that are null to rounding, then in ascending order of the
    variance that the functions share. They are orthogonal where the samples have unit moments; there lies, too, the
    unit of length at which variances are taken (see `liegg.symmetry.units`)."""
    output_coefficients: Tensor | None
    """(K, output_action.size) to each A the B with the smallest defect J A x - B f(x)."""
    own: Tensor
    """(M, K) mean products (E_a v)·(E_a v)/N of each function's polarization rows along each direction v"""
    summed: Tensor
    """(M, K) mean products (E_a v)·(sum over b of E_b v)/N of each function's rows with the sum of all"""
    held_own: Tensor
    """(M, K) as `own` has them, each function's along directions that the others found without it, in ascending order;
    (0, K) for one"""
    held_summed: Tensor
    """(M, K) as `summed` has them, along the same"""
    chunks: Tensor
    """(chunks, K) the variance in each part of the data, for one function; (0, K) for several."""
    mismatched: Tensor
    """(K,) the variance of each direction when gradients meet other samples' points."""
    trivial_coefficients: Tensor
    """(d, action.size) orthonormal directions about which the data say nothing"""
    trivial_output_coefficients: Tensor | None
    """(d, output_action.size) orthonormal directions that move no output"""
    scale: float
    """what an ordinary direction varies: the mean variance, for pairs that of J A x before any B is taken off; that of
    mismatched pairs where the mean is less than a tenth of it, as nearly all directions are symmetries then"""
    samples: int
    """how many samples were seen"""
    thin: float = 1.0
    """the largest over the smallest root mean square of the samples along any axis, each coordinate scaled alike"""
    unbiased: bool = False
    """whether the functions are estimates of one, with independent errors of mean zero: see `decide`"""
    paid_share: Tensor | None = None
    """(K,) q, the share of the motion along each direction that is signal by the labels (see `liegg.symmetry.labels`):
    1 for signal, 0 for the function's own error. None without targets"""
    paid_error: Tensor | None = None
    """(K,) its standard error: how much the labels can tell"""
    difference_error: float = 0.0
    """of functions without gradients: the error of their derivatives, over the size of these (see `black_box`)"""
    tolerance: float | None = None
    """how much signal a symmetry may have, over an ordinary direction's variance; None where the odds decide"""
    alpha: float = 0.05
    """how often what the decision says to be sure may be wrong"""

    @property
    def networks(self) -> int:
        """M, how many independently trained functions were given."""
        return len(self.own)

    @property
    def directions(self) -> Tensor:
        """(K, n, n) the directions as matrices."""
        return self.action.matrix(self.coefficients)

    @property
    def variance(self) -> Tensor:
        """(K,) symmetry variance S_i²/N of each direction, in squared units of the output (LieGG, section 3).

        The mean over the functions if there are several.
        """
        return self.own.mean(0)

    @property
    def relative_variance(self) -> Tensor:
        """(K,) the variance over its mean (see `scale`): free of the output's units."""
        return self.variance / self.scale

    @property
    def chance_ratio(self) -> Tensor:
        """(K,) the variance over that of mismatched pairs: near 1 where a gradient does not know its own point."""
        null = self.mismatched <= EXACT * self.scale
        return torch.where(null, 1.0, self.variance / self.mismatched)

    @property
    def shared(self) -> Tensor | None:
        """(K,) the variance that independent functions share, their mean cross product vᵀCv; null values scatter
        around 0. None for one function."""
        return cross(self.own, self.summed) if self.networks > 1 else None

    @property
    def coherence(self) -> Tensor | None:
        """(K,) shared variance over variance: 1 for signal that all functions share, 0 for errors of their own, which
        is all that is left along a symmetry (see `liegg.symmetry.coherence`). None for one function."""
        return coherence(self.own, self.summed, self.scale) if self.networks > 1 else None

    @cached_property
    def coherence_interval(self) -> Tensor | None:
        """(K, 2) 95 % intervals over the functions, by the jackknife corrected for what is shared by pairs of them (see
        `liegg.symmetry.intervals`); None for one."""
        return intervals.coherence_interval(self.own, self.summed, self.scale) if self.networks > 1 else None

    @cached_property
    def variance_interval(self) -> Tensor:
        """(K, 2) 95 % intervals of the variance along each direction as it stands, Student's t on a logarithmic scale.

        One function: over the parts of the data, for other samples of the same kind; nan where factors were kept in
        fewer parts than that takes. Several: over the functions, for others trained on the same task.
        """
        if self.networks == 1 and len(self.chunks) < LEAST:
            return torch.full((len(self.variance), 2), torch.nan, dtype=torch.float64)
        return intervals.mean_interval(self.chunks if self.networks == 1 else self.own)

    @cached_property
    def decision(self) -> Decision:
        """How many directions count, and why: odds, tests and bounds, and a verdict for every direction."""
        signal, measures = self._signal, self.measures
        if self.tolerance is not None:
            exact = exactly_null(measures.variance)
            answer = by_tolerance(signal.least, signal.most, exact, self.tolerance)
        elif self.unbiased:
            answer = of_estimates(measures.variance, measures.chance, self.coherence_interval)  # type: ignore[arg-type]
        else:
            answer = by_odds(measures, alpha=self.alpha, agreed=self._agreed(signal))
        hidden = int((self.relative_variance <= (2 * self.difference_error) ** 2).long().cumprod(0).sum())
        answer = answer._replace(interval=(answer.interval[0], max(answer.interval[1], hidden)))
        if self.samples <= 2 * self.action.size:  # what is null for lack of data cannot be told
            answer = answer._replace(interval=(0, answer.interval[1]), odds=None)
        return Decision(
            **answer._asdict(),
            p=signal.p,
            bound=signal.most,
            least=signal.least,
            alpha=self.alpha,
            tolerance=self.tolerance,
        )

    @cached_property
    def _signal(self) -> levels.Signal:
        """How much signal there is along each direction, by all witnesses."""
        several, labels = self.networks > 1, self.paid_share is not None
        alpha = self.alpha / 2 if several and labels else self.alpha  # two witnesses
        tolerance = self.tolerance or 0.0
        if labels:
            of_mean = self.summed.mean(0) / self.networks / self.scale
            paid = levels.of_labels(of_mean, self.paid_share, self.paid_error, tolerance=tolerance, alpha=alpha)  # type: ignore[arg-type]
        if several:
            products = self.own, self.summed, self.held_own, self.held_summed
            shared = levels.of_several(*products, self.scale, tolerance=tolerance, alpha=alpha)
        if several and labels:
            return levels.both(shared, paid)
        return shared if several else paid if labels else levels.of_one(self.chunks, self.scale, alpha=alpha)

    def _agreed(self, signal: levels.Signal) -> bool:
        """Whether several functions surely share something, and enough: untrained ones may share a little."""
        if self.coherence_interval is None:
            return True
        return bool(signal.p[-1] <= self.alpha and self.coherence_interval[:, 0].max() > SILENT)

    @property
    def measures(self) -> Measures:
        """What the odds rest on."""
        return Measures(self.relative_variance, self.chance_ratio, self.coherence, self.paid_share, self.paid_error)

    @property
    def dimension(self) -> int:
        """How many directions count as symmetries: the best guess, by `liegg.symmetry.rules`; with a tolerance those of
        which it is sure that they have less signal."""
        return self.decision.dimension

    @property
    def dimension_interval(self) -> tuple[int, int]:
        """The fewest and the most that it may be, at level alpha: how many are certain, and how many possible. Without
        a tolerance these and what lies between have 1 - alpha of the odds."""
        return self.decision.interval

    @property
    def gap(self) -> float:
        """How many times larger than the last symmetry's the next variance is; nan if all or none are symmetries."""
        d = self.dimension
        return float(self.variance[d:].min() / self.variance[:d].max()) if 0 < d < len(self.variance) else float("nan")

    @property
    def generators(self) -> Tensor:
        """(dimension, n, n) an orthonormal basis of the directions that count as symmetries, in their order."""
        return self.action.matrix(self._orthonormal[0])

    @cached_property
    def _orthonormal(self) -> tuple[Tensor, Tensor]:
        """(dimension, action.size) an orthonormal basis of the directions that count, each made so by those before it,
        and the (dimension, dimension) combinations of them that it is."""
        Q, R = torch.linalg.qr(self.coefficients[: self.dimension].T)
        signs = R.diagonal().sign()
        return (Q * signs).T, torch.linalg.pinv(R * signs[:, None]).T

    @property
    def output_generators(self) -> Tensor | None:
        """(dimension, m, m) the B in J A x = B f(x) of each generator A; None without output_action."""
        if self.output_action is None:
            return None
        return self.output_action.matrix(self._orthonormal[1] @ self.output_coefficients[: self.dimension])  # type: ignore[index]

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
        return self.output_action.matrix(self.trivial_output_coefficients)  # type: ignore[arg-type]

    def angles(self, basis: Tensor) -> Tensor:
        """Principal angles between the generators and a known algebra (d, n, n), degrees, ascending. Raises ValueError
        for matrices that are not real, not finite, or no generators of the action."""
        return algebra.principal_angles(self.generators, self._matrices(basis))

    def bias(self, basis: Tensor) -> Tensor:
        """(K,) symmetry bias of each direction: its distance to a known algebra (d, n, n), in [0, 1]. Raises
        ValueError as `angles` does."""
        return algebra.bias(self.directions, self._matrices(basis))

    @property
    def closure(self) -> float:
        """How far the generators are from closing under the bracket: 0 closed, at most 1."""
        return identify.closure_defect(self.action, self._orthonormal[0])

    def identify(self) -> Match | None:
        """The Lie algebra that the generators span, named in whatever basis; None if there is none near them."""
        return self._match

    @cached_property
    def _match(self) -> Match | None:
        return identify.identify(self.action, self._orthonormal[0])

    def check(self, function: Callable[[Tensor], Tensor], inputs: Tensor, **settings) -> FiniteCheck:
        """How far the function moves along each generator up to a full turn: see `finite_check`, whose settings
        are turn, steps, directions and seed. Raises ValueError where nothing counts as a symmetry, and as that does."""
        d = self.dimension
        if not d:
            raise ValueError("no direction counts as a symmetry, so there is none to check at finite times")
        if flow := flow_of(self.action):
            function, inputs = flow.framed(function), flow.frames(inputs)
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
        if not isinstance(basis, Tensor) or basis.ndim != 3 or basis.is_complex() or basis.is_meta or basis.is_sparse:
            raise ValueError("a known algebra must be a real tensor of matrices (d, n, n), such as algebra.so(3)")
        if not basis.isfinite().all():
            raise ValueError("this algebra holds NaN or infinite values")
        return self.action.matrix(self.action.coefficients(basis.double()))

    def __eq__(self, other: object) -> bool:
        """Whether two results hold the same numbers, for the same actions (those made of others: the same objects)."""
        if not isinstance(other, Symmetry):
            return NotImplemented
        pairs = [(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)]
        return all(map(_same, *zip(*pairs)))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return report.text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        try:
            from liegg import plots
        except ImportError:  # without matplotlib a notebook shows the table
            return {}, {}
        return plots.portrait(self)._repr_mimebundle_()

    def save(self, path: str | Path) -> None:
        """Write the result to a .npz file, without pickle; `load` reads it back.

        The file is written whole or not at all: an older one of that name stays until the new one is there. Raises
        ValueError for a result that could not be loaded again, OSError where nothing can be written.
        """
        storage.save(self, path)

    @classmethod
    def load(cls, path: str | Path, action: Action | None = None, output_action: Action | None = None) -> "Symmetry":
        """Read what `save` wrote. Actions made of others or of the reader's own fields have to be given again.

        Raises FileNotFoundError if there is no such file, and ValueError, which names the file, for one that is no
        whole result, was written by a newer version, or was found with another action.
        """
        return cls(**storage.load(cls, path, action, output_action))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
    if isinstance(one, Action) and one is not other:
        described = storage.description(one)
        return described[1] is not None and described == storage.description(other)  # type: ignore[index]
    return one is other or one == other
