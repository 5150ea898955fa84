"""World models: each part respects the group where it should, and nowhere else."""

import pytest
import torch

from liegg.studies.embedding.arm import Arm
from liegg.studies.embedding.grids import Blocks, RushHour, Shapes
from liegg.studies.embedding.models import KINDS, WorldModel

WORLDS = pytest.mark.parametrize("world", (Shapes(3), RushHour(3), Blocks(2), Arm()), ids=lambda w: type(w).__name__)


def model_of(world, kind):
    model = WorldModel(world, kind, channels=8, width=16, seed=0).eval()
    for p in model.parameters():
        p.data += 0.02 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1))  # no zero biases
    return model


def drawn(world, n=12):
    g = torch.Generator().manual_seed(0)
    return world.draw_states(n, generator=g), world.draw_actions(n, "all", generator=g)


@WORLDS
@pytest.mark.parametrize("kind", ("full", "ours"))
@torch.no_grad()
def test_encoder_and_transition_respect_the_group(world, kind):
    model, (state, action) = model_of(world, kind), drawn(world)
    y = model.embed(world.render(state))
    z = model.encode(y)
    after = model.predict(z, action)
    for g in range(world.group.size):
        moved = model.encode(model.act(g, y))
        torch.testing.assert_close(moved, world.group.shift(g, z), rtol=0, atol=1e-5)
        then = model.predict(world.group.shift(g, z), world.turn_action(g, action))
        torch.testing.assert_close(then, world.group.shift(g, after), rtol=0, atol=1e-5)
    assert (world.group.shift(1, after) - after).abs().max() > 1e-3


@WORLDS
@torch.no_grad()
def test_the_embedding_of_full_respects_pixels_and_that_of_ours_does_not(world):
    x = torch.rand(4, world.channels, world.size, world.size, generator=torch.Generator().manual_seed(0))
    errors = {}
    for kind in ("full", "ours"):
        model = model_of(world, kind)
        moves = range(1, world.group.size)
        errors[kind] = max(
            (model.embed(world.group.act(g, x)) - model.act(g, model.embed(x))).abs().max() for g in moves
        )
    assert errors["full"] < 1e-5 < 1e-3 < errors["ours"]


@WORLDS
@torch.no_grad()
def test_nothing_is_built_into_none(world):
    model, (state, action) = model_of(world, "none"), drawn(world)
    z = model(world.render(state))
    assert z.shape == (12, world.objects, 4 if isinstance(world, Arm) else 2)
    assert model.predict(z, action).shape == z.shape


@torch.no_grad()
def test_the_transition_of_objects_does_not_depend_on_their_order():
    model, (state, action) = model_of(Shapes(3), "ours"), drawn(Shapes(3))
    z, order = model(Shapes(3).render(state)), torch.tensor([2, 0, 1])
    renamed = 4 * order.argsort()[action // 4] + action % 4
    torch.testing.assert_close(model.predict(z[:, order], renamed), model.predict(z, action)[:, order])


def test_models_of_one_seed_are_one_and_leave_the_random_state():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    a, b, c = (WorldModel(Shapes(2), "ours", channels=4, width=8, seed=s) for s in (0, 0, 1))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters()))
    assert not all(torch.equal(p, q) for p, q in zip(a.parameters(), c.parameters()))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match='unknown model "half": there are ' + ", ".join(KINDS)):
        WorldModel(Shapes(2), "half", channels=4, width=8, seed=0)
