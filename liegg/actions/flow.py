"""Vector fields and maps of a space to itself: their outputs move as their inputs do."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from liegg.actions.base import Action
from liegg.actions.compose import Restricted
from liegg.actions.points import Affine

Field = Callable[[Tensor], Tensor]
VELOCITIES, POINTS = OUTPUTS = "velocities", "points"


class Flow(Affine):
    """Affine motions of R^n that carry a vector field, or a map, F: R^n -> R^n to itself.

    outputs    what F returns: "velocities", of a vector field, or "points", of a map

    A generator A = [L | b] is a symmetry of a field if DF(x)(Lx + b) = L F(x), so that exp(tA) takes solutions of
    x' = F(x) to solutions, and of a map if DF(x)(Lx + b) = L F(x) + b, so that it commutes with F (Olver 1993, section
    2.3). Unlike with an `output_action`, inputs and outputs have one and the same generator.

    `find_symmetry(F, x, Flow(n))` asks F in a frame that moves along: of samples (x, M), or (x, c, M) for a map, with a
    frame M of vectors as long as the points spread along each axis, and c = 0, the function M⁻¹F(x), or
    M⁻¹(F(x) - c). A generator moves the frame too, M by LM and c by Lc + b, so that the derivative of this function is
    the defect DF(x)(Lx + b) - L F(x) (- b) of F on its own graph, in units of the spread, and at finite times it is
    M⁻¹g⁻¹F(gx). `frames` and `framed` make these samples and functions, for `polarize`, which takes nothing else.
    Matrices are those of `Affine`. Raises ValueError for what is no number or no kind of output, for samples without
    frames and for functions that do not map (B, n) to (B, n).
    """

    def __init__(self, n: int, outputs: str = VELOCITIES):
        if outputs not in OUTPUTS:
            raise ValueError(f'Flow(n, outputs) has outputs "{VELOCITIES}" or "{POINTS}", not {outputs!r}')
        super().__init__(n)
        self.outputs = outputs
        self.copies = (1 if outputs == VELOCITIES else 2) + n  # points, then the vectors of the frame

    def __repr__(self) -> str:
        return f"Flow({self.n}" + (")" if self.outputs == VELOCITIES else f', outputs="{self.outputs}")')

    def frames(self, x: Tensor, spread: Tensor | None = None) -> Tensor:
        """(B, n) points -> (B, copies * n) with a frame each, which translations do not move.

        spread    (n,) how long its vectors are, by default as the points' standard deviations
        """
        if not isinstance(x, Tensor) or x.layout != torch.strided or x.ndim != 2 or x.shape[1] != self.n:
            shape = f"{x.layout} {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(f"{self} moves points, a dense tensor (B, {self.n}), and these are {shape}")
        frame = torch.diag(spread_of(x) if spread is None else spread.to(x)).flatten()
        origin = x.new_zeros((self.copies - self.n - 1) * self.n)
        return torch.cat([x, torch.cat([origin, frame]).expand(len(x), -1)], 1)

    def framed(self, function: Field) -> nn.Module:
        """The function of samples with frames, M⁻¹F(x) or M⁻¹(F(x) - c)."""
        return _Framed(self, function)

    def _points(self, x: Tensor) -> Tensor:
        if x.ndim != 2 or x.shape[1] != self.copies * self.n:
            raise ValueError(
                f"{self} moves points with their frames, (B, {self.copies * self.n}), and these samples are "
                f"{tuple(x.shape)}: give frames(x) of the action and framed(function), or let find_symmetry do so"
            )
        points = super()._points(x)
        points[:, -self.n :, self.n] = 0  # vectors of a frame
        return points


class _Framed(nn.Module):
    def __init__(self, action: Flow, function: Field):
        super().__init__()
        if not callable(function):
            raise ValueError(f"the function must be callable, not {function!r}")
        self.action, self.function = action, function

    def forward(self, samples: Tensor) -> Tensor:
        n = self.action.n
        x, origin = samples[:, :n], samples[:, n : -n * n]
        y = self.function(x)
        if not isinstance(y, Tensor) or y.shape != x.shape:
            shape = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
            raise ValueError(f"{self.action} is of functions from (B, {n}) to (B, {n}), and this one returns {shape}")
        frame = samples[:, -n * n :].unflatten(1, (n, n)).mT  # its vectors are columns
        return torch.linalg.solve(frame, y - origin if origin.shape[1] else y)


def flow_of(action: Action) -> Flow | None:
    """The Flow that an action is, or whose directions it restricts; None for others."""
    while isinstance(action, Restricted):
        action = action.action
    return action if isinstance(action, Flow) else None


def with_frames(action: Flow, inputs: Any) -> Any:
    """Points with their frames, of a tensor (N, n) or an iterable of batches, which share the first one's frame."""
    if isinstance(inputs, Tensor) or not isinstance(inputs, Iterable):
        return action.frames(inputs)

    def batches() -> Iterator[Tensor]:
        spread = None
        for batch in inputs:
            x = batch[0] if isinstance(batch, tuple | list) and batch else batch
            framed = action.frames(x, spread)
            spread = spread_of(x) if spread is None else spread
            yield framed

    return batches()


def spread_of(x: Tensor) -> Tensor:
    """(n,) the standard deviations of points (B, n); one along axes where they do not vary, or are not real numbers."""
    if len(x) < 2 or not x.is_floating_point():
        return torch.ones(x.shape[1], device=x.device)
    spread = x.detach().std(0)
    return spread.where(spread > 0, 1.0)
