"""What every action promises: its derivative, its matrices, that its motions compose."""

import numpy as np
import pytest
import torch

from liegg import algebra
from liegg.actions import (
    Affine,
    Affine2d,
    Copies,
    Flow,
    Linear,
    Polynomial,
    Product,
    Restricted,
    Tensor,
    VectorFields,
    translations,
)

LINEAR = Linear(3, copies=2)
AFFINE = Affine2d()


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


FIELDS = VectorFields([lambda x: x.sin(), lambda x: x.roll(1, 1) * x, lambda x: torch.ones_like(x)], points=draw(40, 4))


SIDE_BY_SIDE = Product([(Linear(2), 2), (None, 1), (FIELDS, 4), (Affine(3, copies=2), 6)])


OTHERS = [
    (Affine(3, copies=2), draw(7, 6)),
    (Affine(2), draw(7, 1, 2)),
    (translations(3, copies=2), draw(7, 6)),
    (Polynomial(2, 2, copies=2), draw(7, 4)),
    (Polynomial(3, 1), draw(7, 3)),
    (FIELDS, draw(7, 4)),
    (Tensor(3, 2), draw(7, 9)),
    (Tensor(3, 2), draw(7, 3, 3)),
    (Tensor(2, 3), draw(7, 8)),
    (Copies(Tensor(2, 2), 3), draw(5, 3, 4)),
    (SIDE_BY_SIDE, draw(7, 13)),
    (Copies(AFFINE, 3), draw(4, 3, 1, 8, 9)),
    (Copies(FIELDS, 2), draw(7, 2, 4)),
    (Flow(2), draw(7, 6)),
    (Flow(2, "points"), draw(7, 8)),
    (Restricted(LINEAR, algebra.so(3)), draw(7, 6)),
    (Restricted(AFFINE, algebra.translations(2)), draw(4, 2, 9, 9)),
]


@pytest.mark.parametrize(
    ("action", "x"),
    [
        *OTHERS,
        (LINEAR, draw(7, 6)),
        (LINEAR, draw(7, 2, 3)),
        (AFFINE, draw(4, 1, 9, 9)),
        (AFFINE, draw(4, 3, 8, 13)),
        (AFFINE, draw(4, 2, 11, 6)),
    ],
)
def test_pair_is_the_derivative_of_act(action, x):
    grad, h = draw(*x.shape, seed=1), 1e-7
    rows = action.pair(x, grad)
    assert rows.shape == (len(x), action.size)
    for i, direction in enumerate(torch.eye(action.size).double()):
        ahead, back = action.act(direction, x, h), action.act(direction, x, -h)
        slope = (grad * (ahead - back)).flatten(1).sum(1) / (2 * h)
        assert torch.allclose(rows[:, i], slope, atol=1e-5 * float(rows.abs().max()))


@pytest.mark.parametrize(("action", "x"), [*OTHERS, (LINEAR, draw(7, 2, 3)), (AFFINE, draw(4, 3, 8, 13))])
def test_pair_takes_the_gradients_of_several_outputs(action, x):
    grads = draw(5, *x.shape, seed=1)
    assert torch.allclose(action.pair(x, grads), torch.stack([action.pair(x, g) for g in grads]))


@pytest.mark.parametrize(
    ("action", "x"), [*OTHERS, (LINEAR, draw(7, 6)), (LINEAR, draw(7, 2, 3)), (AFFINE, draw(4, 3, 8, 13))]
)
def test_pairing_at_some_of_the_points_is_pair_there(action, x):
    paired = action.pairing(x)
    for places in (
        slice(None),
        slice(1, 3),
        slice(2, None),
        slice(0, 0),
        torch.tensor([3, 0, 0, 2]),
        torch.arange(len(x)),
    ):
        here = x[places]
        for shape in (here.shape, (2, *here.shape)):  # of one output, and of two
            grads = draw(*shape, seed=1)
            rows = paired(grads, places)
            assert rows.shape == (*shape[: len(shape) - x.ndim + 1], action.size)
            assert torch.allclose(rows, action.pair(here, grads), atol=1e-12)
    assert torch.equal(paired(x), paired(x, slice(None)))


@pytest.mark.parametrize("action", [LINEAR, AFFINE, *(action for action, _ in OTHERS)])
def test_coefficients_and_matrices_are_inverse_and_isometric(action):
    a = draw(4, action.size)
    A = action.matrix(a)
    assert torch.allclose(action.coefficients(A), a, atol=1e-14)
    assert torch.allclose(torch.linalg.matrix_norm(A), a.norm(dim=1))


@pytest.mark.parametrize(("action", "x"), OTHERS)
def test_transformations_compose_and_take_a_time_for_each_sample(action, x):
    a = 0.3 * draw(action.size)
    if "Affine2d" not in repr(action):  # images are resampled each time
        assert torch.allclose(action.act(a, action.act(a, x, 0.3), 0.4), action.act(a, x, 0.7), atol=1e-8)
    times = torch.linspace(-0.5, 0.5, len(x)).double()
    each = torch.cat([action.act(a, x[s : s + 1], float(t)) for s, t in enumerate(times)])
    assert torch.allclose(action.act(a, x, times), each, atol=1e-8)


@pytest.mark.parametrize(
    ("action", "shape", "words"),
    [
        (LINEAR, (4, 5), "6 numbers a sample"),
        (LINEAR, (4,), "6 numbers a sample"),
        (AFFINE, (4, 28, 28), "images"),
        (AFFINE, (4, 784), "images"),
        (Tensor(3, 2), (4, 6), "9 numbers a sample"),
        (Tensor(3, 2), (9,), "9 numbers a sample"),
    ],
)
def test_action_that_does_not_fit(action, shape, words):
    x = torch.zeros(shape)
    with pytest.raises(ValueError, match=words):
        action.pair(x, x)


def test_impossible_sizes_and_matrices():
    with pytest.raises(ValueError, match="positive"):
        Linear(0)
    with pytest.raises(ValueError, match="3 x 3 generators"):
        LINEAR.coefficients(torch.eye(2))
    with pytest.raises(ValueError, match="last row"):
        AFFINE.coefficients(torch.eye(3))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Polynomial(0, 2), "n >= 1"),
        (lambda: Polynomial(2, 2).velocity(draw(5, 3)), "2 numbers a sample"),
        (lambda: VectorFields([], draw(5, 2)), "at least one field"),
        (lambda: VectorFields([lambda x: x[:, :1]], draw(5, 2)).velocity(draw(5, 2)), "field 0 maps"),
        (lambda: VectorFields([lambda x: x**2], draw(5, 2)).act(torch.ones(1), torch.ones(3, 2), 5.0), "blows up"),
        (lambda: Product([(None, 3)]), "at least one part"),
        (lambda: SIDE_BY_SIDE.velocity(draw(5, 12)), r"samples \(B, 13\)"),
        (lambda: Copies(FIELDS, 0), "positive count"),
        (lambda: Copies(FIELDS, 2).velocity(draw(5, 3, 4)), r"samples \(B, 2, ...\)"),
        (lambda: Restricted(LINEAR, algebra.so(3)).coefficients(torch.eye(3).double()), "not in the span"),
        (lambda: Affine(0), "positive whole numbers"),
        (lambda: Tensor(3, 0), "positive whole numbers"),
        (lambda: Tensor(2.0, 2), "positive whole numbers"),
        (lambda: Tensor(3, 2).coefficients(torch.eye(9).double()), "3 x 3 generators"),
    ],
)
def test_bad_compositions_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


NAN, INF = float("nan"), float("inf")
SO3 = algebra.so(3)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, 2.0, True, "2", None, NAN])
@pytest.mark.parametrize(
    "make",
    [
        lambda n: Linear(n),
        lambda n: Linear(2, copies=n),
        lambda n: Affine(n),
        lambda n: Tensor(n, 2),
        lambda n: Tensor(2, n),
        lambda n: Polynomial(n, 2),
        lambda n: Polynomial(2, n - 1 if type(n) is int else n),
        lambda n: Polynomial(2, 2, copies=n),
        lambda n: Copies(LINEAR, n),
        lambda n: Product([(LINEAR, n)]),
        lambda n: Product([(None, n or -1), (LINEAR, 6)]),
        lambda n: translations(n),
    ],
)
def test_numbers_of_actions_are_whole_and_positive(make, wrong):
    with pytest.raises(ValueError, match=r"whole number.* not .*(\d|True|2|None|nan)"):
        make(wrong)


def test_whole_numbers_of_numpy_are_whole_numbers():
    two = np.int64(2)
    assert Linear(two, copies=two).size == Affine(two).n * 2 == Polynomial(two, 1).size - 2 == Tensor(two, two).size
    assert Copies(Linear(2), two).count == Product([(Linear(2), two), (None, 0)]).width == 2
    assert algebra.so(np.int64(3)).equal(SO3) and algebra.sp(two).equal(algebra.sp(2))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Copies(None, 2), r"Copies\(action, count\) needs an action, such as Linear\(3\), not None"),
        (lambda: Copies(Linear, 2), "needs an action, such as"),
        (lambda: Product(None), "list of pairs"),
        (lambda: Product(LINEAR), "list of pairs"),
        (lambda: Product([LINEAR]), "list of pairs"),
        (lambda: Product([(LINEAR, 6, 6)]), "list of pairs"),
        (lambda: Product([(Linear, 6)]), "needs actions or None"),
        (lambda: Product([]), "at least one part"),
        (lambda: Restricted(None, SO3), "needs an action, such as"),
        (lambda: Restricted(LINEAR, [1, 2]), r"real matrices, a tensor \(k, r, c\)"),
        (lambda: Restricted(LINEAR, torch.tensor(1.0)), "real matrices"),
        (lambda: Restricted(LINEAR, SO3.to(torch.complex128)), "real matrices"),
        (lambda: Restricted(LINEAR, NAN * SO3), "without NaN or infinite"),
        (lambda: Restricted(LINEAR, SO3.to("meta")), "dense tensor"),
        (lambda: Restricted(LINEAR, SO3.to_sparse()), "dense tensor"),
        (lambda: Restricted(LINEAR, algebra.so(2)), "3 x 3 generators"),
        (lambda: VectorFields([3], draw(5, 2)), "list of functions"),
        (lambda: VectorFields(None, draw(5, 2)), "list of functions"),
        (lambda: VectorFields(torch.sin, draw(5, 2)), "list of functions"),
        (lambda: VectorFields([torch.sin], [1]), "dense, real tensor"),
        (lambda: VectorFields([torch.sin], draw(5, 2).to("meta")), "dense, real tensor"),
        (lambda: VectorFields([torch.sin], draw(5, 2).to_sparse()), "dense, real tensor"),
        (lambda: VectorFields([torch.sin], draw(5, 2) * INF), "none of them NaN or infinite"),
        (lambda: VectorFields([torch.sin], draw(0, 2)), "needs points"),
        (lambda: VectorFields([lambda x: None], draw(5, 2)).velocity(draw(5, 2)), "must return tensors"),
        (lambda: LINEAR.matrix(torch.ones(4)), "has 9 directions"),
        (lambda: Tensor(2, 2).matrix([1]), "has 4 directions"),
        (lambda: Polynomial(2, 1).matrix(torch.ones(4)), "has 6 directions"),
        (lambda: LINEAR.coefficients([1]), "not list"),
        (lambda: LINEAR.velocity([1]), "not list"),
        (lambda: LINEAR.pair(draw(5, 6), draw(5, 4)), "do not fit samples"),
        (lambda: LINEAR.act(torch.ones(9), draw(5, 6), torch.ones(2)), "one number, or one a sample"),
        (lambda: Tensor(2, 1).act(torch.ones(4), draw(5, 2), torch.ones(2)), "one number, or one a sample"),
        (lambda: AFFINE.act(torch.ones(6), draw(5, 1, 4, 4), torch.ones(2)), "one number, or one a sample"),
        (lambda: AFFINE.act(torch.ones(6), torch.ones(2, 1, 4, 4).long()), "floating-point"),
    ],
)
def test_what_actions_cannot_take_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_copies_move_in_double_precision():
    c, x = draw(4), draw(5, 3, 2)
    assert torch.allclose(Copies(Linear(2), 3).act(c, x, 0.1), Linear(2, 3).act(c, x, 0.1), rtol=0, atol=1e-14)
