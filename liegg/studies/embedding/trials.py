"""One world model trained, evaluated on all actions, and looked at: the step that pages 41 and 42 share."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from liegg.studies.embedding.decoder import fit_decoder
from liegg.studies.embedding.learning import Settings, train
from liegg.studies.embedding.metrics import evaluate
from liegg.studies.embedding.models import WorldModel, parameters
from liegg.studies.embedding.worlds import World

SHOWN = (0, 1, 5, 10)
"""steps after which a picture is kept"""


def trial(
    world: World,
    kind: str,
    which: str,
    settings: Settings,
    *,
    channels: int,
    width: int,
    seed: int,
    episodes: int,
    horizons: Sequence[int],
    checkpoint: Path | None = None,
    device: str | None = None,
) -> tuple[WorldModel, dict]:
    """A model of `kind`, trained with the actions `which` and evaluated with all: the model, on the CPU, and what
    `learning.train` says of it, its number of parameters, and metrics (see `metrics.evaluate`), {} after a collapse,
    when ranks would mean nothing."""
    model = WorldModel(world, kind, channels=channels, width=width, seed=seed)
    found = train(model, world, which, settings, seed=seed, checkpoint=checkpoint, device=device)
    metrics = {}
    if found["collapsed"] is None:
        metrics = evaluate(model, world, "all", episodes=episodes, horizons=horizons, seed=seed + 1_000_000)
    return model.cpu(), found | {"parameters": parameters(model), "metrics": metrics}


@torch.no_grad()
def first_object(model: WorldModel, world: World, *, seed: int, n: int = 400) -> dict[str, Tensor]:
    """Where the first object stands in n random states, place (n, 2), and two numbers of its latent, (n, 2): of a
    fibre those that turn as the plane does, z(e) - z(g²) and z(g) - z(g³), of the channel where they vary most."""
    state = world.draw_states(n, generator=torch.Generator().manual_seed(seed))
    z = model(world.render(state))[:, 0]
    if model.equivariant:
        turning = z[:, :2] - z[:, 2:]
        z = turning[..., turning.var(0).sum(0).argmax()]
    return {"place": state[:, 0, :2], "latent": z}


@torch.no_grad()
def imagined(model: WorldModel, world: World, *, seed: int, n: int = 3000, epochs: int = 12) -> dict[str, Tensor]:
    """What a decoder makes of latents, (4, 3, H, H) each.

    true, predicted     SHOWN steps of all actions after one start, and of its latent
    moved, turned       the start, turned by 0 to 3 quarters, and its latent so turned (for models with a group)
    """
    generator = torch.Generator().manual_seed(seed)
    states = world.draw_states(n, generator=generator)
    z = torch.cat([model(world.render(some)) for some in states.split(500)])
    with torch.enable_grad():
        decode = fit_decoder(z, world.render, states, epochs=epochs, seed=seed)
    state = world.draw_states(1, generator=generator)
    ẑ = first = model(world.render(state))
    true, predicted = [state], [ẑ]
    for _ in range(SHOWN[-1]):
        action = _moving(world, state, generator)
        state, ẑ = world.step(state, action), model.predict(ẑ, action)
        true.append(state), predicted.append(ẑ)
    at = lambda steps: torch.cat([steps[p] for p in SHOWN])
    found = {"true": world.render(at(true)), "predicted": decode(at(predicted))}
    if model.equivariant:
        found["moved"] = torch.cat([world.render(world.turn(g, true[0])) for g in range(4)])
        found["turned"] = torch.cat([decode(world.group.shift(g, first)) for g in range(4)])
    return {name: (255 * pictures).round().byte() for name, pictures in found.items()}


def _moving(world: World, state: Tensor, generator: torch.Generator) -> Tensor:
    """A random action that moves something."""
    actions = torch.randperm(4 * world.objects, generator=generator)
    after = world.step(state.expand(len(actions), *state.shape[1:]), actions)
    changed = (after != state).flatten(1).any(1)
    return actions[changed][:1]
