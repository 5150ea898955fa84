"""Triangular factors: nothing is lost, whatever the order of updates, merges and readings."""

import pickle
from functools import reduce

import numpy as np
import pytest
import torch
from small_networks import ACTION, draw, small_net

from liegg import decide, polarize
from liegg.actions import Linear, translations
from liegg.symmetry.factors import BLOCK, MEMORY, Factor, Factors, parts_of
from liegg.training.networks import mlp


def explicit_rows(function, x):
    """One row a sample and output, by torch.func's Jacobian: no code in common with polarize."""
    jacobian = torch.func.vmap(torch.func.jacrev(lambda p: function(p[None])[0]))(x)  # (N, m, 6)
    return torch.einsum("smcj,sck->smjk", jacobian.unflatten(-1, (2, 3)), x.unflatten(-1, (2, 3))).reshape(-1, 9)


def test_factor_has_the_singular_values_of_the_explicit_matrix():
    net, x = small_net(), draw(200, 6)
    E = explicit_rows(net, x).detach()
    assert E.shape == (400, 9)
    matched = polarize(net, x, ACTION).matched[0]
    variance, directions = matched.variances()
    assert matched.samples == 200
    assert np.allclose(variance.flip(0), np.linalg.svd(E.numpy())[1] ** 2 / 200, rtol=1e-10)
    assert torch.allclose((E @ directions.T).square().sum(0) / 200, variance, rtol=1e-8)


def test_small_singular_values_survive():
    """1e-10 of the largest: squared, as in a Gram matrix, it would drown in float64 rounding."""
    U, V = (torch.linalg.qr(draw(n, 9, seed=n)).Q for n in (500, 9))
    S = torch.logspace(0, -10, 9).double()
    factor = Factor(9)
    for rows in ((U * S) @ V.T).split(50):
        factor.update(rows[:, None])
    assert torch.allclose(factor.variances()[0].flip(0), S**2 / 500, rtol=1e-4)


def test_parts_of_the_data_add_up_and_memory_stays():
    rows = draw(10003, 2, 5)
    whole, parts = Factor(5), Factor(5, parts=7)
    for some in rows.split(97):
        whole.update(some), parts.update(some)
        assert sum(len(r) for r in parts._waiting) * 2 < 7 * max(5, BLOCK)
    assert parts.samples == whole.samples == 10003
    assert torch.allclose(parts.triangle.T @ parts.triangle, rows.flatten(0, 1).T @ rows.flatten(0, 1))
    assert torch.allclose(
        parts.triangles[2].T @ parts.triangles[2], rows[2::7].flatten(0, 1).T @ rows[2::7].flatten(0, 1)
    )
    assert parts.counts.tolist() == [len(rows[c::7]) for c in range(7)]
    with pytest.raises(ValueError, match="do not merge"):
        whole.merge(parts)


@pytest.mark.parametrize("rows", [1, 300])  # all 100 samples wait, or they are absorbed as they come
def test_reading_a_factor_changes_nothing(rows):
    """A hundred samples in seven updates, to twenty parts: most updates end in the middle of a round."""
    E = draw(100, rows, 4)
    read, unread = Factor(4, parts=20), Factor(4, parts=20)
    for some in E.split(15):
        seen = read.samples + len(some)
        read.update(some), unread.update(some)
        for _ in range(2):
            counts = read.counts.tolist()
            assert counts == np.bincount(np.arange(seen) % 20, minlength=20).tolist() and sum(counts) == seen
            assert read.samples == seen
            assert torch.equal(read.triangles, read.triangles) and torch.equal(read.triangle, read.triangle)
        explicit = torch.stack(
            [E[:seen][part::20].flatten(0, 1).T @ E[:seen][part::20].flatten(0, 1) for part in range(20)]
        )
        assert torch.allclose(read.triangles.mT @ read.triangles, explicit)
    assert torch.equal(read.triangles, unread.triangles) and torch.equal(read.counts, unread.counts)


def test_factors_merge():
    net, x = small_net(), draw(100, 6)
    whole = polarize(net, x, ACTION).matched[0]
    one, other = (polarize(net, part, ACTION).matched[0] for part in (x[:30], x[30:]))
    before = one.triangles.clone(), other.triangles.clone()
    merged = one.merge(other)
    assert merged.samples == whole.samples == 100 and (one.samples, other.samples) == (30, 70)
    assert torch.equal(one.triangles, before[0]) and torch.equal(other.triangles, before[1])
    assert torch.allclose(merged.variances()[0], whole.variances()[0], rtol=1e-9)


# factors of parts of the data


def radial(seed):
    """A function of the radius with an error of its own."""
    net = mlp([3, 16, 1], seed=seed, bias=True).double()
    return lambda x: x.norm(dim=1).sin() + 0.1 * net(x)[:, 0]


FOUR = [radial(seed) for seed in range(4)]
ONE_OR_FOUR = pytest.mark.parametrize("functions", [FOUR[:1], FOUR], ids=["one", "four"])


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@ONE_OR_FOUR
def test_factors_of_parts_of_the_data_give_the_same_answer(functions, count):
    x, action = draw(4000, 3), Linear(3)
    parts = [polarize(functions, part, action) for part in x.tensor_split(count)]
    whole, merged = polarize(functions, x, action), reduce(Factors.merge, parts)
    assert (merged.networks, merged.samples) == (whole.networks, whole.samples) == (len(functions), 4000)
    for one, other in zip(whole.matched, merged.matched, strict=True):
        assert torch.allclose(
            torch.linalg.svdvals(other.triangle), torch.linalg.svdvals(one.triangle), rtol=1e-9, atol=0
        )
    assert torch.allclose(merged.alike, whole.alike)
    found, again = decide(whole, action), decide(merged, action)
    assert found.dimension == again.dimension == 3
    assert torch.allclose(again.variance, found.variance, rtol=1e-9)
    assert found.angles(again.generators)[-1] < 1e-6
    for control in CONTROLS.values():
        R, of_each = control(merged).triangle, [control(part).triangle for part in parts]
        assert torch.allclose(R.T @ R, sum(r.T @ r for r in of_each))


CONTROLS = {"mismatched": lambda factors: factors.mismatched[0], "data": lambda factors: factors.data}


def kinds(factors):
    return [*factors.matched, *factors.mismatched, factors.data]


def paired(gradient, point):
    """(N, 9) rows of gradients (N, 3) at points (N, 3)."""
    return torch.einsum("nj,nk->njk", gradient, point).flatten(1)


def spread_of_partners(functions, directions):
    """What the square of one pair along each direction (9,) changes by with another partner, as a standard deviation:
    of a gradient paired with a point, and of a point with the way to another. From pairs of our own."""
    x, one, other = (draw(200_000, 3, seed=seed) for seed in (1, 2, 3))
    gradients = [torch.func.grad(lambda p, f=f: f(p).sum())(x).detach() for f in functions]
    mismatched = lambda p: (paired(gradients[0], p) @ directions.T).square()
    data = lambda p: (paired(p - x, x) @ directions.T).square()
    return {"mismatched": (mismatched(one) - mismatched(other)).std(0), "data": (data(one) - data(other)).std(0)}


def variance(factor, directions):
    return (factor.triangle @ directions.T).square().sum(0) / factor.samples


@ONE_OR_FOUR
def test_controls_of_parts_agree_within_their_sampling_error(functions):
    """Parts of the data pair the same gradients with other partners, all but those of the first part. So their controls
    differ by a sampling error, whose size we know from pairs of our own: 0 on average, 1 in the mean square."""
    directions, action, N = torch.linalg.qr(draw(9, 9)).Q, Linear(3), 4000
    spread, z = spread_of_partners(functions, directions), {}
    for seed in range(1000, 1020):
        x = draw(N, 3, seed=seed)
        whole = polarize(functions, x, action)
        for count in (2, 7):
            merged = reduce(Factors.merge, [polarize(functions, part, action) for part in x.tensor_split(count)])
            for control, sd in spread.items():
                of = CONTROLS[control]
                difference = variance(of(merged), directions) - variance(of(whole), directions)
                z.setdefault((control, count), []).append(difference / sd / ((1 - 1 / count) / N) ** 0.5)
    for values in map(torch.stack, z.values()):
        assert values.abs().max() < 5 and values.mean().abs() < 0.4
        assert 0.7 < values.square().mean() < 1.4


def test_factors_of_other_functions_or_actions_do_not_merge():
    x = draw(100, 3)
    one, four, small = (
        polarize(FOUR[0], x, Linear(3)),
        polarize(FOUR, x, Linear(3)),
        polarize(FOUR[0], x, translations(3)),
    )
    with pytest.raises(ValueError, match="factors of 1 and of 4 functions do not merge"):
        one.merge(four)
    with pytest.raises(ValueError, match="do not merge"):
        one.merge(small)


@ONE_OR_FOUR
def test_halves_hold_every_other_sample(functions):
    x = draw(101, 3)
    factors = polarize(functions, x, Linear(3), batch_size=17)
    E = [paired(torch.func.grad(lambda p, f=f: f(p).sum())(x).detach(), x) for f in functions]
    halves = [factors.half(which) for which in (0, 1)]
    assert [half.samples for half in halves] == [51, 50] and all(half.networks == len(functions) for half in halves)
    for which, half in enumerate(halves):
        for factor, own in zip(half.matched, E, strict=True):  # of several beside the sum of all
            rows = (own if len(E) == 1 else torch.cat([own, sum(E)], 1))[which::2]
            assert torch.allclose(factor.triangle.T @ factor.triangle, rows.T @ rows, atol=1e-10)
    for one, other in zip(kinds(Factors.merge(*halves)), kinds(factors), strict=True):
        assert one.samples == other.samples
        assert torch.allclose(one.triangle.T @ one.triangle, other.triangle.T @ other.triangle, atol=1e-10)


def test_no_gradient_is_in_both_halves():
    """Samples 0, 2, 4, ... lie where the function is flat: neither E nor its control have rows of theirs."""
    x = draw(100, 3).abs()
    x[::2] *= -1
    factors = polarize(lambda p: p[:, 0].relu() ** 2 * p[:, 1].relu() ** 2 * p[:, 2], x, Linear(3))
    flat, steep = factors.half(0), factors.half(1)
    assert not flat.matched[0].triangle.any() and steep.matched[0].triangle.any()
    assert not flat.mismatched[0].triangle.any() and steep.mismatched[0].triangle.any()


@pytest.mark.parametrize("size", [1, 9, 500, 1000, 10_000])
def test_the_number_of_parts_is_even_and_keeps_memory_down(size):
    parts = parts_of(1, size)
    assert parts % 2 == 0 and parts_of(1, 9) == 20
    assert parts == 6 or (6 < parts <= 20 and parts * size**2 * 8 <= MEMORY)
    assert parts_of(3, size) == 2


@pytest.mark.parametrize("output_action", [None, Linear(2)])
def test_factors_survive_pickle(output_action):
    net, x = small_net(), draw(150, 6)
    factors = polarize(net, x, ACTION, output_action)
    again = pickle.loads(pickle.dumps(factors))
    assert decide(again, ACTION, output_action) == decide(factors, ACTION, output_action)
    assert again.merge(factors).samples == 300


def test_parts_of_one_sample():
    """They merge, with outputs too; but controls need pairs, and only parts have them."""
    x, net = draw(60, 6), small_net()
    parts = [polarize(net, part, ACTION, Linear(2)) for part in [x[:50], *x[50:].split(1)]]
    whole = reduce(Factors.merge, parts)
    assert whole.samples == 60 and decide(whole, ACTION, Linear(2)).samples == 60
    with pytest.raises(ValueError, match="controls have no pairs"):
        decide(reduce(Factors.merge, parts[1:]), ACTION, Linear(2))
    with pytest.raises(ValueError, match="factors must be what polarize made, not Tensor"):
        decide(x, ACTION)


@pytest.mark.parametrize("output_action", [None, Linear(2)])
def test_what_is_kept_of_several_tells_of_each_alone(output_action):
    nets, x = [small_net(seed=s) for s in range(3)], draw(150, 6)
    factors = polarize(nets, x, ACTION, output_action)
    kept = Factors.from_state_dict(factors.state_dict())
    for a, net in enumerate(nets):
        by_itself = decide(polarize(net, x, ACTION, output_action), ACTION, output_action)
        for source, tolerance in ((factors, 1e-9), (kept, 1e-5)):
            alone = decide(source.alone(a), ACTION, output_action)
            assert alone.networks == 1 and alone.samples == 150 and alone.dimension == by_itself.dimension
            assert torch.allclose(alone.variance, by_itself.variance, rtol=tolerance)
            assert torch.allclose(alone.chance_ratio, by_itself.chance_ratio, rtol=tolerance)
            assert alone.variance_interval.isnan().all() and by_itself.variance_interval.isfinite().all()


@pytest.mark.parametrize("output_action", [None, Linear(2)])
@pytest.mark.parametrize("count", [1, 3])
def test_what_is_kept_decides_the_same(count, output_action):
    nets = [small_net(seed=s, dtype=torch.float32) for s in range(count)]
    factors = polarize(nets if count > 1 else nets[0], draw(150, 6).float(), ACTION, output_action)
    state = factors.state_dict()
    kept = Factors.from_state_dict({name: tensor.clone() for name, tensor in state.items()})
    found, again = (decide(f, ACTION, output_action) for f in (factors, kept))
    assert again.dimension == found.dimension and again.samples == found.samples == 150
    for name in ("variance", "chance_ratio", "coherence"):
        if getattr(found, name) is not None:
            assert torch.allclose(getattr(again, name), getattr(found, name), rtol=1e-4, atol=1e-6), name
    for name, tensor in kept.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    size = 2 * factors.data.triangle.shape[0] ** 2 * (4 if count == 1 else 12) * 4
    assert sum(t.numel() * t.element_size() for t in state.values()) < size


@ONE_OR_FOUR
def test_what_is_kept_of_parts_merges(functions):
    x, action = draw(400, 3), Linear(3)
    parts = [Factors.from_state_dict(polarize(functions, part, action).state_dict()) for part in x.split(100)]
    merged, whole = reduce(Factors.merge, parts), polarize(functions, x, action)
    assert merged.samples == 400 and torch.allclose(merged.alike, whole.alike)
    found, again = decide(whole, action), decide(merged, action)
    assert again.dimension == found.dimension and torch.allclose(again.variance, found.variance, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda factors: factors.half(2), "there are halves 0 and 1, not 2"),
        (lambda factors: factors.merge(None), "not with NoneType"),
        (lambda factors: factors.alone(3), "there are functions 0 to 2, not 3"),
        (lambda factors: factors.alone(-1), "there are functions 0 to 2, not -1"),
        (lambda factors: Factors.from_state_dict({}), "no state_dict of factors: it has nothing"),
        (lambda factors: Factors.from_state_dict({"weight": torch.ones(3)}), "it has weight"),
    ],
)
def test_what_factors_cannot_do_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call(polarize([small_net(seed=s) for s in range(3)], draw(40, 6), ACTION))


def test_halves_end():
    halves = polarize([small_net(seed=s) for s in range(3)], draw(40, 6), ACTION).half(0)
    with pytest.raises(ValueError, match="no halves"):
        halves.half(0)


@pytest.mark.parametrize("batch", [1, 7, 50])
def test_rows_that_are_no_divisor_of_a_block_are_all_counted(batch):
    """Samples of three rows come few at a time, to 20 parts."""
    rows = torch.randn(4000, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    at_once, few = Factor(4, parts=20), Factor(4, parts=20)
    at_once.update(rows)
    for piece in rows.split(batch):
        few.update(piece)
    assert few.counts.tolist() == at_once.counts.tolist() == [200] * 20
    for part, triangle in enumerate(few.triangles):
        own = rows[part::20].flatten(0, 1)
        assert torch.allclose(triangle.T @ triangle, own.T @ own)
