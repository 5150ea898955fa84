"""The teapot's pictures: repeatable, closed, without symmetry; and its worlds' actions commute with turns."""

import math

import pytest
import torch

from liegg.studies.embedding import teapot
from liegg.studies.embedding.rotations import axis_angle, random_rotations
from liegg.studies.embedding.teapot import Teapot, Turntable


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


SOLID, TABLE = Teapot(), Turntable()
POSES = SOLID.draw_states(40, generator=generator())


@pytest.mark.parametrize("world", [Teapot(), Turntable(), Teapot(16)])
def test_pictures_are_repeatable_and_each_state_by_itself(world):
    state = world.draw_states(12, generator=generator())
    x = world.render(state)
    assert x.shape == (12, world.channels, world.size, world.size) and x.dtype == torch.float32
    assert x.min() == 0 and 0.8 < x.max() <= 1
    assert torch.equal(x, world.render(state))
    assert torch.equal(x[3:5], world.render(state[3:5]))


def test_the_picture_is_that_of_a_body_in_the_middle():
    """In all poses the body covers the middle, and nothing reaches the border."""
    x = SOLID.render(POSES)[:, 0]
    assert (x[:, 10:14, 10:14] > 0.2).all()
    assert not x[:, 0].any() and not x[:, -1].any() and not x[:, :, 0].any() and not x[:, :, -1].any()


def test_directions_in_the_picture():
    """With the identity the spout points right and the handle left, and the knob faces the camera; a quarter turn
    about the camera's axis turns the outline by a quarter, counter-clockwise."""
    quarter = axis_angle(torch.eye(3)[2], torch.tensor([math.pi / 2]))
    flat, turned = (SOLID.render(R)[0, 0] > 0.1 for R in (torch.eye(3)[None], quarter))
    assert flat[12].nonzero()[-1] > 20 and flat[12].nonzero()[0] < 5
    assert (flat.rot90(1) != turned).sum() < 5 < (flat.rot90(-1) != turned).sum()


def test_the_surface_is_closed(monkeypatch):
    """Ten times as many points change hardly a pixel, and normals look outward."""
    coarse = SOLID.render(POSES)
    monkeypatch.setattr(teapot, "DENSITY", 10 * teapot.DENSITY)
    fine = Teapot().render(POSES)
    assert ((coarse - fine).abs() > 0.25).float().mean() < 0.005
    points, normals = teapot.surface(0.05)
    assert torch.allclose(normals.norm(dim=1), torch.ones(len(points)), atol=1e-5)
    body = points[:, 2] < 0.3
    assert (points[body] * normals[body]).sum(1).mean() > 0.2


def test_no_rotation_leaves_it_as_it_is():
    """Turned by at least 20 degrees in its own frame it looks different."""
    g = random_rotations(100, generator=generator(1))
    far = g[g.diagonal(dim1=1, dim2=2).sum(1) < 1 + 2 * math.cos(math.radians(20))]
    half = axis_angle(torch.eye(3), torch.full((3,), math.pi))
    x = SOLID.render(POSES)
    changes = [(SOLID.render(POSES @ h) - x).square().mean().sqrt().item() for h in torch.cat([far, half])]
    assert min(changes) > 0.05


@pytest.mark.parametrize("which", Teapot.ACTIONS)
def test_turns_and_actions_of_the_solid_commute(which):
    a, g = SOLID.draw_actions(40, which, generator=generator(1)), random_rotations(40, generator=generator(2))
    turned = SOLID.step(SOLID.turn(g, POSES), SOLID.turn_action(g, a))
    assert torch.allclose(turned, SOLID.turn(g, SOLID.step(POSES, a)), atol=1e-5)


def test_turns_and_actions_of_the_table_commute():
    state, a = TABLE.draw_states(30, generator=generator()), TABLE.draw_actions(30, "all", generator=generator(1))
    g = torch.tensor(0.7)
    turned = TABLE.step(TABLE.turn(g, state), TABLE.turn_action(g, a))
    assert torch.allclose(turned, TABLE.turn(g, TABLE.step(state, a)), atol=1e-5)
    x, again = TABLE.render(state), TABLE.render(state + 2 * math.pi)
    assert (x - again).abs().mean() < 1e-3 < (x - TABLE.render(state + 0.2)).abs().mean()


def test_actions_are_those_named():
    small = SOLID.draw_actions(200, "small", generator=generator())
    assert len(small.unique(dim=0)) == 6
    trace = small.diagonal(dim1=1, dim2=2).sum(1)
    assert torch.allclose(trace, torch.tensor(1 + 2 * math.cos(2 * math.pi / 30)), atol=1e-5)
    quarter = TABLE.draw_actions(500, "quarter", generator=generator())
    assert quarter.min() >= 0 and 1.5 < quarter.max() <= math.pi / 2
    assert TABLE.draw_actions(500, "all", generator=generator()).min() < -3
    for world in (SOLID, TABLE):
        with pytest.raises(ValueError, match='unknown set of actions "big"'):
            world.draw_actions(2, "big", generator=generator())
