"""Latent spaces in which no group was put, and what is measured of the transitions there: the step behind page 44."""

from pathlib import Path

import torch
from torch import Tensor

from liegg.studies.embedding import generators
from liegg.studies.embedding.learning import Settings, train
from liegg.studies.embedding.pose import pose_model
from liegg.studies.embedding.pose_trials import evaluate
from liegg.studies.embedding.rotations import AXES, axis_angle
from liegg.studies.embedding.teapot import Teapot, Turntable

SEEN = 400
"""states that a transition is looked at in"""
TRUE = "true poses"
SMALL = 0.6
"""radians: the largest angle of a third of the actions that a transition is fitted to, so that it has a derivative"""


def turntable_trial(
    world: Turntable,
    kind: str,
    settings: Settings,
    *,
    width: int,
    convolutions: int,
    seed: int,
    checkpoint: Path | None = None,
    device: str | None = None,
) -> dict:
    """A model of `pose.KINDS["SO(2)"]` trained with all angles: what `learning.train` says of it; angle (SEEN,) of
    states and their latent (SEEN, 2); values, A, B and factors of its transition (see `generators.polarization`); and L
    (2, 2), which small actions apply, with its residual."""
    model = pose_model(kind, group="SO(2)", size=world.size, width=width, convolutions=convolutions, seed=seed)
    found = train(model, world, "all", settings, seed=seed, checkpoint=checkpoint, device=device)
    model.cpu()
    generator = torch.Generator().manual_seed(seed + 1_000_000)
    angle = world.draw_states(SEEN, generator=generator)
    action = world.draw_actions(SEEN, "all", generator=generator)
    with torch.no_grad():
        z = model(world.render(angle))
    along = generators.tangents(model, world, angle)
    seen = generators.polarization(model.predict, z, action, along)._asdict()
    (L,), (residual,) = generators.angle_generator(model.predict, z)
    return found | {"angle": angle, "latent": z} | seen | {"L": L, "residual": residual.item()}


def pose_generators(
    world: Teapot,
    kind: str,
    settings: Settings,
    *,
    width: int,
    convolutions: int,
    samples: int,
    fit_epochs: int,
    seed: int,
    checkpoint: Path | None = None,
    device: str | None = None,
) -> dict:
    """Latents of a model of `pose.KINDS["SO(3)"]`, trained with arbitrary rotations, or TRUE ones; and a dense
    transition fitted to `samples` of them when they no longer change, which knows nothing of rotations: L (3, 9, 9) and
    residuals (3,) of `generators.transition_generators`, error, the fit's mean square over that of z' - z; and of a
    model that did not collapse its metrics (see `pose_trials.evaluate`)."""
    found: dict = {"collapsed": None, "metrics": {}}
    embed = torch.nn.Identity()
    if kind != TRUE:
        model = pose_model(kind, group="SO(3)", size=world.size, width=width, convolutions=convolutions, seed=seed)
        found |= train(model, world, "arbitrary", settings, seed=seed, checkpoint=checkpoint, device=device)
        model.cpu()
        if found["collapsed"] is None:
            ask = {"episodes": SEEN, "horizons": (1,), "seed": seed + 1_000_000}
            found["metrics"] = evaluate(model, world, "arbitrary", **ask)
        embed = lambda poses: torch.cat([model(world.render(some)) for some in poses.split(500)])
    generator = torch.Generator().manual_seed(seed + 2_000_000)
    poses = world.draw_states(samples, generator=generator)
    action = _actions(world, samples, generator)
    with torch.no_grad():
        z, z_next = embed(poses), embed(world.step(poses, action))
    fitted = generators.fit_transition(z, action, z_next, epochs=fit_epochs, seed=seed)
    L, residuals = generators.transition_generators(fitted, z[: 4 * SEEN], AXES)
    with torch.no_grad():
        error = (fitted(z, action) - z_next).square().mean() / (z_next - z).square().mean()
    return found | {"L": L, "residuals": residuals, "error": error.item()}


def _actions(world: Teapot, n: int, generator: torch.Generator) -> Tensor:
    """Arbitrary rotations but for a third, which are by up to SMALL about any axis."""
    action, few = world.draw_actions(n, "arbitrary", generator=generator), n // 3
    axis, angle = torch.randn(few, 3, generator=generator), SMALL * torch.rand(few, generator=generator)
    action[:few] = axis_angle(axis, angle)
    return action
