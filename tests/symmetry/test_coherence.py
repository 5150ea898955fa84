"""Several functions: coherence against explicit matrices, and what they have in common."""

import numpy as np
import pytest
import torch

from liegg import find_symmetry
from liegg.actions import Linear
from liegg.studies.lens import targets
from liegg.training.networks import mlp


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def imperfect(error, seed):
    """A function of the radius with an error of its own."""
    net = mlp([3, 16, 1], seed=seed, bias=True).double()
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
    assert found.networks == 4 and found.samples == 500 and len(found.chunks) == 0


def test_what_is_held_out_is_said_of_directions_that_the_others_found():
    """Of each function along the eigenvectors of the cross product of the other three."""
    found, E = find_symmetry(FUNCTIONS, POINTS, Linear(3)), explicit(FUNCTIONS, POINTS)
    for a in range(4):
        others = np.delete(E, a, 0)
        total = others.sum(0)
        _, v = np.linalg.eigh(total.T @ total - sum(e.T @ e for e in others))
        assert np.allclose(found.held_own[a], ((E[a] @ v) ** 2).mean(0), atol=1e-10)
        assert np.allclose(found.held_summed[a], ((E[a] @ v) * (E.sum(0) @ v)).mean(0), atol=1e-10)
    assert find_symmetry(FUNCTIONS[0], POINTS, Linear(3)).held_own.shape == (0, 9)


def test_batches_and_merging_do_not_matter_to_several():
    one, other = (find_symmetry(FUNCTIONS, POINTS, Linear(3), batch_size=b) for b in (17, 500))
    assert torch.allclose(one.own, other.own, atol=1e-10) and torch.allclose(one.summed, other.summed, atol=1e-10)
    assert torch.allclose(one.mismatched, other.mismatched)


def test_several_exact_functions_have_no_coherence_along_their_symmetries():
    found = find_symmetry([lambda x, c=c: (c * x.norm(dim=1)).sin() for c in (1, 1.1, 0.9)], POINTS, Linear(3))
    assert found.dimension == 3 and (found.coherence[:3] == 0).all() and found.coherence[3:].min() > 0.9


def test_functions_that_share_nothing_share_no_symmetry():
    """Untrained small networks are nearly linear and each has symmetries; together they have none, but for as many
    groups of them as the level allows."""
    found = []
    for target in (targets.known()["so(3)"], targets.known()["so(3)+so(3)"]):
        x = target.points(500, seed=0).float()
        for first in range(0, 120, 4):
            nets = [mlp([6, 16, 1], seed=first + s, bias=True) for s in range(4)]
            found.append(find_symmetry(nets, x, target.action).dimension > 0)
    assert sum(found) <= 8  # of 60 at level .05, but for one time in a hundred


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


def test_one_function_has_intervals_from_parts_of_the_data():
    found, E = find_symmetry(FUNCTIONS[0], POINTS, Linear(3)), explicit(FUNCTIONS[:1], POINTS)[0]
    squares = (E @ found.coefficients.numpy().T) ** 2
    assert np.allclose(found.chunks[3], squares[3::20].mean(0))
    assert np.allclose(found.variance, squares.mean(0))
    half = (found.variance_interval[:, 1] - found.variance_interval[:, 0]) / 2
    assert np.allclose(half, 1.96 * squares.std(0) / 500**0.5, rtol=0.5)
    assert found.coherence is None and found.coherence_interval is None and found.shared is None


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(
    ("factors", "which"), [((1, 2, 3), "0 and 1"), ((1, -1, None), "0 and 1"), ((1, None, -0.5), "0 and 2")]
)
def test_multiples_of_one_function_are_not_several(factors, which, dtype):
    other = mlp([3, 16, 1], seed=9, bias=True).to(dtype)
    net = mlp([3, 16, 1], seed=5, bias=True).to(dtype)
    functions = [other if c is None else lambda x, c=c: c * net(x) for c in factors]
    with pytest.raises(ValueError, match=f"functions {which} are the same, up to a factor"):
        find_symmetry(functions, POINTS.to(dtype), Linear(3))


def test_functions_that_are_nearly_the_same_are_several():
    nearly = [imperfect(1e-3, seed) for seed in range(3)]
    assert find_symmetry(nearly, POINTS, Linear(3)).dimension == 3
