"""Sequence labelling: known answers for matrices that are equivariant and for random ones, and networks that learn."""

import math

import pytest
import torch

from liegg.studies.embedding import sequence_readings as read
from liegg.studies.embedding import sequences as sq
from liegg.studies.embedding.sequence_trials import sequence_trial

P = 40


def draw(seed=0):
    return torch.Generator().manual_seed(seed)


def random_matrix(points=P, seed=0):
    return torch.randn(points, points, generator=draw(seed), dtype=torch.float64)


def circulant(points=P, seed=0):
    first = torch.randn(points, generator=draw(seed), dtype=torch.float64)
    return torch.stack([first.roll(i) for i in range(points)], 1)


def test_sines_are_labelled_at_their_maxima_and_lie_in_the_span():
    x, labels = sq.sines(50, P, frequencies=[0.5, 1, 2], generator=draw())
    assert x.shape == labels.shape == (50, P) and set(labels.unique().tolist()) == {0, 1}
    assert set(labels.sum(1).tolist()) == {1, 2, 4}
    assert (x[labels > 0] > math.cos(2 * 4 * math.pi / P / 2) - 1e-5).all()
    basis = sq.span(P, [0.5, 1, 2])
    assert torch.allclose(basis.T @ basis, torch.eye(6, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(x.double() @ basis @ basis.T, x.double(), atol=1e-5)
    again, _ = sq.sines(50, P, frequencies=[0.5, 1, 2], generator=draw())
    assert torch.equal(x, again)


@pytest.mark.parametrize("frequency", [0.75, 0, -1, 3])
def test_sines_must_fit_the_window(frequency):
    with pytest.raises(ValueError, match=r"multiples of 1/2 up to points/16 = 2\.5"):
        sq.sines(5, P, frequencies=[frequency], generator=draw())


def test_shifts_change_the_phase_alone():
    x, _ = sq.sines(20, P, generator=draw())
    basis = sq.span(P)
    before, after = (s.double() @ basis for s in (x, x.roll(3, 1)))
    angle = torch.tensor(3 * 4 * math.pi / P, dtype=torch.float64)
    turn = torch.linalg.matrix_exp(-angle * 2**0.5 * read.change_of_phase([1.0]))
    assert torch.allclose(before @ turn.T, after, atol=1e-5)


def test_nearest_matrices_are_projections_on_theirs():
    for nearest, shifts in ((sq.nearest_toeplitz, 1), (sq.nearest_circulant, 0)):
        W = random_matrix()
        T = nearest(W)
        assert torch.allclose(T[1:, 1:], T[:-1, :-1]) and torch.allclose(nearest(T), T)
        assert shifts or torch.allclose(T.roll((1, 1), (0, 1)), T)
        assert ((W - T) * nearest(random_matrix(seed=1))).sum().abs() < 1e-9
    assert sq.circulant_distance(circulant()) < 1e-12 and sq.toeplitz_distance(circulant()) < 1e-12
    mean = sum(random_matrix().roll((k, k), (0, 1)) for k in range(P)) / P
    assert torch.allclose(sq.nearest_circulant(random_matrix()), mean)
    assert sq.nearest_toeplitz(torch.tensor([[1.0, 2], [4, 5]])).tolist() == [[3, 2], [4, 3]]


def test_random_matrices_are_as_far_as_chance_says_also_on_the_span():
    found = [sq.distances(random_matrix(seed=seed), torch.zeros(P, P), sq.span(P)) for seed in range(30)]
    for which in ("whole", "span"):
        rms = torch.tensor([f[which] for f in found]).square().mean().sqrt().item()
        assert rms == pytest.approx(sq.chance(P), abs=0.01)
    assert torch.tensor([f["in_span"] for f in found]).mean().item() == pytest.approx(2 / P, rel=0.15)


def test_noise_off_the_span_is_seen_by_the_whole_distance_only():
    basis = sq.span(P)
    noise = random_matrix() @ (torch.eye(P, dtype=torch.float64) - basis @ basis.T)
    found = sq.distances(circulant() + noise, noise, basis)
    assert found["whole"] > 0.3 and found["change"] < 1e-12 and found["span"] < 1e-12 and found["circulant"] < 1e-12


@pytest.mark.parametrize(("kind", "free"), [("Toeplitz", P + 1), ("circulant", 2)])
def test_how_many_of_the_numbers_of_a_matrix_on_the_span_equivariance_leaves_free(kind, free):
    diagonal = torch.arange(P)[:, None] - torch.arange(P)
    diagonal = diagonal + P - 1 if kind == "Toeplitz" else diagonal % P
    units = torch.eye(int(diagonal.max()) + 1, dtype=torch.float64)
    restricted = torch.stack([(unit[diagonal] @ sq.span(P)).flatten() for unit in units])
    assert torch.linalg.matrix_rank(restricted) == free


def test_waves_are_constant_where_a_matrix_is_equivariant():
    basis = sq.span(P)
    assert torch.allclose(sq.waves(torch.eye(P), basis), torch.ones(P, dtype=torch.complex128))
    ahead = sq.waves(torch.eye(P).roll(-5, 0), basis).angle()
    assert torch.allclose(ahead, torch.full((P,), 5 * 4 * math.pi / P, dtype=torch.float64))
    found = sq.waves(circulant(), basis)
    assert torch.allclose(found, found[:1].expand(P))
    assert sq.waves(random_matrix(), basis).angle().std() > 1
    with pytest.raises(ValueError, match="of one frequency"):
        sq.waves(torch.eye(P), sq.span(P, [1.0, 2.0]))


@pytest.mark.parametrize("frequencies", [[1.0], [0.5, 1.0, 2.0]])
def test_the_lens_finds_the_change_of_phase_of_an_equivariant_matrix_and_of_no_other(frequencies):
    basis = sq.span(P, frequencies)
    x, _ = sq.sines(200, P, frequencies=frequencies, generator=draw())
    factors = [sq.lens(W, basis, x) for W in (circulant(), circulant(seed=1), random_matrix())]
    symmetries = read.decided(factors, basis)
    assert [s.dimension for s in symmetries] == [1, 1, 0]
    defects, overlaps = read.defects(symmetries), read.overlaps(symmetries, frequencies)
    assert defects.shape == (3, 4 * len(frequencies) ** 2)
    assert defects[:2, 0].max() < 1e-6 and defects[:2, 1].min() > 0.3 and defects[2, 0] > 0.6
    assert torch.allclose(overlaps[:2], torch.ones(2, dtype=torch.float64)) and overlaps[2] < 0.95
    weight = sum(2 * w**2 for w in frequencies) ** 0.5
    b = (
        symmetries[0].output_coefficients[0, 0]
        * (symmetries[0].directions[0] * read.change_of_phase(frequencies)).sum()
    )
    assert b.item() * weight == pytest.approx(1)


def test_the_derivative_is_that_of_waves_of_the_data_and_leaves_faster_ones():
    basis = sq.span(P, [1.0, 2.0])
    _, shifts = sq.motions(basis)
    turned = shifts.velocity(basis.T)[:, 0]
    assert torch.allclose(turned, torch.stack([-basis[:, 1], basis[:, 0], -2 * basis[:, 3], 2 * basis[:, 2]]))
    fast = sq.span(P, [2.5]).T
    assert shifts.velocity(fast).abs().max() < 1e-12


@pytest.mark.parametrize("padding", sq.PADDINGS)
def test_behind_the_first_layer_convolutions_pass_shifts_on_and_dense_layers_do_not(padding):
    x = torch.randn(10, P, generator=draw())
    change = lambda net: (net.rest(x.roll(7, 1)) - net.rest(x).roll(7, 1)).abs()
    conv, dense = (sq.labeller(kind, P, size=5, padding=padding, seed=0) for kind in sq.KINDS)
    inside = slice(12, -12)
    assert change(conv)[:, inside].max() < 1e-5 < 1e-2 < change(dense)[:, inside].max()
    assert (change(conv).max() < 1e-5) == (padding == "circular")
    assert conv(x).shape == dense(x).shape == (10, P)


def test_networks_have_seeds_of_their_own_and_comparable_sizes():
    state = torch.random.get_rng_state()
    nets = [sq.labeller(kind, 100, seed=3) for kind in sq.KINDS]
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.equal(nets[0].first.weight, nets[1].first.weight)
    assert torch.equal(0.1 * nets[0].first.weight, sq.labeller(sq.KINDS[0], 100, scale=0.1, seed=3).first.weight)
    sizes = [sum(p.numel() for p in net.parameters()) for net in nets]
    assert sizes[0] < sizes[1] < 1.5 * sizes[0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"kind": "CNN"}, "unknown kind"), ({"padding": "same"}, "unknown padding"), ({"size": 4}, "must be odd")],
)
def test_unknown_networks_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        sq.labeller(**{"kind": sq.KINDS[0], "points": P, "seed": 0} | wrong)


def test_maxima_are_found_by_the_largest_logits():
    x, labels = sq.sines(30, P, generator=draw())
    net = sq.Labeller(torch.nn.Linear(P, P, bias=False), torch.nn.Identity())
    net.first.weight.data = torch.eye(P)
    assert sq.found_maxima(net, x, labels) == 1
    net.first.weight.data = torch.eye(P).roll(1, 0)
    assert sq.found_maxima(net, x, labels) < 0.6


def test_a_first_layer_becomes_equivariant_before_convolutions_and_not_before_dense_layers():
    basis, found = sq.span(P), {}
    for kind in sq.KINDS:
        net = sq.labeller(kind, P, channels=8, size=9, seed=0)
        initial = net.first.weight.detach().clone()
        losses = sq.train(net, steps=300, batch_size=16, learning_rate=0.01, generator=draw())
        assert losses[-50:].mean() < 0.5 * losses[:10].mean()
        found[kind] = sq.distances(net.first.weight.detach(), initial, basis)
    conv, dense = found.values()
    assert conv["span"] < 0.3 and conv["in_span"] > 0.9 and conv["span"] < conv["whole"]
    assert dense["span"] > 0.8 and conv["before"] > 0.8


def test_a_trial_says_what_training_did_to_the_first_layer():
    layers, settings = {"channels": 2, "size": 3, "hidden": 4}, {"steps": 3, "batch_size": 8, "learning_rate": 1e-2}
    run = lambda seed: sequence_trial("FC only", 32, layers, settings, held_out=20, seed=seed)
    found, initial = run(0), sq.labeller("FC only", 32, **layers, seed=0).first.weight.detach()
    basis = sq.span(32)
    assert found["distances"] == sq.distances(found["weights"], initial, basis)
    assert found["parameters"] == 32 * 32 + (32 + 1) * 4 + (4 + 1) * 32
    assert torch.equal(run(0)["weights"], found["weights"]) and not torch.equal(run(1)["weights"], found["weights"])
