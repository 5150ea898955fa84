"""The Lie algebra in a learned transition: the lens of part I on T(z, a), which the paper does not have.

Two read-outs. Where the action of a group is known, each of its generators X_k moves latents by

    T(z, exp(ε X_k)) - T(z, exp(-ε X_k)) ≈ 2 sin ε · L_k z,

and what the L_k are is found by least squares: they should close as the X_k do. Where it is not, motions A of latents
and B of the next latents are sought with D_z T(z, a) A z = B T(z, a), as in part I; there A z must be tangent to the
latents of the data, as a network says nothing of others, and a linear T would call scalings a symmetry too.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from liegg.actions import Linear, Product
from liegg.studies.embedding.pose import coordinates
from liegg.symmetry.factors import Factors
from liegg.symmetry.polarization import polarization_matrix
from liegg.symmetry.stream import polarize

Transition = Callable[[Tensor, Tensor], Tensor]
STEP = 0.15
"""radians that derivatives are taken over"""
BATCH, RATE = 128, 1e-2


class DenseTransition(nn.Module):
    """T(z, a) as a smooth dense network of latents (n, ...) and actions (n, 3, 3) or (n,): no symmetry in it."""

    def __init__(self, latents: int, actions: int, *, seed: int):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.network = nn.Sequential(
                nn.Linear(latents + actions, 256), nn.SiLU(), nn.Linear(256, 256), nn.SiLU(), nn.Linear(256, latents)
            )

    def forward(self, z: Tensor, a: Tensor) -> Tensor:
        return self.network(torch.cat([z.flatten(1), coordinates(a)], 1)).view_as(z)


def fit_transition(z: Tensor, a: Tensor, z_next: Tensor, *, epochs: int, seed: int) -> DenseTransition:
    """A DenseTransition with T(z, a) ≈ z_next by least squares, for latents z, z_next (n, ...) that stay as they are
    and actions a (n, 3, 3) or (n,). Adam in one cycle up to RATE, batches of BATCH."""
    transition = DenseTransition(z[0].numel(), coordinates(a[:1]).shape[1], seed=seed).to(z.device)
    order = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(transition.parameters(), RATE)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * -(-len(z) // BATCH))
    for _ in range(epochs):
        for some in torch.randperm(len(z), generator=order).to(z.device).split(BATCH):
            loss = (transition(z[some], a[some]) - z_next[some]).square().flatten(1).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
    return transition


@torch.no_grad()
def transition_generators(
    predict: Transition, z: Tensor, basis: Tensor, *, step: float = STEP
) -> tuple[Tensor, Tensor]:
    """L (K, d, d) of a transition, for latents z (n, ...) of d numbers and generators X_k (K, m, m) of the actions
    exp(ε X_k), and the relative residual of each, (K,): the root mean square of what L_k does not explain over that of
    the whole motion. In float64 on the CPU.

    ε is `step`, radians. Exact where the actions turn latents by the same angle, and L_k keeps brackets then:
    [L_i, L_j] = L_k where [X_i, X_j] = X_k. Of l times the angle L_k is sin(l ε)/sin(ε) instead of l.
    """
    actions = [torch.linalg.matrix_exp(sign * step * basis.to(z)) for sign in (1, -1)]
    return _least_squares(predict, z, *actions, step)


@torch.no_grad()
def angle_generator(predict: Transition, z: Tensor, *, step: float = STEP) -> tuple[Tensor, Tensor]:
    """L (1, d, d) of a transition whose actions are angles, and its residual (1,), as `transition_generators` has them;
    the imaginary parts of its eigenvalues say how often latents go round in one turn."""
    return _least_squares(predict, z, z.new_tensor([step]), z.new_tensor([-step]), step)


def _least_squares(predict: Transition, z: Tensor, plus: Tensor, minus: Tensor, step: float) -> tuple[Tensor, Tensor]:
    sine, flat = torch.tensor(step).sin(), z.flatten(1).double().cpu()
    generators, residuals = [], []
    for a, b in zip(plus, minus):
        moved = predict(z, a.expand(len(z), *a.shape)) - predict(z, b.expand(len(z), *b.shape))
        motion = moved.flatten(1).double().cpu() / (2 * sine)
        L = torch.linalg.lstsq(flat, motion, driver="gelsd").solution.T
        generators.append(L)
        residuals.append((flat @ L.T - motion).norm() / motion.norm())
    return torch.stack(generators), torch.stack(residuals)


ACTION = Product([(Linear(2), 2), (None, 3)]), Product([(Linear(2), 2), (None, 1)])
"""what moves in `polarization`: of inputs (z, a, n) the latent, of outputs (T(z, a), n · z) the next latent"""


class Polarization(NamedTuple):
    """Which pairs (A, B) of motions of latents in the plane a transition answers by D_z T(z, a) A z = B T(z, a)."""

    values: Tensor
    """(8,) singular values, least first: root mean squares for |A|² + |B|² = 1"""
    A: Tensor
    """(2, 2) of the least singular value"""
    B: Tensor
    """(2, 2) of the least singular value"""
    factors: Factors
    """of the same rows, for `decide` with ACTION, which takes the best B for each A"""


def polarization(predict: Transition, z: Tensor, a: Tensor, tangents: Tensor) -> Polarization:
    """The polarization of a transition of latents z (n, 2) by actions a (n,) in the directions z, with another row
    n · A z for each sample, where n is normal to the latents' curve with tangents (n, 2). `predict` has to be
    differentiable, and each sample's own."""
    x = torch.cat([z, a[:, None], tangents.flip(1) * tangents.new_tensor([-1.0, 1.0])], 1).detach()

    def transition(x: Tensor) -> Tensor:
        z, a, normal = x.split([2, 1, 2], 1)
        return torch.cat([predict(z, a[:, 0]), (normal * z).sum(1, keepdim=True)], 1)

    rows = polarization_matrix(transition, x, *ACTION).flatten(0, 1)
    _, values, vectors = torch.linalg.svd(rows / len(x) ** 0.5, full_matrices=False)
    minus_B, A = vectors[-1].cpu().view(2, 2, 2)
    return Polarization(values.cpu().flip(0), A, -minus_B, polarize(transition, x, *ACTION))


@torch.no_grad()
def tangents(embed: Callable[[Tensor], Tensor], world, state: Tensor, *, step: float = STEP) -> Tensor:
    """(n, 2) unit tangents of the curve of latents at angles (n,), from the latents `step` before and after."""
    after, before = (embed(world.render(world.step(state, by * torch.ones_like(state)))) for by in (step, -step))
    return normalize(after - before)
