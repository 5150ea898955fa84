"""Classifiers of 28 x 28 images, (B, 1, 28, 28) to ten logits: several architectures, any number of parameters."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from liegg.training.networks import width as width_for

SIDE, PATCH, LABELS, HEADS = 28, 7, 10, 4
TOKENS = (SIDE // PATCH) ** 2


class Residual(nn.Module):
    """x + branch(x)."""

    def __init__(self, *branch: nn.Module):
        super().__init__()
        self.branch = nn.Sequential(*branch)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.branch(x)


class Patches(nn.Module):
    """Images (B, 1, H, W) as tokens (B, TOKENS, width): a linear map of each patch, and a learned place."""

    def __init__(self, width: int):
        super().__init__()
        self.embed = nn.Linear(PATCH**2, width)
        self.place = nn.Parameter(0.02 * torch.randn(TOKENS, width))

    def forward(self, x: Tensor) -> Tensor:
        patches = x[:, 0].unflatten(2, (-1, PATCH)).unflatten(1, (-1, PATCH)).transpose(2, 3)
        return self.embed(patches.flatten(3).flatten(1, 2)) + self.place


class Attention(nn.Module):
    """Self-attention with HEADS heads between tokens (B, T, width)."""

    def __init__(self, width: int):
        super().__init__()
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            self.mix(x).unflatten(-1, (3, HEADS, -1)).movedim((-3, -2), (0, 2))
        )  # each (B, HEADS, T, width / HEADS)
        weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2))


class Transposed(nn.Module):
    """A module applied along tokens in place of channels."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.mT).mT


class Mean(nn.Module):
    """The mean token, (B, T, width) to (B, width)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(1)


def _mlp(activation: Callable[[], nn.Module]) -> Callable[[int], nn.Module]:
    def build(w: int) -> nn.Module:
        hidden = [part for _ in range(2) for part in (nn.Linear(w, w), activation())]
        return nn.Sequential(nn.Flatten(), nn.Linear(SIDE**2, w), activation(), *hidden, nn.Linear(w, LABELS))

    return build


def _cnn(w: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, w, 5, stride=2, padding=2), nn.SiLU(),
        nn.Conv2d(w, 2 * w, 3, stride=2, padding=1), nn.SiLU(),
        nn.Conv2d(2 * w, 2 * w, 3, stride=2, padding=1), nn.SiLU(),
        nn.Flatten(), nn.Linear(2 * w * 16, LABELS),
    )  # fmt: skip


def _residual(w: int) -> nn.Module:
    conv = lambda: nn.Conv2d(w, w, 3, padding=1)
    blocks = [Residual(nn.GroupNorm(1, w), nn.SiLU(), conv(), nn.SiLU(), conv()) for _ in range(2)]
    stem = nn.Conv2d(1, w, 7, stride=4, padding=3)
    return nn.Sequential(stem, *blocks, nn.SiLU(), nn.Flatten(), nn.Linear(w * 49, LABELS))


def _mixer(w: int) -> nn.Module:
    perceptron = lambda size, hidden: (nn.Linear(size, hidden), nn.SiLU(), nn.Linear(hidden, size))
    blocks = [
        Residual(nn.LayerNorm(w), part)
        for _ in range(2)
        for part in (Transposed(nn.Sequential(*perceptron(TOKENS, w))), nn.Sequential(*perceptron(w, 2 * w)))
    ]
    return nn.Sequential(Patches(w), *blocks, nn.LayerNorm(w), Mean(), nn.Linear(w, LABELS))


def _vit(w: int) -> nn.Module:
    d = HEADS * w
    perceptron = lambda: nn.Sequential(nn.Linear(d, 2 * d), nn.SiLU(), nn.Linear(2 * d, d))
    blocks = [Residual(nn.LayerNorm(d), part) for _ in range(2) for part in (Attention(d), perceptron())]
    return nn.Sequential(Patches(d), *blocks, nn.LayerNorm(d), Mean(), nn.Linear(d, LABELS))


ARCHITECTURES: dict[str, Callable[[int], nn.Module]] = {
    "MLP, Swish": _mlp(nn.SiLU),
    "MLP, ReLU": _mlp(nn.ReLU),
    "MLP, tanh": _mlp(nn.Tanh),
    "CNN": _cnn,
    "residual": _residual,
    "MLP-Mixer": _mixer,
    "ViT": _vit,
}


def build(name: str, parameters: int, *, seed: int) -> nn.Module:
    """A network of the named architecture, of the width that brings it nearest to a number of parameters.

    Weights have torch's default distributions, drawn from `seed`. Raises ValueError for an unknown name.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f'unknown architecture "{name}": there are {", ".join(ARCHITECTURES)}')
    with torch.random.fork_rng(devices=[]):
        width = width_for(ARCHITECTURES[name], parameters)
        torch.manual_seed(seed)
        return ARCHITECTURES[name](width)
