"""Several functions: coherence against explicit matrices, its rule, and networks that were really trained."""

import numpy as np
import pytest
import torch

from liegg import find_symmetry, models, targets, zoo
from liegg.actions import Linear
from liegg.counting import bootstrap_interval, count_symmetries


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def imperfect(error, seed):
    """A function of the radius with an error of its own."""
    net = models.mlp([3, 16, 1], seed=seed, bias=True).double()
    return lambda x: x.norm(dim=1).sin() + error * net(x)[:, 0]


FUNCTIONS = [imperfect(0.1, seed) for seed in range(4)]
POINTS = draw(500, 3)


def explicit(functions, x):
    """(M, N, 9) polarization rows, by torch.func: no code in common with polarize."""
    grads = [torch.func.vmap(torch.func.grad(lambda p, f=f: f(p[None])[0]))(x) for f in functions]
    return np.stack([torch.einsum("nj,nk->njk", g.detach(), x).reshape(len(x), 9).numpy() for g in grads])


def test_coherence_is_the_ratio_of_cross_to_own_products():
    found, E = find_symmetry(FUNCTIONS, POINTS, Linear(3)), explicit(FUNCTIONS, POINTS)
    M, N = E.shape[:2]
    C = sum(E[a].T @ E[b] for a in range(M) for b in range(M) if a != b) / (M * (M - 1) * N)
    O = sum(e.T @ e for e in E) / (M * N)
    v = found.coefficients.numpy()
    assert np.allclose(v @ C @ v.T, np.diag(found.shared.numpy()), atol=1e-12)  # eigenvectors of C
    assert np.all(np.diff(found.shared.numpy()) >= 0)
    assert np.allclose(found.variance, np.einsum("ki,ij,kj->k", v, O, v))
    assert np.allclose(found.coherence, found.shared / found.variance)
    assert found.functions == 4 and found.samples == 500 and len(found.chunks) == 0


def test_the_interval_is_a_jackknife_over_functions():
    found, E = find_symmetry(FUNCTIONS, POINTS, Linear(3)), explicit(FUNCTIONS, POINTS)
    rows = E @ found.coefficients.numpy().T  # (M, N, K)

    def coherence(rows):
        M, total = len(rows), rows.sum(0)
        own = (rows**2).sum((0, 1))
        return ((total**2).sum(0) - own) / (M - 1) / own

    left_out = np.stack([coherence(np.delete(rows, a, 0)) for a in range(4)])
    error = np.sqrt(3 / 4 * ((left_out - left_out.mean(0)) ** 2).sum(0))
    expected = np.stack([coherence(rows) - 3.182446 * error, coherence(rows) + 3.182446 * error], 1)
    assert np.allclose(found.coherence_interval, expected.clip(-1 / 3, 1), rtol=1e-5, atol=1e-9)


def test_batches_and_merging_do_not_matter_to_several():
    one, other = (find_symmetry(FUNCTIONS, POINTS, Linear(3), batch_size=b) for b in (17, 500))
    assert torch.allclose(one.products, other.products, atol=1e-10)
    assert torch.allclose(one.mismatched, other.mismatched)


def test_several_exact_functions_have_no_coherence_along_their_symmetries():
    found = find_symmetry([lambda x, c=c: c * x.norm(dim=1).sin() for c in (1, 1.2, 0.9)], POINTS, Linear(3))
    assert found.dimension == 3 and (found.coherence[:3] == 0).all() and found.coherence[3:].min() > 0.9


def test_functions_that_share_nothing_share_no_symmetry():
    """Untrained small networks are nearly linear and each has symmetries; together they have none."""
    for target in (targets.zoo()["so(3)"], targets.zoo()["so(3)+so(3)"]):
        x = target.points(500, seed=0).float()
        nets = [models.mlp([6, 16, 1], seed=s, bias=True) for s in range(4)]
        assert find_symmetry(nets, x, target.action).dimension == 0


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        (FUNCTIONS[:2], "at least three"),
        ([], "at least three"),
        ([*FUNCTIONS[:2], FUNCTIONS[1]], "functions 1 and 2 are the same"),
        ([*FUNCTIONS[:2], lambda x: (0 * x).sum(1)], "function 2 pairs to zero"),
        ([*FUNCTIONS[:2], lambda x: x.square()], "differ in their outputs"),
    ],
)
def test_bad_lists_are_named(functions, words):
    with pytest.raises(ValueError, match=words):
        find_symmetry(functions, POINTS, Linear(3))


def sure(*coherence):
    return torch.tensor([[k, k - 0.05, k + 0.05] for k in coherence])


@pytest.mark.parametrize(
    ("variance", "chance", "coherence", "expected"),
    [
        ([0.01, 0.02, 1, 1.5], [0.01, 0.02, 1, 1], sure(0.1, 0.2, 0.98, 0.99), 2),
        ([0.01, 0.02, 0.05, 1], [0.01, 0.02, 0.05, 1], sure(0.1, 0.2, 0.6, 0.99), 3),  # a shared bias, but a clear step
        ([0.01, 0.02, 0.1, 1], [0.5, 0.5, 0.8, 1], sure(0.9, 0.96, 0.98, 0.99), 0),  # small, and all share it
        ([0.001, 0.002, 1, 1], [1, 1, 1, 1], sure(0.1, 0.1, 0.99, 0.99), 2),  # a constant field, say a translation
        ([0.001, 0.002, 1, 1], [1, 1, 1, 1], sure(0.1, 0.92, 0.99, 0.99), 1),
        ([0.1, 0.3, 0.3, 0.4], [0.4, 0.5, 0.5, 0.5], sure(0.02, 0.3, 0.4, 0.4), 1),  # much error, one direction silent
        ([0.1, 0.3, 0.3, 0.4], [0.4, 0.5, 0.5, 0.5], sure(0.02, 0.06, 0.1, 0.1), 0),  # nothing shared at all
        ([0.1, 0.3, 0.3, 0.4], [0.4, 0.5, 0.5, 0.5], sure(0.3, 0.45, 0.5, 0.6), 0),
        ([1e-31, 0.01, 1, 1], [1, 0.01, 1, 1], sure(0, 0.2, 0.9, 0.9), 2),  # an exact symmetry and a learned one
        ([1.0], [1.0], sure(0.9), 0),
    ],
)
def test_the_rule_for_several(variance, chance, coherence, expected):
    ordinary = torch.ones(1, 3)
    measures = torch.tensor([*variance, 1.0]), torch.tensor([*chance, 1.0]), torch.cat([coherence, ordinary])
    assert count_symmetries(*measures) == expected


def test_the_bootstrap_has_the_width_of_the_standard_error():
    values = draw(400, 3) * torch.tensor([1.0, 2.0, 3.0])
    low, high = bootstrap_interval(values, seed=1).T
    assert torch.allclose((high - low) / 2, 1.96 * values.std(0) / 20, rtol=0.1)
    assert torch.allclose((high + low) / 2, values.mean(0), atol=0.05)


def test_one_function_has_intervals_from_parts_of_the_data():
    found, E = find_symmetry(FUNCTIONS[0], POINTS, Linear(3)), explicit(FUNCTIONS[:1], POINTS)[0]
    squares = (E @ found.coefficients.numpy().T) ** 2
    assert np.allclose(found.chunks[3], squares[3::20].mean(0))
    assert np.allclose(found.variance, squares.mean(0))
    half = (found.variance_interval[:, 1] - found.variance_interval[:, 0]) / 2
    assert np.allclose(half, 1.96 * squares.std(0) / 500**0.5, rtol=0.5)
    assert found.coherence is None and found.coherence_interval is None and found.shared is None


def test_trained_networks_are_told_apart():
    """A symmetry that was learned, and a function that has none: a small zoo of two."""
    zoo_ = targets.zoo(seed=50)
    for name, true in (("so(3)", 3), ("discrete", 0)):
        nets = zoo.teach(
            [zoo_[name]],
            [0.0],
            networks=4,
            samples=2000,
            width=32,
            layers=2,
            steps=500,
            batch_size=200,
            lr=1e-2,
            seed=7,
        )
        (row, *single), found = zoo.examine(zoo_[name], nets[0], zoo_[name].points(1000, seed=3))
        assert (row["found"], row["true"], row["trivial"], len(single)) == (true, true, 0, 4)
        assert found.coherence[true:].min() > 0.8
        if true:
            assert row["angle"] < 5 and row["name"] == "so(3)"
