"""How weights and priors are learned in turn (section 4 and appendix; the schedule of the released code).

Stochastic gradient descent with momentum on the mean cross entropy, its rate falling along a cosine from step to step;
the prior shrinks every tensor by 1 + η δ/N after a step, with η = rate / (1 - momentum), which is stable at any
precision δ, where the paper's weight decay is not. Every few epochs after a burn-in the priors follow the evidence.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from liegg import progress
from liegg.devices import resolve
from liegg.studies.layerwise import curvature
from liegg.studies.layerwise.curvature import Diverged
from liegg.studies.layerwise.evidence import Evidence, Priors
from liegg.studies.layerwise.networks import Network

MOMENTUM = 0.9
LAST_RATE = 1e-6

Data = tuple[Tensor, Tensor, Tensor, Tensor]
Augmentation = Callable[[Tensor, torch.Generator], Tensor]
METHODS = ("MAP", "Laplace")
"""priors fixed at 1, or learned"""


@dataclass(frozen=True)
class Schedule:
    """The settings of one training; defaults are the paper's."""

    epochs: int
    batch_size: int = 128
    learning_rate: float = 0.01
    burn_in: int = 10
    """epochs before the first update of the priors"""
    every: int = 5
    """epochs from one update to the next"""
    rule: str = "adam"
    """how priors are updated, of `evidence.UPDATES`"""
    rate: float = 0.1
    """of the update, in log δ; with `steps` steps"""
    steps: int = 20
    samples: int = 0
    """classes drawn for the curvature of an update; 0 for the exact GGN. What is reported always has the exact one"""


def train(
    net: Network,
    data: Data,
    schedule: Schedule,
    *,
    method: str,
    seed: int,
    augment: Augmentation | None = None,
    checkpoint: Path | None = None,
    device: str | None = None,
) -> dict:
    """Train a network, in place, and say what became of it.

    data        images and labels for training, then for testing
    method      "MAP": all precisions stay 1. "Laplace": they follow the evidence
    seed        of the order of the images and of what is drawn for the curvature
    augment     what is done to a batch of training images; the curvature sees them as they are
    checkpoint  a file that keeps a stopped training; it goes on from there, to the same result

    Returns accuracy (%) and nll (nats) on the test images, log_evidence (nats a training image, with the exact GGN),
    and by tensor precision, effective (γ) and size (P); and history: after every update the epoch and the log10 of the
    prior variances, (updates, 1 + tensors). Raises Diverged, and ValueError for other methods and for a checkpoint of
    another training. The formula of the evidence holds at weights where the posterior is stationary; it is evaluated
    where training ended.
    """
    where = resolve(device or "cpu")
    priors, history = descend(
        net, data, schedule, method=method, seed=seed, augment=augment, checkpoint=checkpoint, device=device
    )
    x, y = (part.to(where) for part in data[:2])
    evidence = Evidence.of(curvature.fit(net, x, y), priors.precisions)
    return {
        **tested(net, *data[2:]),
        "log_evidence": evidence.log_evidence,
        "precision": priors.precisions,
        "effective": evidence.effective,
        "size": {name: p.numel() for name, p in net.named_parameters()},
        "history": torch.tensor(history),
    }


def descend(
    net: nn.Module,
    data: Data,
    schedule: Schedule,
    *,
    method: str,
    seed: int,
    augment: Augmentation | None = None,
    checkpoint: Path | None = None,
    device: str | None = None,
) -> tuple[Priors, list[list[float]]]:
    """The training itself, see `train`: the priors that it ends with, and their history. With "MAP" any network of
    images will do."""
    if method not in METHODS:
        raise ValueError(f'unknown method "{method}": there are {", ".join(METHODS)}')
    where = resolve(device or "cpu")
    net.to(where)
    x, y = (part.to(where) for part in data[:2])
    weights = dict(net.named_parameters())
    priors = Priors(list(weights), rule=schedule.rule, rate=schedule.rate, steps=schedule.steps)
    optimizer = torch.optim.SGD(weights.values(), lr=schedule.learning_rate, momentum=MOMENTUM)
    steps = schedule.epochs * -(-len(x) // schedule.batch_size)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1), eta_min=LAST_RATE)
    order, draws = torch.Generator().manual_seed(seed), torch.Generator(where).manual_seed(seed)
    parts = {"net": net, "priors": priors, "optimizer": optimizer, "cosine": cosine}
    what = {"method": method, "seed": seed, "images": len(x), **asdict(schedule), "tensors": list(weights)}
    first, history = _resumed(checkpoint, what, parts, order, draws)
    for epoch in range(first, schedule.epochs + 1):
        losses = []
        for some in torch.randperm(len(x), generator=order).to(where).split(schedule.batch_size):
            seen = augment(x[some], order) if augment else x[some]
            loss = cross_entropy(net(seen), y[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            _shrink(weights, priors.precisions, optimizer.param_groups[0]["lr"] / (1 - MOMENTUM) / len(x))
            cosine.step()
            losses.append(loss.detach())
        _require_finite(epoch, torch.stack(losses), weights, priors.precisions)
        if method == "Laplace" and epoch >= schedule.burn_in and epoch % schedule.every == 0:
            priors.update(curvature.fit(net, x, y, samples=schedule.samples, generator=draws))
            history.append([float(epoch), *(-priors.log / math.log(10)).tolist()])
        progress.show(f"{method}, epoch {epoch} of {schedule.epochs}")
        if checkpoint and epoch % schedule.every == 0:
            _keep(checkpoint, what, parts, order, draws, epoch, history)
    return priors, history


@torch.no_grad()
def tested(net: nn.Module, x: Tensor, y: Tensor) -> dict[str, float]:
    """Accuracy (%) and nll (nats an image) on test images."""
    where = next(net.parameters()).device
    logits = torch.cat([net(some.to(where)) for some in x.split(500)]).cpu()
    accuracy = 100 * (logits.argmax(1) == y).double().mean().item()
    return {"accuracy": accuracy, "nll": cross_entropy(logits, y).item()}


@torch.no_grad()
def _shrink(weights: dict[str, Tensor], precisions: dict[str, float], step: float) -> None:
    """A step along the log prior, implicit: θ / (1 + η δ/N)."""
    for name, weight in weights.items():
        weight.div_(1 + step * precisions[name])


def _require_finite(epoch: int, losses: Tensor, weights: dict[str, Tensor], precisions: dict[str, float]) -> None:
    if losses.isfinite().all():
        return
    sizes = {name: weight.detach().abs().max().item() for name, weight in weights.items()}
    worst = next((name for name, size in sizes.items() if not size < float("inf")), max(sizes, key=sizes.get))
    raise Diverged(
        f"training diverged in epoch {epoch}: the loss is not finite; the largest weights are those of {worst} "
        f"({sizes[worst]:.3g}, prior precision {precisions[worst]:.3g}); give a smaller learning_rate"
    )


def _keep(
    path: Path, what: dict, parts: dict, order: torch.Generator, draws: torch.Generator, epoch: int, history: list
) -> None:
    """Write a checkpoint whole or not at all."""
    state = {name: part.state_dict() for name, part in parts.items()}
    state |= {"what": what, "order": order.get_state(), "draws": draws.get_state(), "epoch": epoch, "history": history}
    part = path.with_name(path.name + ".part")
    torch.save(state, part)
    part.replace(path)


def _resumed(
    path: Path | None, what: dict, parts: dict, order: torch.Generator, draws: torch.Generator
) -> tuple[int, list]:
    """The first epoch that is left to do, and the history before it. Raises ValueError for a checkpoint of another
    training."""
    if path is None or not path.is_file():
        return 1, []
    state = torch.load(path, weights_only=True, map_location="cpu")
    if other := [name for name in what if state["what"].get(name) != what[name]]:
        raise ValueError(f"{path} is the checkpoint of a training with another {other[0]}: give a file of its own")
    for name, part in parts.items():
        part.load_state_dict(state[name])
    order.set_state(state["order"])
    draws.set_state(state["draws"])
    return state["epoch"] + 1, state["history"]
