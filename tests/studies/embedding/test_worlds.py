"""Worlds: their group moves states, actions and (where it should) pictures, to exactness."""

import math

import pytest
import torch

from liegg.studies.embedding.arm import LINKS, STEP, Arm
from liegg.studies.embedding.grids import COLOURS, Blocks, RushHour, Shapes
from liegg.studies.embedding.groups import C4, D4

GRIDS = pytest.mark.parametrize("world", (Shapes(5), RushHour(4), Blocks(3)), ids=lambda w: type(w).__name__)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(world, which="all", n=400):
    g = generator()
    return world.draw_states(n, generator=g), world.draw_actions(n, which, generator=g)


@GRIDS
def test_turning_a_board_commutes_with_its_steps(world):
    state, action = drawn(world)
    for g in range(4):
        assert torch.equal(
            world.turn(g, world.step(state, action)), world.step(world.turn(g, state), world.turn_action(g, action))
        )
    assert not torch.equal(world.turn(1, state), state)


@GRIDS
def test_objects_move_by_one_cell_or_stay_and_never_share_one(world):
    state, action = drawn(world)
    after = world.step(state, action)
    moved = (after[..., :2] - state[..., :2]).abs().sum((1, 2))
    assert set(moved.tolist()) == {0, 1}
    cells = 5 * after[..., 0] + after[..., 1]
    assert (cells.sort(1).values.diff(dim=1) > 0).all()
    assert after[..., :2].min() == 0 and after[..., :2].max() == 4


def test_directions():
    world, state = Shapes(1), torch.full((4, 1, 2), 2)
    assert world.step(state, torch.arange(4))[:, 0].tolist() == [[1, 2], [2, 3], [3, 2], [2, 1]]
    rush, state = RushHour(1), torch.tensor([[[2, 2, heading]] for heading in range(4)])
    forward = rush.step(state, torch.zeros(4, dtype=torch.long))
    assert forward[:, 0].tolist() == [[1, 2, 0], [2, 3, 1], [3, 2, 2], [2, 1, 3]]


def test_what_is_in_the_way_stops_an_object():
    state = torch.tensor([[[2, 2], [1, 2]], [[0, 2], [4, 4]]])
    assert torch.equal(Shapes(2).step(state, torch.zeros(2, dtype=torch.long)), state)


@GRIDS
def test_pictures_tell_states_apart(world):
    state, _ = drawn(world, n=60)
    pictures = world.render(state).flatten(1)
    assert pictures.min() >= 0 and pictures.max() <= 1
    assert pictures.shape[1] == world.channels * world.size**2
    assert torch.cdist(pictures, pictures).fill_diagonal_(9).min() > 0.05


def test_a_turn_of_the_board_turns_the_pixels_of_rush_hour_and_not_those_of_blocks():
    for world, turns in ((RushHour(4), True), (Blocks(3), False)):
        state, _ = drawn(world, n=20)
        for g in range(1, 4):
            assert torch.equal(world.render(world.turn(g, state)), C4.act(g, world.render(state))) is turns


def test_shapes_turn_cell_by_cell():
    world = Shapes(5)
    state, _ = drawn(world, n=20)
    cells = lambda s: world.render(s).unflatten(2, (5, 5)).unflatten(4, (5, 5)).permute(0, 1, 3, 5, 2, 4)
    for g in range(4):
        assert torch.equal(cells(world.turn(g, state)), C4.act(g, cells(state)))


def test_a_near_cube_hides_a_far_one():
    world = Blocks(2)
    cells = [5 * 2 + 2, 5 * 3 + 2]  # neighbours, of which the second is nearer
    assert world.nearness[cells[0]] < world.nearness[cells[1]]
    both = (world.cover[cells] == 1).all(0)
    assert both.any()
    for order, colour in (((0, 1), COLOURS[1]), ((1, 0), COLOURS[0])):
        state = torch.tensor([[[cells[i] // 5, cells[i] % 5] for i in order]])
        seen = world.render(state)[0][:, both]
        torch.testing.assert_close(seen, world.light[cells[1]][both] * colour[:, None])


@GRIDS
def test_actions_are_fibres_that_turn(world):
    _, action = drawn(world)
    for g in range(4):
        turned = world.action_fibre(world.turn_action(g, action))
        assert torch.equal(turned, C4.shift(g, world.action_fibre(action)))


@pytest.mark.parametrize(("which", "allowed"), (("up", {0}), ("up, right, down", {0, 1, 2}), ("all", {0, 1, 2, 3})))
def test_sets_of_actions(which, allowed):
    action = Shapes(3).draw_actions(500, which, generator=generator())
    assert set((action % 4).tolist()) == allowed
    assert set((action // 4).tolist()) == {0, 1, 2}


@pytest.mark.parametrize("world", (Shapes(3), Arm()))
def test_other_sets_are_refused(world):
    with pytest.raises(ValueError, match='unknown set of actions "left"'):
        world.draw_actions(5, "left", generator=generator())


def test_other_actions_are_refused():
    with pytest.raises(ValueError, match="actions of 3 objects are 0 to 11"):
        Shapes(3).step(*[Shapes(3).draw_states(2, generator=generator()), torch.tensor([0, 12])])
    with pytest.raises(ValueError, match="torques lie in"):
        Arm().step(torch.zeros(1, 4), torch.tensor([[0.0, 1.5]]))
    with pytest.raises(ValueError, match="1 to 5 objects, not 6"):
        Shapes(6)


def test_the_arm_moves_as_the_plane_does():
    world = Arm()
    state, action = drawn(world)
    state, action = state.double(), action.double()
    for g in range(8):
        before, after = world.turn(g, world.step(state, action)), world.turn(g, state)
        torch.testing.assert_close(world.step(after, world.turn_action(g, action)), before, rtol=0, atol=1e-12)
        turned = world.action_fibre(world.turn_action(g, action))
        assert torch.equal(turned, D4.shift(g, world.action_fibre(action)))


def test_pictures_of_the_arm_move_with_it():
    world = Arm(24)
    state, _ = drawn(world, n=20)
    for g in range(8):
        expected = D4.act(g, world.render(state))
        torch.testing.assert_close(world.render(world.turn(g, state)), expected, rtol=0, atol=1e-4)


def test_the_end_of_the_arm_is_where_trigonometry_has_it():
    world = Arm(96)
    state = torch.tensor([[0.4, 0.9, 0.0, 0.0]])
    picture = world.render(state)[0, 3]
    rows, columns = (picture > 0.99).nonzero().T
    x, y = (columns + 0.5) / 48 * 1.2 - 1.2, 1.2 - (rows + 0.5) / 48 * 1.2
    farthest = (x**2 + y**2).argmax()
    end = [LINKS[0] * math.cos(0.4) + LINKS[1] * math.cos(1.3), LINKS[0] * math.sin(0.4) + LINKS[1] * math.sin(1.3)]
    assert abs(x[farthest] - end[0]) < 0.06 and abs(y[farthest] - end[1]) < 0.06


def test_torques_and_friction_obey_lagrange():
    """Accelerations from the Lagrangian of two unit masses on links of unit length, by finite differences."""
    q, v, torque = torch.tensor([0.3, 0.8]), torch.tensor([0.7, -0.4]), torch.tensor([0.5, -0.2])

    def kinetic(q, v):
        inner = lambda q: torch.stack([q[0].cos(), q[0].sin()])
        outer = lambda q: inner(q) + torch.stack([(q[0] + q[1]).cos(), (q[0] + q[1]).sin()])
        along = lambda p: torch.func.jvp(p, (q,), (v,))[1]
        return 0.5 * (along(inner).square().sum() + along(outer).square().sum())

    q, v, torque = q.double(), v.double(), torque.double()
    mass = torch.func.hessian(kinetic, 1)(q, v)
    mixed = torch.func.jacfwd(torch.func.grad(kinetic, 1), 0)(q, v)
    force = torch.tensor([3.0, 1.5]) * torque - torch.tensor([1.0, 0.5]) * v
    expected = torch.linalg.solve(mass, force + torch.func.grad(kinetic, 0)(q, v) - mixed @ v)
    after = Arm().step(torch.cat([q, v])[None], torque[None])[0, 2:]
    torch.testing.assert_close((after - v) / STEP, expected)
