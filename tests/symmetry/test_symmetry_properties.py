"""What find_symmetry says of a function does not depend on order, parts, batches, units and coordinates; what is known
exactly is found in any size; and what cannot be asked is refused."""

import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import draw
from torch import nn

from liegg import algebra, decide, find_symmetry, polarize
from liegg.actions import Linear

SEED = st.integers(0, 2**31)
SIGNATURE = st.tuples(st.integers(0, 3), st.integers(0, 2)).filter(lambda pq: 2 <= sum(pq) <= 4)
pytestmark = pytest.mark.filterwarnings("ignore:.*samples vary.*")


def orthogonal(n, seed):
    return torch.linalg.qr(draw(n, n, seed=seed)).Q


def invertible(n, seed):
    """With singular values from 1 to 2."""
    return orthogonal(n, seed) * torch.linspace(1, 2, n).double() @ orthogonal(n, seed + 1)


def quadratic(p, q, g, seed):
    """A function of xᵀ gᵀηg x, and its algebra g⁻¹ so(p, q) g."""
    eta = torch.diag(torch.tensor([1.0] * p + [-1.0] * q)).double()
    form = g.T @ eta @ g
    a, b = draw(2, seed=seed).abs() + 0.5
    f = lambda x: (a * ((x @ form) * x).sum(-1) / form.norm()).sin() + b * ((x @ form) * x).sum(-1) / form.norm()
    return f, algebra.conjugate(algebra.so(p, q), torch.linalg.inv(g))


def determinant(n, g, seed):
    """Of n vectors, and sl(n)."""
    return lambda x: (draw(1, seed=seed).abs() + 0.5) * torch.linalg.det(x.reshape(len(x), n, n)), algebra.sl(n)


def symplectic(n, g, seed):
    """The area of two vectors of R^2n in other coordinates, and the algebra g⁻¹ sp(n) g."""
    J = torch.kron(torch.tensor([[0.0, 1.0], [-1.0, 0.0]]), torch.eye(n)).double()
    form = g.T @ J @ g
    f = lambda x: (x[:, : 2 * n] @ form * x[:, 2 * n :]).sum(1).div(4).tanh()
    return f, algebra.conjugate(algebra.sp(n), torch.linalg.inv(g))


@st.composite
def known(draw_one):
    """A function, its algebra, an action and samples."""
    kind, seed = draw_one(st.sampled_from(["so", "sl", "sp"])), draw_one(SEED)
    if kind == "so":
        p, q = draw_one(SIGNATURE)
        f, basis = quadratic(p, q, invertible(p + q, seed), seed)
        action = Linear(p + q)
    elif kind == "sl":
        action = Linear(n := draw_one(st.integers(2, 3)), copies=n)
        f, basis = determinant(n, None, seed)
    else:
        n = draw_one(st.integers(1, 2))
        f, basis = symplectic(n, invertible(2 * n, seed), seed)
        action = Linear(2 * n, copies=2)
    return f, basis, action, draw(80, action.n * action.copies, seed=seed + 2)


def recovers(found, basis):
    assert found.dimension == len(basis) and found.angles(basis).sum() < 1e-4
    assert found.relative_variance[: len(basis)].max() < 1e-20
    flat = found.generators.flatten(1)
    assert torch.allclose(flat @ flat.T, torch.eye(len(basis)).double(), atol=1e-9)
    assert found.closure < 1e-8


def gram(factors):
    return factors.matched[0].triangle.T @ factors.matched[0].triangle


def same(one, other):
    return torch.allclose(one, other, rtol=1e-9, atol=1e-9 * float(other.abs().max()))


def some_net(n, outputs, seed):
    """An ordinary function of n numbers, without a symmetry."""
    first, second = draw(n, 6, seed=seed), draw(6, outputs, seed=seed + 1)
    return lambda x: (x @ first.to(x)).tanh() @ second.to(x)


@settings(max_examples=40)
@given(case=known())
def test_known_algebras_are_recovered(case):
    f, basis, action, x = case
    recovers(find_symmetry(f, x, action), basis)


@given(case=known(), seed=SEED)
def test_the_order_of_the_samples_does_not_matter(case, seed):
    f, basis, action, x = case
    shuffled = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))]
    one, other = (polarize(f, samples, action) for samples in (x, shuffled))
    assert same(gram(one), gram(other)) and same(one.alike, other.alike)
    recovers(decide(other, action), basis)


@given(case=known(), cuts=st.lists(st.integers(4, 76), max_size=3, unique=True))
def test_parts_merge_to_the_whole(case, cuts):
    f, basis, action, x = case
    whole, *parts = (polarize(f, some, action) for some in (x, *x.tensor_split(sorted(cuts))))
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    assert merged.samples == whole.samples == 80
    assert same(gram(merged), gram(whole)) and same(merged.alike, whole.alike)
    recovers(decide(merged, action), basis)


@given(seed=SEED, outputs=st.integers(1, 12), batch_size=st.integers(8, 70), several=st.booleans())
def test_batches_do_not_matter(seed, outputs, batch_size, several):
    nets = [some_net(4, outputs, seed + 2 * i) for i in range(3)] if several else some_net(4, outputs, seed)
    x, action = draw(60, 4, seed=seed), Linear(2, copies=2)
    one, other = (find_symmetry(nets, x, action, batch_size=size) for size in (None, batch_size))
    assert one.dimension == other.dimension and same(other.variance, one.variance)
    assert same(other.summed, one.summed) and same(other.mismatched, one.mismatched)
    as_batches = find_symmetry(nets, iter(x.split(batch_size)), action)
    assert same(as_batches.variance, one.variance)


@given(seed=SEED, outputs=st.integers(1, 3), c=st.floats(1e-4, 1e4), sign=st.sampled_from([-1, 1]))
def test_the_units_of_the_output_do_not_matter(seed, outputs, c, sign):
    f, x, action = some_net(4, outputs, seed), draw(60, 4, seed=seed), Linear(2, copies=2)
    one, other = (find_symmetry(g, x, action) for g in (f, lambda x: sign * c * f(x)))
    assert one.dimension == other.dimension and torch.allclose(other.variance, c**2 * one.variance, rtol=1e-8)
    assert same(other.relative_variance, one.relative_variance) and same(other.chance_ratio, one.chance_ratio)


@given(case=known(), seed=SEED)
def test_generators_go_along_with_a_turn_of_the_coordinates(case, seed):
    f, basis, action, x = case
    Q = orthogonal(action.n, seed)
    turned = lambda x: (x.reshape(len(x), -1, action.n) @ Q.T).flatten(1)
    back = lambda x: (x.reshape(len(x), -1, action.n) @ Q).flatten(1)
    one, other = find_symmetry(f, x, action), find_symmetry(lambda x: f(back(x)), turned(x), action)
    recovers(other, Q @ basis @ Q.T)
    d = len(basis)
    assert torch.allclose(other.variance[d:], one.variance[d:], rtol=1e-6)


@given(n=st.integers(2, 4), m=st.integers(0, 1), seed=SEED)
def test_linear_maps_carry_every_generator_over(n, m, seed):
    M = invertible(n + m, seed)[:, :n]
    found = find_symmetry(lambda x: x @ M.T, draw(80, n, seed=seed), Linear(n), output_action=Linear(n + m))
    assert found.dimension == n * n
    A, B = found.generators, found.output_generators
    assert torch.allclose(M @ A, B @ M, atol=1e-9)


@given(n=st.integers(2, 3), power=st.integers(1, 2), seed=SEED)
def test_a_field_along_the_radius_turns_and_scales_with_the_point(n, power, seed):
    f = lambda x: x * x.square().sum(1, keepdim=True) ** power
    found = find_symmetry(f, draw(80, n, seed=seed), Linear(n), output_action=Linear(n))
    known = torch.cat([algebra.so(n), algebra.scaling(n)])
    assert found.dimension == len(known) and found.angles(known).sum() < 1e-4
    A, B = found.generators, found.output_generators
    trace = torch.einsum("dii->d", A)[:, None, None] / n * torch.eye(n).double()
    assert torch.allclose(B, A + 2 * power * trace, atol=1e-8)


@st.composite
def networks(draw_one):
    """A module in some state: modes, frozen weights, gradients that are there, dtype."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draw_one(SEED))
        net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Dropout(0.5), nn.Linear(6, 2))
    net = net.to(draw_one(st.sampled_from([torch.float32, torch.float64])))
    for module in net.modules():
        module.training = draw_one(st.booleans())
    for p in net.parameters():
        p.requires_grad_(draw_one(st.booleans()))
        p.grad = torch.ones_like(p) if draw_one(st.booleans()) else None
    return net


def state(net):
    grads = [None if p.grad is None else p.grad.clone() for p in net.parameters()]
    tensors = [*(t.clone() for t in net.state_dict().values()), *grads, torch.get_rng_state()]
    flags = [m.training for m in net.modules()], [(p.requires_grad, p.dtype, id(p)) for p in net.parameters()]
    return tensors, (
        *flags,
        torch.is_grad_enabled(),
        torch.get_default_dtype(),
        [len(m._forward_hooks) for m in net.modules()],
    )


@settings(max_examples=40)
@given(net=networks(), wrong=st.booleans(), double=st.booleans(), batch_size=st.none() | st.integers(1, 40))
def test_the_model_and_the_data_are_left_as_they_were(net, wrong, double, batch_size):
    """Even where the call is refused half way."""
    x = draw(40, 4, seed=1, dtype=torch.float64 if double else torch.float32)
    if wrong:
        x[-1, -1] = torch.nan
    before, data = state(net), x.clone()
    try:
        find_symmetry(net, x, Linear(2, copies=2), batch_size=batch_size)
        assert not wrong
    except ValueError:
        assert wrong
    after = state(net)
    assert before[1] == after[1] and torch.equal(x.nan_to_num(7), data.nan_to_num(7)) and not x.requires_grad
    assert all(a is b is None or torch.equal(a, b) for a, b in zip(before[0], after[0], strict=True))


X = draw(40, 4)
GOOD = {
    "models": [some_net(4, 2, 0), some_net(4, 1, 5), [some_net(4, 2, seed) for seed in (0, 2, 4)]],
    "inputs": [X, X.float(), [X[:20], X[20:]], [(X, torch.ones(40))]],
    "action": [Linear(2, copies=2), Linear(4)],
    "output_action": [None],
    "batch_size": [None, 7],
}
BAD = {
    "models": [
        *(
            None,
            3,
            "net",
            [],
            [some_net(4, 2, 0)] * 2,
            [some_net(4, 2, 0)] * 3,
            [some_net(4, 2, 0), None, 3],
            Linear(2),
        ),
        *(nn.Identity, lambda x: x.sum(), lambda x: None, lambda x: x[:3], lambda x: x * 0),
        *(lambda x: x.detach(), lambda x: x.long(), lambda x: x.cumsum(0), lambda x: x[:, :0]),
        *(lambda x: x.sqrt(), lambda x: x + 0j, lambda: 3),
    ],
    "inputs": [
        *(None, 3, "data", [], [[]], [None], {}, torch.tensor(1.0), X[:0], X[:1], X.long(), X > 0),
        *(
            X.log(),
            X / 0,
            X[0],
            X + 0j,
            X.to("meta"),
            [X, X[:, :2]],
            [X, X[:3].log()],
            iter([]),
            X.numpy(),
            torch.ones(40, 4),
        ),
    ],
    "action": [None, 3, "Linear", Linear, Linear(3), Linear(2), Linear(4, copies=2)],
    "output_action": [3, Linear, Linear(3), Linear(2, copies=3)],
    "batch_size": [0, -1, 2.5, "all", True],
}


def refused(arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            find_symmetry(**arguments)
        except (ValueError, TypeError) as error:
            return not isinstance(error, UnicodeError)
    return False


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_outputs_that_are_not_finite_cannot_be_moved(wrong):
    with pytest.raises(ValueError, match="outputs are NaN or infinite"):
        find_symmetry(lambda x: x + wrong, X, Linear(4), output_action=Linear(4))


@settings(max_examples=60)
@given(good=st.fixed_dictionaries({name: st.sampled_from(values) for name, values in GOOD.items()}))
def test_what_is_good_is_answered(good):
    assert not refused(good)


@settings(max_examples=250)
@given(
    good=st.fixed_dictionaries({name: st.sampled_from(values) for name, values in GOOD.items()}),
    bad=st.sets(st.sampled_from(list(BAD)), min_size=1, max_size=2),
    pick=st.integers(0, 100),
)
def test_what_is_bad_is_refused_with_an_error_of_its_own(good, bad, pick):
    worse = {name: BAD[name][pick % len(BAD[name])] for name in bad}
    assert refused({**good, **worse}), worse
