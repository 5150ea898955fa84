"""Other ways to discover the symmetries of a regression function from the same data, to hold LieGG against.

Own, compact implementations from the published ideas, in the manner of Augerino, of LieGAN, and of LieSD's variant
without a network; none of them is the original, with whose code and settings it may do better. With LieGG itself under
the same call. Each takes points x (N, copies * n), their targets y (N, 1)
and `actions.Linear(n, copies)`, and looks for the n x n matrices A along which y = f(x) stays as it is.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn

from liegg.actions import Linear
from liegg.studies.fit import fit
from liegg.symmetry.factors import EXACT, Factor, Factors
from liegg.symmetry.stream import polarize
from liegg.training.networks import Standardized, mlp, regressor, vector_scale

STEP = 5.0  # `augerino` and `neighbours`: the least step in the spectrum (uneven functions have such steps too)
BATCH = 500  # points in one step of training
CHUNK = 250  # points whose neighbours are fitted at a time
ORDER = 8  # of the exponential's series in training


@dataclass(frozen=True)
class Discovery:
    """The directions a method found, whatever it is. Tensors are float64 on the CPU."""

    directions: Tensor
    """(k, n, n) orthonormal in the Frobenius inner product, the most symmetric first: all k = n² of them, but those of
    `liegan`, as many as it has channels, and LieGG's, without trivial ones"""
    strength: Tensor
    """(k,) the method's measure of each; its meaning and order differ from method to method"""
    dimension: int | None
    """how many of them are called symmetries; None where the method must be told how many there are"""


def by_step(spectrum: Tensor) -> int:
    """Where the largest step between consecutive values lies, if it is a factor of STEP = 5 or more, else 0."""
    steps = spectrum.clamp_min(EXACT * spectrum.mean()).log().diff().abs()
    return int(steps.argmax()) + 1 if len(steps) and steps.max() >= math.log(STEP) else 0


def augerino(
    x: Tensor,
    y: Tensor,
    action: Linear,
    *,
    seed: int,
    steps: int = 2000,
    lr: float = 0.02,
    reward: float = 0.01,
    limit: float = 0.8,
) -> Discovery:
    """Augerino: a network trained together with a distribution over transformations of its inputs, which may grow
    (Benton, Finzi, Izmailov, Wilson, NeurIPS 2020).

    The loss is the mean square error of net(exp(A) x) against the standardised y, minus `reward` times the size of the
    distribution. There A = sum_k w_k eps_k G_k, eps uniform in [-1, 1], with one width w_k for each of a few named
    generators. Nobody names any here, so this is a generalisation: A = W eps with a full matrix W (n², n²) that is
    learned, of which the original is the diagonal case. The size is the sum of W's singular values, each counted up
    to `limit` (for diagonal W, of the widths), so that growth stops there; they start at 0.02. `steps` of Adam, BATCH
    points a step with one transformation a point; the learning rates, `lr` for the network and 3e-3 for W, fall to zero
    along half a cosine.

    The network is LieGG's (`polarized`). The directions are W's left singular vectors, and the strength their singular
    values, descending. The dimension is where the largest step between consecutive ones lies, if it is a factor of STEP
    = 5 or more, else 0. exp(A) is taken to order ORDER = 8: a relative error of about |A|⁹/9!, 3e-6 at |A| = 1. Raises
    ValueError for bad input.
    """
    x, y = _checked(x, y, action, steps=steps, lr=lr, reward=reward, limit=limit)
    generator = torch.Generator().manual_seed(seed)
    net = _network(x, y, action, seed)
    K = action.size
    W = (0.02 * torch.linalg.qr(torch.randn(K, K, generator=generator)).Q).requires_grad_()
    groups = [{"params": list(net.parameters()), "lr": lr}, {"params": [W], "lr": 3e-3}]
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for batch in itertools.islice(_minibatches(len(x), generator), steps):
        A = (2 * torch.rand(len(batch), K, generator=generator) - 1) @ W.T
        error = (net(_moved(A, x[batch], action)) - y[batch]).square().mean() / net.scale_out.square()
        size = torch.linalg.svdvals(W).clamp(max=limit).sum()
        optimizer.zero_grad()
        (error - reward * size).backward()
        optimizer.step()
        schedule.step()
    U, S, _ = torch.linalg.svd(W.detach().double())
    return Discovery(action.matrix(U.T), S, by_step(S))


def liegan(
    x: Tensor,
    y: Tensor,
    action: Linear,
    *,
    channels: int,
    seed: int,
    steps: int = 2000,
    lr: float = 0.01,
    sigma: float = 1.0,
    moving: float = 0.1,
) -> Discovery:
    """LieGAN: a generator of transformations against a discriminator that tells (x, y) from (g x, y)
    (Yang, Walters, Dehmamy, Yu, ICML 2023).

    g = exp(sum_c w_c L_c) with `channels` learned matrices L_c and w normal with standard deviation `sigma`; y stays as
    it is, as this asks for invariance. The discriminator is an MLP with two hidden layers of 64 units, trained on the
    binary cross entropy. `moving` times the mean cosine between x and g x joins the generator's loss, against g = 1. In
    the original `sigma` is learned, the discriminator has 512 units, and a second term keeps the channels from becoming
    alike; here the L_c are orthonormal at every step (Q of a QR decomposition), which does so without a weight to tune
    and worked more reliably, but leaves a channel too many no way to fade. `steps` of Adam for
    each, BATCH points a step; the rates, `lr` and half of it for the generator, fall to zero along half a cosine.

    It seeks what leaves the joint distribution of x and y as it is, and so is drawn away from symmetries of f that are
    none of x's distribution. The number of channels must be known before, so the dimension is None. The
    channels have no order: every strength is 1. exp is taken as in `augerino`, here with a relative error of about 1e-3
    in the median for ten channels at `sigma` 1, and more for the few largest A. Raises ValueError for bad input.
    """
    x, y = _checked(x, y, action, steps=steps, lr=lr, sigma=sigma, moving=moving)
    if not isinstance(channels, int) or not 0 < channels <= action.size:
        raise ValueError(f"channels must be a whole number from 1 to {action.size}, not {channels!r}")
    generator = torch.Generator().manual_seed(seed)
    x, y = x / vector_scale(x, action.copies), (y - y.mean()) / y.std()
    discriminator = mlp([x.shape[1] + 1, 64, 64, 1], seed=seed, bias=True)
    P = torch.randn(action.size, channels, generator=generator).requires_grad_()
    players = [
        torch.optim.Adam(parameters, lr=rate, betas=(0.5, 0.99))
        for parameters, rate in ((discriminator.parameters(), lr), ([P], lr / 2))
    ]
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(player, steps) for player in players]
    softplus = nn.functional.softplus
    for batch in itertools.islice(_minibatches(len(x), generator), steps):
        L = torch.linalg.qr(P).Q.T
        w = sigma * torch.randn(len(batch), channels, generator=generator)
        gx = _moved(w @ L, x[batch], action)
        real, fake = (discriminator(torch.cat([points, y[batch]], 1)) for points in (x[batch], gx.detach()))
        players[0].zero_grad()
        (softplus(-real) + softplus(fake)).mean().backward()
        players[0].step()
        fooled = softplus(-discriminator(torch.cat([gx, y[batch]], 1))).mean()
        players[1].zero_grad()
        (fooled + moving * nn.functional.cosine_similarity(x[batch], gx).mean()).backward()
        players[1].step()
        for schedule in schedules:
            schedule.step()
    L = torch.linalg.qr(P.detach().double()).Q.T
    return Discovery(action.matrix(L), torch.ones(channels, dtype=torch.float64), None)


def polarized(x: Tensor, y: Tensor, action: Linear, *, seed: int, networks: int = 3, steps: int = 2000) -> Factors:
    """LieGG on networks trained here, at its O(5) settings (Moskalev et al., NeurIPS 2022; `11_o5_regression`), up to
    the decision.

    networks    1, which learns from all points, or at least 3 (see `find_symmetry`), each with its own start and a
                sample of its own: the points are dealt out, N // networks to each. All are asked at all points

    Two hidden layers of 32 units without biases; `steps` of Adam at 3e-3 with weight decay 1e-4, BATCH = 500 points a
    step (the paper: 1800, less what it holds out), and what it takes to end with a whole epoch. Raises ValueError for
    bad input.
    """
    x, y = _checked(x, y, action, steps=steps)
    if type(networks) is not int or networks < 1 or networks == 2:
        raise ValueError(f"networks must be 1 or at least 3, not {networks!r}")
    seeds, own = range(seed * networks, (seed + 1) * networks), len(x) // networks
    parts = [_checked(x[i * own : (i + 1) * own], y[i * own : (i + 1) * own], action) for i in range(networks)]
    nets = [_network(*part, action, s) for part, s in zip(parts, seeds)]
    points, values = map(torch.stack, zip(*parts))
    fit(nets, points, values, seeds=seeds, steps=steps, batch_size=BATCH, lr=3e-3, weight_decay=1e-4)
    return polarize(nets, x, action)


def neighbours(x: Tensor, y: Tensor, action: Linear, *, k: int | None = None, ridge: float = 1e-4) -> Discovery:
    """LieGG's polarization matrix without a network, from gradients estimated among nearest neighbours
    (in the manner of LieSD's variant with k nearest neighbours: Hu, Li, Lin, Neural Networks 2025; LieSD itself asks a
    trained network, as LieGG does).

    k        how many neighbours, the point itself included, a local fit uses, at least as many as it has
             coefficients. The default is three times as many, or all N if there are fewer
    ridge    penalty on the second-order coefficients, relative to k, once neighbours are scaled to the unit ball

    The gradient at each point is the linear part of a second-order polynomial fitted by least squares to the k nearest
    points: of second order, as the curvature disturbs the slope of first-order fits, which the original has. The
    strength is the symmetry variance, in units of y's variance, ascending. The dimension is where the largest step
    between consecutive ones lies, if it is a factor of STEP or more, else 0. Raises ValueError for bad input.
    """
    x, y = (values.double() for values in _checked(x, y, action))
    N, D = x.shape
    i, j = torch.triu_indices(D, D)
    terms = 1 + D + len(i)
    k = min(3 * terms, N) if k is None else k
    if not isinstance(k, int) or not terms <= k <= N:
        raise ValueError(f"k must be a whole number from {terms} to the {N} points there are, not {k!r}")
    if not 0 <= ridge < math.inf:
        raise ValueError(f"ridge must be zero or more, not {ridge!r}")
    y = (y - y.mean()) / y.std()
    penalty = torch.full((terms,), ridge * k, dtype=torch.float64)
    penalty[: D + 1] = 1e-9 * k  # for points in a subspace
    tree, matrix = cKDTree(x.numpy()), Factor(action.size)
    for points in x.split(CHUNK):
        near = torch.as_tensor(tree.query(points.numpy(), k)[1])
        u = x[near] - points[:, None]
        radius = u.norm(dim=-1).amax(1)[:, None, None].clamp_min(1e-300)
        u = u / radius
        F = torch.cat([torch.ones_like(u[..., :1]), u, u[..., i] * u[..., j]], -1)
        fit = torch.linalg.solve(F.mT @ F + penalty.diag(), F.mT @ y[near])
        matrix.update(action.pair(points, (fit[:, 1 : D + 1] / radius).mT[:, 0])[:, None])
    variances, directions = matrix.variances()
    return Discovery(action.matrix(directions), variances, by_step(variances))


def _checked(x: Tensor, y: Tensor, action: Linear, **settings: float) -> tuple[Tensor, Tensor]:
    """x and y in float32; the settings must be positive."""
    for name, value in settings.items():
        if not 0 < value < math.inf or (name == "steps" and type(value) is not int):
            raise ValueError(f"{name} must be positive{', a whole number' * (name == 'steps')}, not {value!r}")
    if type(action) is not Linear:
        raise ValueError(f"action must be actions.Linear(n, copies), not {action!r}")
    for name, values, width in (("x", x, action.copies * action.n), ("y", y, 1)):
        if not isinstance(values, Tensor) or not values.is_floating_point() or values.ndim != 2:
            raise ValueError(f"{name} must be a floating-point tensor (N, {width})")
        if values.shape[1] != width or len(values) != len(x) or not values.isfinite().all():
            raise ValueError(f"{name} must be (N, {width}) finite numbers, but has shape {tuple(values.shape)}")
    x, y = x.detach().float(), y.detach().float()
    if len(x) < 2 or y.std() == 0 or not vector_scale(x, action.copies).all():
        raise ValueError("y is the same at all points, or a vector of x always 0: they say nothing about symmetries")
    return x, y


def _network(x: Tensor, y: Tensor, action: Linear, seed: int) -> Standardized:
    """LieGG's network for the O(5) task."""
    return regressor([32, 32], x, y, action.copies, seed=seed)


def _minibatches(samples: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Without end: all samples in a random order, again and again."""
    while True:
        yield from torch.randperm(samples, generator=generator).split(BATCH)


def _moved(coefficients: Tensor, x: Tensor, action: Linear) -> Tensor:
    """exp(A) x for one generator (B, K) a sample, by the series up to ORDER."""
    A, start = action.matrix(coefficients), x.reshape(len(x), action.copies, action.n).mT
    moved = start
    for p in range(ORDER, 0, -1):
        moved = start + A @ moved / p
    return moved.mT.reshape(x.shape)
