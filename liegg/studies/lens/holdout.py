"""The hold-out: networks of many kinds that learned functions of families, with labels, and their factors."""

import copy
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from liegg.studies.fit import fit
from liegg.studies.lens.families import FAMILIES, PIXELS, Drawn, function_of
from liegg.studies.lens.labelled import polarized
from liegg.training.networks import Standardized, mlp

ACTIVATIONS = {"SiLU": nn.SiLU, "tanh": nn.Tanh, "ReLU": nn.ReLU, "GELU": nn.GELU, "softplus": nn.Softplus}


class Setting(NamedTuple):
    """How the networks of one function are made and taught."""

    networks: int
    samples: int
    noise: float
    """of the labels, in standard deviations of each output; of classes the share that is drawn anew"""
    width: int
    layers: int
    activation: str
    thickness: float
    """of thin entries, in standard deviations of the others"""


class Pupils(NamedTuple):
    """A function, the networks that learned it, and labelled points that none of them saw."""

    setting: Setting
    drawn: Drawn
    networks: list[nn.Module]
    errors: list[float]
    """of each network: mean square error over the variance at the points, without noise; of classes the share of points
    in another class than the function's"""
    points: Tensor
    """(N, ...) in float32"""
    labels: Tensor
    """(labelled, m), or (labelled,) whole numbers, of the first points"""


def seeds_of(family: str, functions: int, *, seed: int) -> list[int]:
    """The seeds of so many functions of a family; of other families and other seeds they are others."""
    first = 1_000_000 * seed + 10_000 * (1 + list(FAMILIES).index(family))
    return list(range(first, first + functions))


def setting_of(*, seed: int) -> Setting:
    """The setting that a seed draws."""
    g = torch.Generator().manual_seed(seed)

    def choice(of: Sequence):
        return of[int(torch.randint(len(of), (), generator=g))]

    return Setting(
        networks=choice(range(3, 9)),
        samples=choice((4000, 8000)),
        noise=choice((0.0, 0.0, 0.1, 0.3, 0.5)),
        width=choice((32, 64, 128)),
        layers=choice((1, 2, 3)),
        activation=choice(list(ACTIVATIONS)),
        thickness=choice((1e-3, 1e-2, 1e-1)),
    )


def taught(
    family: str,
    *,
    seed: int,
    steps: int,
    batch_size: int,
    lr: float,
    points: int,
    labelled: int,
    networks: int | None = None,
) -> Pupils:
    """Networks that learned the function of a family that the seed draws, at the setting that it draws.

    steps       of Adam, batch_size points each; the learning rate falls from lr to zero
    points      fresh ones, at which symmetries are looked for; the first `labelled` of them come with labels
    networks    how many; None for as many as the setting says
    """
    setting, of = setting_of(seed=seed), FAMILIES[family]
    if networks:
        setting = setting._replace(networks=networks)
    drawn = function_of(family, seed=seed, thickness=setting.thickness)
    xs, ys, nets, seeds = [], [], [], []
    for a in range(setting.networks):
        own = seed + 1000 * (a + 1)
        x = drawn.points(setting.samples, seed=own)
        y = noisy(drawn.function(x), setting.noise, classes=of.kind == "classes", seed=own)
        xs.append(x.float()), ys.append(y), seeds.append(own)
        nets.append(_network(setting, xs[-1], y, classes=3 if of.kind == "classes" else None, seed=own))
    inner = [net[0].net if of.kind == "classes" else net.net for net in nets]
    scale = torch.stack([x.std() for x in xs]).reshape(-1, *[1] * xs[0].ndim)
    ys = torch.stack(ys if of.kind == "classes" else [(y.float() - y.mean(0)) / y.std() for y in ys])
    fit(
        inner, torch.stack(xs) / scale, ys if of.kind == "classes" else ys.float(),
        seeds=seeds, steps=steps, batch_size=batch_size, lr=lr, anneal=True,
    )  # fmt: skip
    x = drawn.points(points, seed=seed + 500)
    truth = drawn.function(x)
    labels = noisy(truth[:labelled], setting.noise, classes=of.kind == "classes", seed=seed + 501)
    errors = [_error(net, x, truth, classes=of.kind == "classes") for net in nets]
    return Pupils(setting, drawn, nets, errors, x.float(), labels)


def survey(case: dict, **settings) -> dict:
    """What is measured of the networks that learned one function: of case family and seed; settings as in `taught`.

    setting           see `Setting`
    errors            of each network
    together, paid    see `labelled.polarized`
    """
    got = taught(case["family"], seed=case["seed"], **settings)
    seen = polarized(got.networks, got.points, got.labels, got.drawn.action, got.drawn.output_action)
    return {"setting": got.setting._asdict(), "errors": got.errors, **seen}


def noisy(y: Tensor, noise: float, *, classes: bool, seed: int) -> Tensor:
    """Labels of values y (N, m): with normal noise, or the largest's number (N,), a share of which is drawn anew."""
    g = torch.Generator().manual_seed(seed)
    if not classes:
        return y + noise * y.std(0) * torch.randn(y.shape, generator=g, dtype=torch.float64)
    other = torch.randint(y.shape[1], (len(y),), generator=g)
    return torch.where(torch.rand(len(y), generator=g) < noise, other, y.argmax(1))


def _network(setting: Setting, x: Tensor, y: Tensor, *, classes: int | None, seed: int) -> nn.Module:
    """A network for samples like x; of values with their mean and spread, of classes with the logarithms of their
    probabilities."""
    outputs = classes or y.shape[1]
    if x.ndim == 4:
        net = _convolutions(setting, outputs, seed=seed)
    else:
        net = mlp([x[0].numel(), *[setting.width] * setting.layers, outputs], seed=seed, bias=True)
    net = nn.Sequential(*(ACTIVATIONS[setting.activation]() if isinstance(m, nn.SiLU) else m for m in net))
    none, scale = torch.zeros(1), x.std()
    if classes:
        return nn.Sequential(Standardized(net, none, scale, none, none + 1), nn.LogSoftmax(-1))
    return Standardized(net, none, scale, y.mean(0).float(), y.std().float())


def _convolutions(setting: Setting, outputs: int, *, seed: int) -> nn.Sequential:
    """Two convolutions with strides of two, and an MLP of the setting's width."""
    channels = setting.width // 8
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        first, second = nn.Conv2d(1, channels, 5, 2, 2), nn.Conv2d(channels, 2 * channels, 3, 2, 1)
    head = mlp([2 * channels * (PIXELS // 4) ** 2, setting.width, outputs], seed=seed, bias=True)
    return nn.Sequential(first, nn.SiLU(), second, nn.SiLU(), *copy.deepcopy(head))


@torch.no_grad()
def _error(net: nn.Module, x: Tensor, truth: Tensor, *, classes: bool) -> float:
    y = net(x.float()).double()
    if classes:
        return (y.argmax(1) != truth.argmax(1)).double().mean().item()
    return ((y - truth).square().mean() / truth.var(0).mean()).item()
