"""How world models are trained: the contrastive loss of the released code, on transitions drawn at random.

The paper's text has |T(z, a) - z'| + α max(β - |T(z, a) - z''|, 0). What was run, and is run here, has squares, z in
place of T(z, a) in the second term, and for z'' the batch's own states in another order (energy and hinge of C-SWM).
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from liegg import progress
from liegg.devices import resolve
from liegg.studies import checkpoints

SIGMA, HINGE = 0.5, 1.0
WINDOW = 50
"""steps that a look at the loss takes the mean of"""
FLAT = 0.02
"""a loss this close to the hinge with a spread of latents, as energy, below it has no contrast"""
PATIENCE = 30
"""windows in a row without contrast after which training stops"""


@dataclass(frozen=True)
class Settings:
    """The settings of one training with Adam, whose rate rises to `learning_rate` and falls to nothing, and whose
    first momentum falls and rises (one cycle, with the defaults of torch)."""

    transitions: int
    epochs: int
    batch_size: int = 128
    learning_rate: float = 1e-3


def energy(x: Tensor, y: Tensor, objects: int) -> Tensor:
    """(B,) |x - y|²/(2 σ²) of latents (B, ...), the mean over objects."""
    return (x - y).square().flatten(1).sum(1) / (2 * SIGMA**2 * objects)


def train(
    model: nn.Module,
    world,
    which: str,
    settings: Settings,
    *,
    seed: int,
    checkpoint: Path | None = None,
    device: str | None = None,
) -> dict:
    """Train a model, in place, on transitions with actions of the set `which` of world.ACTIONS.

    seed        of the transitions, their order and the negatives. Only states are stored: pictures are drawn for each
                batch, on the device
    checkpoint  a file that keeps a stopped training; it goes on from there, to the same result

    Returns history (windows, 3): the last step of a window, its mean loss, and the spread of latents, as their mean
    energy from each other; and collapsed: the step at which the last stretch without contrast began if training ended
    in one, all states at one place and the loss at the hinge, else None. Training stops PATIENCE windows after it.
    Raises ValueError for a set of actions that the world does not have, and for a checkpoint of another training.
    """
    where = resolve(device or "cpu")
    model.to(where).train()
    state, action, after = (part.to(where) for part in _transitions(world, which, settings.transitions, seed))
    order = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), settings.learning_rate)
    steps = settings.epochs * -(-settings.transitions // settings.batch_size)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=max(steps, 1))
    parts = {"model": model, "optimizer": optimizer, "cycle": cycle, "order": order}
    what = {"world": type(world).__name__, "actions": which, "seed": seed, **asdict(settings)}
    place = checkpoints.resume(checkpoint, what, parts) or {"epoch": 0, "history": [], "recent": []}
    history, recent = place["history"], place["recent"]
    for epoch in range(place["epoch"] + 1, settings.epochs + 1):
        for some in torch.randperm(len(state), generator=order).to(where).split(settings.batch_size):
            z, z_next = model(world.render(torch.cat([state[some], after[some]]))).chunk(2)
            z_other = z[torch.randperm(len(z), generator=order).to(where)]
            spread = energy(z, z_other, world.objects)
            loss = energy(model.predict(z, action[some]), z_next, world.objects).mean() + (HINGE - spread).relu().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
            recent.append((loss.item(), spread.mean().item()))
            if len(recent) == WINDOW:
                history.append([WINDOW * (len(history) + 1.0), *(sum(part) / WINDOW for part in zip(*recent))])
                recent.clear()
        progress.show(f"epoch {epoch} of {settings.epochs}")
        if _flat(history) >= PATIENCE:
            break
        checkpoints.keep(checkpoint, what, parts, epoch=epoch, history=history, recent=recent)
    model.eval()
    flat = _flat(history)
    collapsed = int(history[-flat][0]) - WINDOW if flat else None
    return {"history": torch.tensor(history).reshape(-1, 3), "collapsed": collapsed}


def _transitions(world, which: str, n: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    state = world.draw_states(n, generator=generator)
    action = world.draw_actions(n, which, generator=generator)
    return state, action, world.step(state, action)


def _flat(history: list[list[float]]) -> int:
    """How many windows at the end have no contrast."""
    count = 0
    for _, loss, spread in reversed(history):
        if loss < HINGE - FLAT or spread > FLAT:
            break
        count += 1
    return count
