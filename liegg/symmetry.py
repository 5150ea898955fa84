"""find_symmetry: which generators a function is invariant under, read off its polarization matrix."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Action
from liegg.polarization import Polarization, polarize, undisturbed

# The rule that decides what counts as a symmetry: see count_symmetries and find_symmetry.
TOLERANCE = 0.1
CHANCE = 0.5
EXACT = 1e-12
GAP, CLEAR = 3.0, 100.0
TRIVIAL = 1e-8


def count_symmetries(relative_variance: Tensor, chance_ratio: Tensor) -> int:
    """How many of K directions, in ascending order of their relative variance (K,), are symmetries.

    The first d can be if each is low and the next has at least GAP = 3 times the variance of the last. A direction is
    low if it has at most TOLERANCE = 0.1 of the mean variance and at most CHANCE = 0.5 of what mismatched pairs give,
    or if it is null to rounding, EXACT = 1e-12. Of several such d the one with the largest gap is taken, the last one
    among gaps above CLEAR = 100, so that exact symmetries do not hide learned ones; if there is none, the answer is 0.
    The rule is simple, and its error rate has not been measured.
    """
    v = relative_variance.clamp_min(EXACT)
    low = ((v <= TOLERANCE) & (chance_ratio <= CHANCE) | (v <= EXACT)).cumprod(0).bool()
    gaps = torch.where(low[:-1], (v[1:] / v[:-1]).clamp_max(CLEAR), 0.0)
    best = (gaps == gaps.max()).nonzero() if len(gaps) else None
    return int(best[-1]) + 1 if best is not None and gaps.max() >= GAP else 0


class Match(NamedTuple):
    """A known algebra and the largest principal angle to it, in degrees."""

    name: str
    angle: float


@dataclass(frozen=True)
class Symmetry:
    """What `find_symmetry` found. Tensors are float64 on the CPU; K counts the directions that are not trivial."""

    action: Action
    variance: Tensor
    """(K,) symmetry variance S_i²/N of each direction, ascending, in squared units of the output (LieGG, section 3)."""
    directions: Tensor
    """(K, n, n) the directions, orthonormal in the Frobenius inner product."""
    mismatched: Tensor
    """(K,) the variance of each direction when gradients meet other samples' points."""
    trivial: Tensor
    """(d, n, n) directions about which the data say nothing: they leave every sample in place or move it off the span
    of the data (points in a subspace, images that are round already)."""
    samples: int

    @property
    def relative_variance(self) -> Tensor:
        """(K,) the variance over its mean: free of the output's units."""
        return self.variance / self.variance.mean()

    @property
    def chance_ratio(self) -> Tensor:
        """(K,) the variance over that of mismatched pairs: near 1 where a gradient does not know its own point."""
        return self.variance / self.mismatched

    @property
    def dimension(self) -> int:
        """How many directions count as symmetries, by the rule of `count_symmetries`."""
        return count_symmetries(self.relative_variance, self.chance_ratio)

    @property
    def generators(self) -> Tensor:
        """(dimension, n, n) the directions that count as symmetries."""
        return self.directions[: self.dimension]

    @property
    def closure(self) -> float:
        """How far the generators are from closing under the bracket: 0 closed, at most 1."""
        return algebra.closure(self.generators)

    def angles(self, basis: Tensor) -> Tensor:
        """Principal angles between the generators and a known algebra (d, n, n), degrees, ascending."""
        return algebra.principal_angles(self.generators, self._matrices(basis))

    def bias(self, basis: Tensor) -> Tensor:
        """(K,) symmetry bias of each direction: its distance to a known algebra (d, n, n), in [0, 1]."""
        return algebra.bias(self.directions, self._matrices(basis))

    def identify(self) -> Match | None:
        """The known algebra of the same dimension that is nearest as it stands, in its standard basis; None if none."""
        candidates = {k: self._matrices(b) for k, b in algebra.known(self.action.n).items() if len(b) == self.dimension}
        matches = [Match(name, float(self.angles(basis)[-1])) for name, basis in candidates.items()]
        return min(matches, key=lambda match: match.angle, default=None)

    def _matrices(self, basis: Tensor) -> Tensor:
        return self.action.matrix(self.action.coefficients(basis.double()))

    def __str__(self) -> str:
        n, match = self.dimension, self.identify()
        lines = [f"{n} of {len(self.variance)} directions of {self.action} are symmetries, from {self.samples} samples"]
        if n:
            relative = self.relative_variance
            gap = f", the next {relative[n] / relative[n - 1]:.3g} times larger" if relative[n - 1] > 0 else ""
            lines.append(f"  relative variance up to {relative[n - 1]:.2g}{gap}; closure defect {self.closure:.2g}")
        if match and match.angle < 30:
            lines.append(f"  nearest known algebra: {match.name}, largest principal angle {match.angle:.2g} degrees")
        if len(self.trivial):
            lines.append(f"  {len(self.trivial)} further directions are trivial: the data say nothing about them")
        return "\n".join(lines)


def find_symmetry(
    function: Callable[[Tensor], Tensor], inputs: Tensor | Iterable, action: Action, *, batch_size: int = 256
) -> Symmetry:
    """The symmetries that a function has learned: generators A with dF(x) . A x = 0 on the data (LieGG, section 3).

    function      maps a batch (B, ...) to (B,) or (B, m), each sample by itself: a network, or any differentiable
                  torch function. A module is evaluated in eval mode and left as it was; a function around a module
                  cannot see to that, so give the module itself or call its eval() first.
    inputs        a tensor (N, ...) or an iterable of batches (a DataLoader; of a tuple the first entry), read once
    action        how the candidate generators move a sample, e.g. actions.Linear(5, copies=2) or actions.Affine2d()
    batch_size    how many samples of a tensor are taken at a time; it changes memory, not the result

    Directions about which the data say nothing are set apart as trivial: those with at most TRIVIAL = 1e-8 of the mean
    variance in the data control (see `polarization.Factors`), once every direction has been scaled alike. Raises
    ValueError for bad input (see `polarize`) and when the gradient is zero everywhere, as every direction would pass
    for a symmetry then; warns of fewer than 2K + 1 samples, when what is null for lack of data cannot be told.
    """
    matched, mismatched, data = polarize(function, inputs, action, batch_size=batch_size)
    if not matched.factor.any():
        raise ValueError(
            "the function's gradient pairs to zero with every direction at every sample: it is constant on this data "
            "(saturated outputs?) or the data do not move, and nothing can be said about its symmetries"
        )
    if data.samples and not data.factor.any():
        raise ValueError("all samples are alike or none of them moves: nothing can be said about symmetries")
    trivial, within = torch.zeros(0, action.size, dtype=torch.float64), None
    if data.samples < 2 * action.size:
        warnings.warn(
            f"{matched.samples} samples are too few for {action.size} directions: what is null for lack of data "
            f"cannot be told from a symmetry; give at least {2 * action.size + 1}",
            stacklevel=2,
        )
    else:
        trivial, within = _split(data)
    variance, directions = matched.variances(within)
    return Symmetry(
        action=action,
        variance=variance,
        directions=action.matrix(directions),
        mismatched=mismatched.along(directions),
        trivial=action.matrix(trivial),
        samples=matched.samples,
    )


def _split(data: Polarization) -> tuple[Tensor, Tensor]:
    """Orthonormal rows that span the trivial directions, and the rest; columns are scaled alike to read the rank."""
    scale = data.factor.norm(dim=0)
    scale = scale.clamp_min(1e-8 * scale.max())
    _, S, V = torch.linalg.svd(data.factor / scale)
    null = V[S.square() <= TRIVIAL * S.square().mean()] / scale
    basis = torch.linalg.qr(null.T, mode="complete").Q.T
    return basis[: len(null)], basis[len(null) :]


def drift(
    function: Callable[[Tensor], Tensor], x: Tensor, action: Action, coefficients: Tensor, times: Iterable[float]
) -> Tensor:
    """How far f(exp(tA) x) is from f(x) at each time t, (T,): the finite check of a generator A.

    The root mean square change over the samples (B, ...), in units of the standard deviation of f over them:
    0 for a symmetry, about 1.4 when outputs are as different as those of unrelated samples. A module is evaluated in
    eval mode and left as it was.
    """
    with torch.no_grad(), undisturbed(function):
        y = function(x)
        spread = (y - y.mean(0)).square().mean().sqrt()
        changes = [function(action.act(coefficients, x, t)) - y for t in times]
    return torch.stack([change.square().mean().sqrt() / spread for change in changes])
