"""find_symmetry on functions with known answers, and on the cases that misled the released code."""

import warnings

import pytest
import torch
from torch import nn

from liegg import algebra, decide, find_symmetry, polarization_matrix, polarize
from liegg.actions import Affine, Affine2d, Linear, Restricted
from liegg.studies.generators import digits, o5
from liegg.studies.lens import cost, targets
from liegg.symmetry.finite import drift

ZOO = targets.known(seed=0)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", [name for name, target in ZOO.items() if len(target.algebra)])
def test_known_symmetries_are_found(name, seed):
    target = targets.known(seed=seed)[name]
    found = find_symmetry(target.function, target.points(2000, seed=seed), target.action)
    true = len(target.algebra)
    assert len(found.trivial) == target.trivial
    if isinstance(target.action, Affine2d):  # exact but for the pixels
        assert algebra.principal_angles(found.directions[:true], target.algebra)[-1] < 3
        assert found.variance[true] > 50 * found.variance[true - 1]
        return
    assert found.dimension == true
    assert found.relative_variance[:true].max() < 1e-24
    assert found.angles(target.algebra)[-1] < 1e-9
    assert found.bias(target.algebra)[:true].max() < 1e-11
    assert found.closure < 1e-10
    a = found.coefficients[:true].sum(0)
    assert drift(target.function, target.points(100, seed=9), target.action, a, [0.5, 2.0]).max() < 1e-9


@pytest.mark.parametrize("name", ["discrete", "none: steep", "none: products", "images, none", "round images"])
def test_nothing_is_found_where_there_is_nothing(name):
    for seed in range(3):
        target = targets.known(seed=seed)[name]
        found = find_symmetry(target.function, target.points(2000, seed=seed), target.action)
        assert found.dimension == 0 and found.identify() is None and len(found.trivial) == target.trivial


def test_defect_7_relative_measures_do_not_know_the_units():
    target = ZOO["scaling"]
    net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1)).double()
    one, ten = (find_symmetry(lambda x, c=c: c * net(x), target.points(300, seed=1), Linear(3)) for c in (1, 10))
    assert torch.allclose(ten.variance, 100 * one.variance)
    assert torch.allclose(ten.relative_variance, one.relative_variance)
    assert torch.allclose(ten.chance_ratio, one.chance_ratio)


def test_defect_8_data_in_a_subspace_are_named_as_such():
    """Points of a 3-dimensional subspace of R^5: the released code counts 19; so(3) is there to learn."""
    U = torch.linalg.qr(draw(5, 3)).Q
    points = (draw(2000, 2, 3, seed=1) @ U.T).reshape(2000, 10)
    found = find_symmetry(o5.target, points, Linear(5, copies=2))
    assert (found.dimension, len(found.trivial)) == (3, 16)
    assert found.angles(U @ algebra.so(3) @ U.T)[-1] < 1e-8
    assert (U.T @ found.trivial @ U).abs().max() < 1e-12  # nowhere, or off the subspace
    assert "16 further directions are trivial" in str(found)


def test_a_function_that_ignores_directions_is_invariant_along_them():
    """w.A = 0 for f = w.x: symmetries of the function, on data that could have told otherwise."""
    w = draw(4)
    found = find_symmetry(lambda x: (x @ w).sin(), draw(500, 4, seed=1), Linear(4))
    assert len(found.trivial) == 0 and found.dimension == 12
    assert (w @ found.generators).abs().max() < 1e-12
    assert found.closure < 1e-10


def test_one_steep_coordinate_is_not_a_symmetry():
    """Variances of 0.02 of the mean and a gap, with nothing learned: mismatched pairs tell."""
    target = ZOO["none: steep"]
    found = find_symmetry(target.function, target.points(2000, seed=0), target.action)
    assert found.relative_variance[1] < 0.1 and found.chance_ratio[:2].min() > 0.3
    assert found.dimension == 0


def test_round_images_make_rotation_trivial():
    u = (torch.arange(33).double() - 16) / 16.5
    radius2 = u[:, None] ** 2 + u**2
    widths = torch.linspace(0.1, 0.16, 200).double()
    round_images = torch.exp(-radius2 / widths[:, None, None])[:, None]
    net = nn.Sequential(nn.Flatten(), nn.Linear(33 * 33, 16), nn.Tanh(), nn.Linear(16, 4)).double()
    found = find_symmetry(net, round_images, Affine2d())
    rotation = Affine2d().matrix(Affine2d().coefficients(algebra.so(2)))
    assert algebra.principal_angles(found.trivial, rotation)[-1] < 1e-4
    assert found.bias(algebra.so(2)).min() > 1 - 1e-9  # none of the others has a part of it


def test_defect_1_an_exactly_rotation_invariant_function_of_images():
    """Radial filters of rotated digits; the released differences give bias 0.0099 (blurred), ours under a tenth."""
    images, _ = digits.draw("digits", "train", 1000, rotated=True, seed=0)
    u = (torch.arange(28).double() - 13.5) / 14
    radius = (u[:, None] ** 2 + u**2).sqrt()
    filters = torch.stack([torch.exp(-((radius - c) ** 2) / 0.02) for c in (0.2, 0.4, 0.6)])
    radial = lambda x: torch.tanh((x * filters[:, None, None]).sum((2, 3, 4)).T / 50)
    found = find_symmetry(radial, images.double(), Affine2d())
    assert found.relative_variance[0] < 1e-4 and found.variance[1] > 1000 * found.variance[0]
    assert found.bias(algebra.so(2))[0] < 9.9e-4

    def released_pair(x, grad):  # forward differences at coordinates half a pixel off, in our order of directions
        dy, dx = (x[..., 1:, :] - x[..., :-1, :])[..., :-1], (x[..., 1:] - x[..., :-1])[..., :-1, :]
        c = torch.arange(27).double() / 14 - 1
        u = torch.stack([c.expand(27, 27), c[:, None].expand(27, 27), torch.zeros(27, 27)])
        flow = torch.stack([(grad[..., :27, :27] * d).sum(-3) for d in (dx, dy)], -3)
        return torch.einsum("...ahw,khw->...ak", flow, u).flatten(-2)

    released = Affine2d()
    released.pairing = lambda x: lambda grad, places=slice(None): released_pair(x[places], grad)
    biased = find_symmetry(radial, images.double(), released)
    assert len(biased.trivial) == 2  # no translations there
    assert biased.bias(algebra.so(2))[0] > 5 * found.bias(algebra.so(2))[0]


def test_a_constant_function_gets_an_answer_not_a_symmetry():
    with pytest.raises(ValueError, match="constant on this data"):
        find_symmetry(lambda x: (x * 0).sum(1), draw(50, 3), Linear(3))


def test_samples_that_are_all_alike():
    with pytest.raises(ValueError, match="all samples are alike"):
        find_symmetry(lambda x: x.square().sum(1), torch.ones(50, 3).double(), Linear(3))


def test_too_few_samples_are_warned_of():
    """Outputs do not make up for samples: what a matrix does off the span of three points is not seen by any output."""
    for outputs, samples in ((1, 5), (10, 3), (10, 31)):
        net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, outputs)).double()
        with pytest.warns(UserWarning, match=f"{samples} samples are too few for 16 directions.* at least 33"):
            found = find_symmetry(net, draw(samples, 4), Linear(4))
        assert found.directions.shape == (16, 4, 4) and len(found.trivial) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        find_symmetry(net, draw(33, 4), Linear(4))


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e2])
def test_coordinates_of_different_scale_do_not_make_symmetries_trivial(scale):
    points = draw(3000, 4) * torch.tensor([1.0, 1.0, 1.0, scale])
    f = lambda x: x[:, :3].norm(dim=1).sin() + (x[:, 3] / scale).cos()
    found = find_symmetry(f, points, Linear(4))
    so3 = torch.nn.functional.pad(algebra.so(3), (0, 1, 0, 1))
    assert (found.dimension, len(found.trivial)) == (3, 0)
    assert found.angles(so3)[-1] < 1e-6


def test_data_far_from_the_origin_do_not_make_symmetries_trivial():
    points = draw(3000, 3) + 50
    found = find_symmetry(lambda x: x.norm(dim=1).sin(), points, Linear(3))
    assert (found.dimension, len(found.trivial)) == (3, 0)
    assert found.angles(algebra.so(3))[-1] < 1e-6


def test_exact_symmetries_do_not_hide_learned_ones():
    """A function of two of three coordinates that is rotation-invariant but for a small error."""
    f = lambda x: (x[:, 0] ** 2 + x[:, 1] ** 2).sin() + 0.05 * x[:, 0] * x[:, 1].cos()
    flat, solid = (find_symmetry(f, draw(3000, n), Linear(n)) for n in (2, 3))
    assert (flat.dimension, solid.dimension) == (1, 4)
    rotation = torch.nn.functional.pad(algebra.so(2), (0, 1, 0, 1))
    assert solid.angles(rotation)[-1] < 1


def test_the_sign_of_a_direction_is_fixed():
    target = ZOO["so(3)"]
    a = find_symmetry(target.function, target.points(100, seed=0), target.action).coefficients
    assert (a.gather(1, a.abs().argmax(1, keepdim=True)) > 0).all()


ROTATIONS = Restricted(Linear(3), algebra.so(3))


def test_a_function_may_be_invariant_under_all_that_was_asked_about():
    x = draw(500, 3)
    f = lambda p: p.norm(dim=1).sin()
    for action, true in ((ROTATIONS, 3), (Restricted(Linear(3), algebra.so(3)[:1]), 1)):
        found = find_symmetry(f, x, action)
        assert found.dimension == true and found.angles(action.matrix(torch.eye(true).double()))[-1] < 1e-6
    nearly = [lambda p, s=s: f(p) + 1e-3 * (p @ draw(3, seed=s)).sin() for s in range(3)]
    assert find_symmetry(nearly, x, ROTATIONS).dimension == 3
    assert find_symmetry(lambda p: (p @ draw(3)).sin(), x, ROTATIONS).dimension < 3


def test_functions_of_other_units_are_warned_of():
    f = [
        lambda p, c=c, s=s: c * (p.norm(dim=1).sin() + 0.1 * (p @ draw(3, seed=s)).sin())
        for s, c in enumerate((1, 1, 99))
    ]
    x = draw(200, 3)
    with pytest.warns(UserWarning, match="differ in size by a factor"):
        find_symmetry(f, x, Linear(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decide(polarize(f, x, Linear(3)), Linear(3), unbiased=True)  # estimates of one function differ by chance


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (lambda x: x.sum(1), {"action": Linear}, "action must be an action, such as"),
        (lambda x: x, {"action": Linear(3), "output_action": 3}, "output_action must be an action"),
        (
            lambda x: x,
            {"action": Linear(3), "output_action": Linear(2)},
            "output_action does not fit the function's outputs",
        ),
        (lambda x: x[:, :0], {"action": Linear(3)}, "one result a sample"),
        ({}, {"action": Linear(3)}, "must be callable"),
        (lambda x: x.sum(1), {"action": Linear(3), "batch_size": 2.5}, "batch_size must be a whole number, not 2.5"),
    ],
)
def test_bad_arguments_are_named(function, arguments, words):
    with pytest.raises(ValueError, match=words):
        find_symmetry(function, draw(50, 3), **arguments)


KINDS = {
    "meta": lambda x: x.to("meta"),
    "sparse": lambda x: x.to_sparse(),
    "compressed": lambda x: x.to_sparse_csr() if x.ndim > 1 else x.to_sparse(),
    "nested": lambda x: torch.nested.nested_tensor([x, x]),
}


@pytest.mark.filterwarnings("ignore:.*(Sparse CSR|nested tensors).*")
@pytest.mark.parametrize("batch_size", [None, 10])
@pytest.mark.parametrize("kind", KINDS)
def test_inputs_and_targets_are_dense(kind, batch_size):
    f, x, action = lambda x: x.norm(dim=1).sin(), draw(100, 3), Linear(3)
    with pytest.raises(ValueError, match="inputs must be dense"):
        find_symmetry(f, KINDS[kind](x), action, batch_size=batch_size)
    with pytest.raises(ValueError, match="inputs must be dense"):
        polarize(f, [KINDS[kind](x)], action)
    with pytest.raises(ValueError, match="inputs must be dense"):
        polarization_matrix(f, KINDS[kind](x), action)
    with pytest.raises(ValueError, match="targets must be a dense tensor"):
        find_symmetry(f, x, action, targets=KINDS[kind](f(x)), batch_size=batch_size)


@pytest.mark.parametrize("batch_size", [None, 10])
def test_weights_have_values(batch_size):
    model = nn.Linear(3, 2, device="meta")
    with pytest.raises(ValueError, match="the model has its weights on the meta device"):
        find_symmetry(model, draw(50, 3), Linear(3), batch_size=batch_size)
    with pytest.raises(ValueError, match="the model has its weights on the meta device"):
        polarization_matrix(model, draw(50, 3), Linear(3))
    used = nn.Linear(3, 2).double()
    used.aside = nn.Linear(3, 2, device="meta")  # which nothing calls
    assert find_symmetry(used, draw(50, 3), Linear(3), batch_size=batch_size).coefficients.isfinite().all()


@pytest.mark.parametrize(("device", "words"), [("meta", "meta device"), (3.5, "not 3.5"), (["cpu"], "device must be")])
def test_what_is_no_device_is_named(device, words):
    with pytest.raises(ValueError, match=words):
        find_symmetry(lambda x: x.norm(dim=1), draw(50, 3), Linear(3), device=device)


def test_a_known_algebra_is_a_tensor_of_real_matrices():
    found = find_symmetry(ZOO["so(3)"].function, ZOO["so(3)"].points(100, seed=0), ZOO["so(3)"].action)
    so3 = algebra.so(3)
    for wrong in ([1], None, torch.eye(3), so3.to(torch.complex64), so3.to("meta"), torch.nan * so3):
        for call in (found.angles, found.bias):
            with pytest.raises(ValueError, match=r"real tensor of matrices \(d, n, n\)|NaN or infinite values"):
                call(wrong)


def test_one_sample_is_refused():
    with pytest.raises(ValueError, match="one sample"):
        find_symmetry(lambda x: x.square().sum(1), draw(1, 3), Linear(3))


def find_together(networks):
    nets = [nn.Sequential(nn.Linear(10, 8), nn.Tanh(), nn.Linear(8, 1)) for _ in range(networks)]
    return find_symmetry(nets, draw(300, 10), Linear(5, copies=2)).dimension


def test_memory_grows_with_the_columns_and_not_with_the_square_of_the_rows():
    """Twenty networks have 500 columns; the left singular vectors of all their rows would take 800 megabytes."""
    _, _, megabytes = cost.measured(find_together, 20)
    assert megabytes < 300


def find_in_many_directions():
    """576 directions: twenty parts of the data have 11520 triangular rows, and the left singular vectors of these would
    take more than a gigabyte."""
    net = nn.Sequential(nn.Linear(24, 8), nn.Tanh(), nn.Linear(8, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there are too few samples
        return find_symmetry(net, draw(800, 24), Linear(24)).variance.shape


def test_memory_for_many_directions_is_that_of_the_triangles():
    shape, _, megabytes = cost.measured(find_in_many_directions)
    assert shape == (576,) and megabytes < 600


# in two steps: polarize, then decide


def networks(outputs, count):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return [nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, outputs)).double() for _ in range(count)]


@pytest.mark.parametrize("output_action", [None, Linear(2)], ids=["invariance", "equivariance"])
@pytest.mark.parametrize("count", [1, 4])
def test_deciding_over_factors_is_finding(count, output_action):
    nets, x, action = networks(2, count), draw(300, 6), Linear(3, copies=2)
    models = nets if count > 1 else nets[0]
    factors = polarize(models, x, action, output_action)
    found = find_symmetry(models, x, action, output_action=output_action)
    assert decide(factors, action, output_action) == found == decide(factors, action, output_action)
    assert (factors.networks, factors.samples) == (found.networks, found.samples) == (count, 300)


@pytest.mark.parametrize(
    ("action", "output_action"),
    [
        (Linear(2), None),
        (Linear(3), None),
        (Affine(3), Linear(2)),
        (Linear(3), Linear(3)),
        (Linear(2), Linear(3)),  # as many columns in all, but the other way round
    ],
)
def test_factors_and_actions_must_fit(action, output_action):
    (net,) = networks(2, 1)
    factors = polarize(lambda x: net(x.repeat(1, 2)), draw(100, 3), Linear(3), Linear(2))
    with pytest.raises(
        ValueError, match=r"the factors have .* columns .* give decide the actions that polarize was given"
    ):
        decide(factors, action, output_action)


def test_deciding_needs_an_action():
    (net,) = networks(1, 1)
    factors = polarize(net, draw(100, 6), Linear(6))
    for wrong in (3, Linear, None):
        with pytest.raises(ValueError, match="action must be an action, such as"):
            decide(factors, wrong)
    with pytest.raises(ValueError, match="output_action must be an action"):
        decide(factors, Linear(6), "Linear")
