"""How good a world model is, by its latents alone (section 5.2, as the released code computes it).

For N episodes let z (N, ...) be the latents of the true states and ẑ those that the transition predicts from the first
state. Ranks compare z_i with all ẑ_j; equal distances count in favour of i.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

ROWS = 500


def ranks(predicted: Tensor, true: Tensor) -> Tensor:
    """(N,) 1 + the number of j with |z_i - ẑ_j| < |z_i - ẑ_i|. Raises ValueError for an empty set of episodes, and for
    predicted and true latents of different shapes."""
    if not len(true):
        raise ValueError("there is no episode to evaluate on: give at least one")
    if predicted.shape != true.shape:
        raise ValueError(
            f"predicted latents {tuple(predicted.shape)} and true ones {tuple(true.shape)} differ in shape"
        )
    z, ẑ = true.flatten(1), predicted.flatten(1)
    found = []
    for place in torch.arange(len(z), device=z.device).split(ROWS):
        distance = torch.cdist(z[place], ẑ, compute_mode="donot_use_mm_for_euclid_dist")
        own = distance.gather(1, place[:, None])
        found.append(1 + (distance < own).sum(1))
    return torch.cat(found)


def hits(ranks: Tensor, k: int) -> float:
    """H@k: the share of ranks up to k, in percent."""
    return 100 * (ranks <= k).double().mean().item()


def mean_reciprocal_rank(ranks: Tensor) -> float:
    """MRR: the mean of 1/rank, in percent. Never below H@1, as every rank of 1 adds as much to either."""
    return 100 * (1 / ranks.double()).mean().item()


def hard_hits(predicted: Tensor, true: Tensor, near: Tensor) -> float:
    """HH@1: how often, in percent, a prediction (N, ...) is closer to the true latent than to the latents of all M
    states near that one, (M, N, ...)."""
    distance = lambda z: (predicted - z).flatten(-predicted.ndim + 1).square().sum(-1)
    return 100 * (distance(true) < distance(near).amin(0)).double().mean().item()


def distance_invariance_error(z: Tensor, other: Tensor, moved: Tensor, other_moved: Tensor) -> float:
    """DIE: the mean of | |z - z₂| - |g z - g z₂| | over pairs, relative to the mean length of z: how much a motion of
    both states changes their distance in the latent space. Needs no action on latents."""
    size = lambda v: v.flatten(1).norm(dim=1)
    return ((size(z - other) - size(moved - other_moved)).abs().mean() / size(z).mean()).item()


def equivariance_error(moved_after: Tensor, moved_before: Tensor, *, relative: bool = True) -> float:
    """EE: the mean of |g S(s) - S(g s)|; `relative` to the mean length, as the released code has it."""
    size = lambda v: v.flatten(1).norm(dim=1).mean().item()
    error = size(moved_after - moved_before)
    if not relative:
        return error
    return error / (size(moved_after) or math.nan)


@torch.no_grad()
def evaluate(model, world, which: str, *, episodes: int, horizons: Sequence[int], seed: int) -> dict[str, float]:
    """Ranks and invariance of a model that `learning.train` trained, on episodes with actions of the set `which`.

    For every horizon p: H@1 (p), H@10 (p) and MRR (p) in percent and DIE (p), between ẑ after p steps and the z of
    another episode, whose states are turned by 90 degrees (for the arm also mirrored: the mean of both); and EE and
    DIE (S), of S alone, by the same turn. Raises ValueError for an empty set of episodes.
    """
    if episodes < 1:
        raise ValueError("there is no episode to evaluate on: give at least one")
    where = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    first = world.draw_states(episodes, generator=generator)
    actions = [world.draw_actions(episodes, which, generator=generator) for _ in range(max(horizons))]
    other = torch.randperm(episodes, generator=generator).to(where)
    moves = [g for g, element in enumerate(world.group.elements) if element in ((1, 0), (0, 1))]
    plain = _roll(model, world, first.to(where), [a.to(where) for a in actions], horizons)
    found, die = {}, dict.fromkeys(horizons, 0.0)
    for g in moves:
        turned = [world.turn_action(g, a).to(where) for a in actions]
        moved = _roll(model, world, world.turn(g, first).to(where), turned, horizons)
        for p in horizons:
            (ẑ, z), (ẑ_moved, z_moved) = plain[p], moved[p]
            die[p] += distance_invariance_error(ẑ, z[other], ẑ_moved, z_moved[other]) / len(moves)
    for p in horizons:
        of = ranks(*plain[p])
        found |= {f"H@1 ({p})": hits(of, 1), f"H@10 ({p})": hits(of, 10), f"MRR ({p})": mean_reciprocal_rank(of)}
        found[f"DIE ({p})"] = die[p]
    y, y_moved = (_batched(model.embed, world.render, s.to(where)) for s in (first, world.turn(moves[0], first)))
    found["EE"] = equivariance_error(model.act(moves[0], y), y_moved)
    found["DIE (S)"] = distance_invariance_error(y, y[other], y_moved, y_moved[other])
    return found


def _roll(model, world, state: Tensor, actions: Sequence[Tensor], horizons: Sequence[int]) -> dict:
    """{p: (ẑ, z)} after p actions."""
    see = lambda s: _batched(model, world.render, s)
    ẑ, found = see(state), {}
    for p, action in enumerate(actions, 1):
        state, ẑ = world.step(state, action), model.predict(ẑ, action)
        if p in horizons:
            found[p] = (ẑ, see(state))
    return found


def _batched(function, render, state: Tensor) -> Tensor:
    return torch.cat([function(render(some)) for some in state.split(ROWS)])
