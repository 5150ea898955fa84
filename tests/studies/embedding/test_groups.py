"""C4 and D4: group laws by moving an image, and layers that respect them."""

import pytest
import torch

from liegg.studies.embedding.groups import C4, D4, FibreNorm, GroupConv, GroupLinear

GROUPS = pytest.mark.parametrize("group", (C4, D4), ids=str)


def images(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def act(group, g, v):
    """On images (B, C, size, H, H) with a regular fibre."""
    return group.act(g, v)[:, :, group.division[g]]


@GROUPS
def test_division_is_what_happens_to_images(group):
    v = images(5, 5)
    for g in range(group.size):
        for h in range(group.size):
            moved = group.act(int(group.division[g, h]), v)
            torch.testing.assert_close(group.act(g, moved), group.act(h, v), rtol=0, atol=0)


@GROUPS
def test_all_elements_differ_and_the_first_is_the_identity(group):
    moved = [group.act(g, images(4, 4)) for g in range(group.size)]
    assert torch.equal(moved[0], images(4, 4))
    assert not any(torch.equal(a, b) for i, a in enumerate(moved) for b in moved[:i])


@GROUPS
def test_signs_are_those_of_determinants(group):
    x = torch.arange(3.0) - 1
    for g in range(group.size):
        horizontal, vertical = group.act(g, x.expand(3, 3)), group.act(g, x[:, None].expand(3, 3))
        across = lambda v: torch.stack([v[1, 2], v[2, 1]])
        determinant = torch.linalg.det(torch.stack([across(horizontal), across(vertical)]))
        assert determinant == group.signs[g]


@GROUPS
def test_a_shift_of_fibres_is_an_action(group):
    z = images(2, group.size, 3)
    for g in range(group.size):
        back = group.shift(group.inverse[g], group.shift(g, z))
        assert torch.equal(back, z)
    assert not torch.equal(group.shift(1, z), z)


def test_fibres_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"C4 does not act on \(2, 8, 3\)"):
        C4.shift(1, images(2, 8, 3))


@GROUPS
@pytest.mark.parametrize("side", (4, 5))
def test_pixels_of_an_image_are_a_regular_fibre(group, side):
    v, pixels = images(2, side, side), group.pixels(side)
    fibres = lambda v: v.flatten(-2)[..., pixels]
    assert set(pixels.flatten().tolist()) == set(range(side**2))
    for g in range(group.size):
        assert torch.equal(fibres(group.act(g, v)), group.shift(g, fibres(v)))


@GROUPS
def test_pixels_of_an_image_with_fibre_are_one_too_and_occur_once(group):
    v, pixels = images(2, 3, group.size, 4, 4), group.pixels(4, fibre=True)
    fibres = lambda v: v.flatten(-3)[..., pixels]
    assert sorted(pixels.flatten().tolist()) == list(range(16 * group.size))
    for g in range(group.size):
        assert torch.equal(fibres(act(group, g, v)), group.shift(g, fibres(v)))


@GROUPS
def test_linear_maps_respect_the_group(group):
    torch.manual_seed(0)
    layer, x = GroupLinear(group, 3, 5), images(2, group.size, 3)
    layer.bias.data.normal_()
    for g in range(group.size):
        torch.testing.assert_close(layer(group.shift(g, x)), group.shift(g, layer(x)), rtol=0, atol=1e-5)
    assert (layer(group.shift(1, x)) - layer(x)).abs().max() > 0.1


@GROUPS
def test_linear_maps_are_all_that_respect_the_group(group):
    """As many as there are elements, for one channel: the space of equivariant matrices, found as a null space."""
    eye = torch.eye(group.size)
    rows = []
    for g in range(1, group.size):
        P = group.shift(g, eye[:, :, None])[:, :, 0].T.contiguous()
        rows.append(torch.kron(P, eye) - torch.kron(eye, P.T.contiguous()))
    free = group.size**2 - torch.linalg.matrix_rank(torch.cat(rows))
    assert free == GroupLinear(group, 1, 1).weight.numel()


@GROUPS
@pytest.mark.parametrize(("kernel", "stride", "padding", "side"), ((3, 1, 1, 6), (4, 2, 1, 6), (5, 5, 0, 10)))
def test_convolutions_respect_the_group(group, kernel, stride, padding, side):
    torch.manual_seed(0)
    lift = GroupConv(group, 2, 3, kernel, stride=stride, padding=padding, lifting=True)
    norm, conv = FibreNorm(group, 3), GroupConv(group, 3, 4, 3, padding=1)
    f = lambda x: conv(norm(lift(x)).relu()).unflatten(1, (4, group.size))
    x = images(2, 2, side, side)
    for g in range(group.size):
        torch.testing.assert_close(f(group.act(g, x)), act(group, g, f(x)), rtol=0, atol=1e-5)
    assert (f(group.act(1, x)) - f(x)).abs().max() > 0.1
