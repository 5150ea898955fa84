"""Labelling the maxima of sines: does a free first layer become equivariant because the layers behind it are?

The smallest symmetric embedding (the poster's "sequence labelling"): a fully connected layer, then 1-D convolutions,
against fully connected layers only. The window [-2π, 2π) holds whole periods of all sines here, so that a shift that
goes round the window changes the phase alone, and an equivariant first layer is a circulant matrix.

Sines of k frequencies span 2k of the P dimensions. Data and loss see the first layer W there and nowhere else, so that
W is measured whole and times the projection on the span.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from liegg.actions import Linear, VectorFields
from liegg.symmetry.factors import Factors
from liegg.symmetry.stream import polarize

KINDS = ("FC + convolutions", "FC only")
PADDINGS = ("circular", "zeros")


def span(points: int, frequencies: Sequence[float] = (1.0,)) -> Tensor:
    """(points, 2k) orthonormal columns in float64: cos wt and sin wt in the window for each of k frequencies w.

    Raises ValueError for frequencies that are not multiples of 1/2, which do not fit the window, and for those that
    have fewer than eight points a period.
    """
    for w in frequencies:
        if w <= 0 or 2 * w % 1 or 16 * w > points:
            raise ValueError(f"frequencies must be multiples of 1/2 up to points/16 = {points / 16:g}, not {w}")
    t = _window(points)
    return torch.stack([wave(w * t) for w in frequencies for wave in (torch.cos, torch.sin)], 1) * (2 / points) ** 0.5


def _window(points: int) -> Tensor:
    return 4 * math.pi * (torch.arange(points, dtype=torch.float64) / points - 0.5)


def sines(
    n: int, points: int, *, frequencies: Sequence[float] = (1.0,), generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """n sequences sin(wt + phase), (n, points) in float32, at points t of [-2π, 2π), phases and w drawn at random; and
    labels (n, points), 1 at the maxima, else 0 (poster, "sequence labelling"). Raises ValueError as `span` does."""
    span(points, frequencies)
    phase = 2 * math.pi * torch.rand(n, 1, generator=generator, dtype=torch.float64)
    w = torch.tensor(frequencies, dtype=torch.float64)[torch.randint(len(frequencies), (n, 1), generator=generator)]
    x = torch.sin(w * _window(points) + phase).float()
    return x, ((x > x.roll(1, 1)) & (x >= x.roll(-1, 1))).float()


class Labeller(nn.Module):
    """Logits (n, points) of sequences (n, points): `first`, linear without bias or ReLU, then `rest`."""

    def __init__(self, first: nn.Linear, rest: nn.Module):
        super().__init__()
        self.first, self.rest = first, rest

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.first(x))


def labeller(
    kind: str,
    points: int,
    *,
    channels: int = 16,
    size: int = 15,
    hidden: int = 20,
    padding: str = "circular",
    scale: float = 1.0,
    seed: int,
) -> Labeller:
    """An untrained network of one of KINDS: a matrix W, then two convolutions, or two more fully connected layers.

    channels  between the convolutions, whose filters are `size` points wide
    hidden    units between the fully connected layers; with 20 they have about eight times as many parameters as
              the convolutions
    padding   of the convolutions, one of PADDINGS
    scale     of the initial W over PyTorch's, which is uniform up to 1/sqrt(points); the poster gives none

    Raises ValueError for another kind or padding, and for filters of an even number of points.
    """
    if kind not in KINDS:
        raise ValueError(f'unknown kind "{kind}": there are {", ".join(KINDS)}')
    if padding not in PADDINGS:
        raise ValueError(f'unknown padding "{padding}": there are {", ".join(PADDINGS)}')
    if size % 2 == 0:
        raise ValueError(f"size must be odd, so that a filter has a middle, not {size}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        first = nn.Linear(points, points, bias=False)
        with torch.no_grad():
            first.weight *= scale
        if kind == "FC only":
            rest = [nn.ReLU(), nn.Linear(points, hidden), nn.ReLU(), nn.Linear(hidden, points)]
        else:
            around = {"padding": size // 2, "padding_mode": padding}
            convolutions = nn.Conv1d(1, channels, size, **around), nn.ReLU(), nn.Conv1d(channels, 1, size, **around)
            rest = [nn.Unflatten(1, (1, points)), *convolutions, nn.Flatten()]
        return Labeller(first, nn.Sequential(*rest))


def train(
    net: Labeller,
    *,
    frequencies: Sequence[float] = (1.0,),
    steps: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float = 0.0,
    generator: torch.Generator,
) -> Tensor:
    """Train in place with Adam on the binary cross entropy, new sines in every step: losses (steps,) in nats a point.

    Maxima are few: they weigh as much as all other points together. `weight_decay` times W is added to the gradient of
    the first layer.
    """
    points = net.first.in_features
    maxima = 2 * sum(frequencies) / len(frequencies)
    weight = torch.tensor((points - maxima) / maxima)
    first = {"params": net.first.parameters(), "weight_decay": weight_decay}
    optimiser = torch.optim.Adam([first, {"params": net.rest.parameters()}], lr=learning_rate)
    losses = torch.empty(steps)
    for step in range(steps):
        x, labels = sines(batch_size, points, frequencies=frequencies, generator=generator)
        loss = binary_cross_entropy_with_logits(net(x), labels, pos_weight=weight)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses[step] = loss.detach()
    return losses


@torch.no_grad()
def found_maxima(net: Labeller, x: Tensor, labels: Tensor) -> float:
    """The share of the maxima in sequences x (n, points) that are among a sequence's largest logits, of which as many
    count as it has maxima."""
    place = net(x).argsort(1, descending=True).argsort(1)
    found = (place < labels.sum(1, keepdim=True)) & (labels > 0)
    return (found.sum() / labels.sum()).item()


def nearest_toeplitz(W: Tensor) -> Tensor:
    """The Toeplitz matrix nearest to a square W in the Frobenius norm: means along diagonals."""
    P = len(W)
    return _means(W, lambda i, j: i - j + P - 1)


def nearest_circulant(W: Tensor) -> Tensor:
    """The circulant matrix nearest to a square W: means along diagonals that go round the window."""
    P = len(W)
    return _means(W, lambda i, j: (i - j) % P)


def _means(W: Tensor, diagonal) -> Tensor:
    number = torch.arange(len(W), device=W.device)
    diagonals = diagonal(number[:, None], number).flatten()
    sums = torch.zeros(int(diagonals.max()) + 1, dtype=W.dtype, device=W.device).index_add(0, diagonals, W.flatten())
    return (sums / diagonals.bincount())[diagonals].reshape(W.shape)


def toeplitz_distance(W: Tensor) -> float:
    """|W - T|/|W| for the nearest Toeplitz matrix T: 0 where W is one, and `chance(P)` for random entries.

    nan for W = 0.
    """
    return ((W - nearest_toeplitz(W)).norm() / W.norm()).item()


def circulant_distance(W: Tensor) -> float:
    """|W - C|/|W| for the nearest circulant matrix C."""
    return ((W - nearest_circulant(W)).norm() / W.norm()).item()


def chance(points: int) -> float:
    """The root mean square `toeplitz_distance` of random entries, and of such a matrix times the projection on sines:
    2P - 1 of P² dimensions are Toeplitz."""
    return math.sqrt(1 - (2 * points - 1) / points**2)


def distances(W: Tensor, initial: Tensor, basis: Tensor) -> dict[str, float]:
    """`toeplitz_distance` of a first layer W (P, P): whole, of its change since `initial`, of both on the span of the
    data, an orthonormal `basis` (P, 2k), as W times the projection; and of the initial W there. And in_span, the share
    of the squared change that lies in the span."""
    W, initial, project = W.double(), initial.double(), basis @ basis.T
    change = W - initial
    return {
        "whole": toeplitz_distance(W),
        "change": toeplitz_distance(change),
        "span": toeplitz_distance(W @ project),
        "circulant": circulant_distance(W @ project),
        "before": toeplitz_distance(initial @ project),
        "in_span": ((change @ project).square().sum() / change.square().sum()).item(),
    }


def waves(W: Tensor, basis: Tensor) -> Tensor:
    """What each output of W does with sines of one frequency, a complex amplitude (P,): for the input cos(t + s) output
    i is the real part of amplitude_i exp(i(t_i + s)). All are equal where W is equivariant on the span.

    Raises ValueError for a basis of more frequencies than one.
    """
    if basis.shape[1] != 2:
        raise ValueError(f"waves are of one frequency, with a basis (P, 2), not {tuple(basis.shape)}")
    cosine, sine = basis.T
    of_cosine, of_sine = (W.double() @ basis).T
    return torch.complex(of_cosine, of_sine) / torch.complex(cosine, sine)


def motions(basis: Tensor) -> tuple[Linear, VectorFields]:
    """Of the coordinates (B, 2k) of the data in `basis` (P, 2k) all linear maps, of outputs (B, P) the shift d/dt, per
    radian.

    The derivative is spectral, of waves up to the highest frequency in the data; faster ones count as still, as a
    derivative would blow up the errors of single points.
    """
    points = len(basis)
    frequency = torch.fft.rfftfreq(points, 2 / points).double()  # per 2π, of a window of 4π
    highest = frequency[torch.fft.rfft(basis, dim=0).abs().amax(1) > 1e-6].max()
    turn = 1j * frequency * (frequency <= highest)
    derivative = lambda y: torch.fft.irfft(torch.fft.rfft(y) * turn.to(y.device), n=points)
    return Linear(basis.shape[1]), VectorFields([derivative], basis.T)


def lens(W: Tensor, basis: Tensor, x: Tensor) -> Factors:
    """Polarization factors of the first layer on sequences x (n, P), as a function of their coordinates in `basis`, for
    `decide` with `motions(basis)`: which linear maps A of the coordinates turn into a shift, W A x = b d/dt W x.

    Of the input it is told the span alone, of the output that it can shift; a wrong A has no b.
    """
    matrix = W.detach().double() @ basis
    action, shifts = motions(basis)
    return polarize(lambda coordinates: coordinates @ matrix.T, x.double() @ basis, action, shifts)
