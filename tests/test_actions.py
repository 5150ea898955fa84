"""Actions against finite differences of themselves and against what is known of rotations and shifts."""

import pytest
import torch

from liegg import algebra
from liegg.actions import Affine, Affine2d, Copies, Linear, Polynomial, Product, Restricted, VectorFields, translations

LINEAR = Linear(3, copies=2)
AFFINE = Affine2d()


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def smooth_images(batch, channels, height, width):
    """Blobs that are smooth on the pixel grid and vanish at the border."""
    y, x = torch.meshgrid(torch.arange(height).double(), torch.arange(width).double(), indexing="ij")
    centre = draw(batch, channels, 2, 1, 1, seed=3)
    return torch.exp(
        -((y - height / 2 - centre[..., 0, :, :]) ** 2 + (x - width / 2 + 2 * centre[..., 1, :, :]) ** 2) / 18
    )


FIELDS = VectorFields([lambda x: x.sin(), lambda x: x.roll(1, 1) * x, lambda x: torch.ones_like(x)], points=draw(40, 4))
SIDE_BY_SIDE = Product([(Linear(2), 2), (None, 1), (FIELDS, 4), (Affine(3, copies=2), 6)])
OTHERS = [
    (Affine(3, copies=2), draw(7, 6)),
    (Affine(2), draw(7, 1, 2)),
    (translations(3, copies=2), draw(7, 6)),
    (Polynomial(2, 2, copies=2), draw(7, 4)),
    (Polynomial(3, 1), draw(7, 3)),
    (FIELDS, draw(7, 4)),
    (SIDE_BY_SIDE, draw(7, 13)),
    (Copies(AFFINE, 3), draw(4, 3, 1, 8, 9)),
    (Copies(FIELDS, 2), draw(7, 2, 4)),
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


def test_linear_row_is_vec_of_gradient_times_point():
    x, grad = draw(5, 6), draw(5, 6, seed=1)
    outer = sum(torch.einsum("bj,bk->bjk", grad[:, c : c + 3], x[:, c : c + 3]) for c in (0, 3))
    assert torch.allclose(LINEAR.pair(x, grad), outer.reshape(5, 9))


def test_linear_act_is_the_matrix_exponential_on_every_copy():
    A, x, t = draw(9), draw(4, 6), torch.tensor([0.3, -0.5, 1.0, 0.0])
    moved = LINEAR.act(A, x, t)
    for s in range(4):
        g = torch.linalg.matrix_exp(t[s] * A.reshape(3, 3))
        assert torch.allclose(moved[s].reshape(2, 3), x[s].reshape(2, 3) @ g.T)


@pytest.mark.parametrize("action", [LINEAR, AFFINE, *(action for action, _ in OTHERS)])
def test_coefficients_and_matrices_are_inverse_and_isometric(action):
    a = draw(4, action.size)
    A = action.matrix(a)
    assert torch.allclose(action.coefficients(A), a, atol=1e-14)
    assert torch.allclose(torch.linalg.matrix_norm(A), a.norm(dim=1))


def test_quarter_turn_of_an_image():
    x = draw(2, 1, 9, 9)
    quarter = AFFINE.act(AFFINE.coefficients(algebra.so(2)[0] * 2**0.5), x, torch.pi / 2)
    assert min((quarter - torch.rot90(x, k, dims=(2, 3))).abs().max() for k in (1, -1)) < 1e-9


def test_unit_norm_rotation_turns_by_t_over_root_two():
    """The released demo says 45 degrees and turns by 31.8: a unit-norm generator turns by t / sqrt(2)."""
    turned = Linear(2).act(
        algebra.so(2)[0].flatten(), torch.tensor([[1.0, 0.0]]).double(), torch.deg2rad(torch.tensor(45))
    )
    assert torch.rad2deg(torch.acos(turned[0, 0])).item() == pytest.approx(31.82, abs=0.01)


def test_translation_by_whole_pixels():
    x = draw(2, 1, 6, 10)
    right = torch.tensor([0, 0, 1.0, 0, 0, 0]).double()  # one unit is half of the 10 pixels
    assert torch.allclose(AFFINE.act(right, x, 2 / 5)[..., 2:], x[..., :-2])


def test_images_compose():
    x = smooth_images(2, 1, 28, 28)
    a = draw(6) * 0.3
    once, twice = AFFINE.act(a, x, 0.4), AFFINE.act(a, AFFINE.act(a, x, 0.2), 0.2)
    assert (once - twice).abs().max() < 5e-3 * x.abs().max()


def test_resampling_is_third_order():
    """Halving the pixel size divides the error of a shift by about eight or more."""

    def error(n):
        u = (torch.arange(n).double() - (n - 1) / 2) / (n / 2)
        image = torch.exp(-20 * u**2).expand(1, 1, n, n)
        moved = AFFINE.act(torch.tensor([0, 0, 1.0, 0, 0, 0]).double(), image, 0.1)
        return (moved - torch.exp(-20 * (u - 0.1) ** 2)).abs().max()

    assert error(64) < error(32) / 7


@pytest.mark.parametrize(
    ("action", "shape", "words"),
    [
        (LINEAR, (4, 5), "6 numbers a sample"),
        (LINEAR, (4,), "6 numbers a sample"),
        (AFFINE, (4, 28, 28), "images"),
        (AFFINE, (4, 784), "images"),
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


@pytest.mark.parametrize(("action", "x"), OTHERS)
def test_transformations_compose_and_take_a_time_for_each_sample(action, x):
    a = 0.3 * draw(action.size)
    if "Affine2d" not in repr(action):  # images are resampled each time
        assert torch.allclose(action.act(a, action.act(a, x, 0.3), 0.4), action.act(a, x, 0.7), atol=1e-8)
    times = torch.linspace(-0.5, 0.5, len(x)).double()
    each = torch.cat([action.act(a, x[s : s + 1], float(t)) for s, t in enumerate(times)])
    assert torch.allclose(action.act(a, x, times), each, atol=1e-8)


def test_affine_matrices_act_on_points_with_a_one_behind():
    a, x = 0.3 * draw(12), draw(5, 3, seed=1)
    g = torch.linalg.matrix_exp(0.7 * Affine(3).matrix(a))
    assert torch.allclose(Affine(3).act(a, x, 0.7), (torch.cat([x, torch.ones(5, 1).double()], 1) @ g.T)[:, :3])
    assert torch.equal(
        Affine(3).coefficients(algebra.so(3)),
        Affine(3).coefficients(torch.nn.functional.pad(algebra.so(3), (0, 1, 0, 1))),
    )


def test_linear_fields_have_the_brackets_of_their_matrices():
    linear, polynomial = Linear(3), Polynomial(3, 2)
    a, b = draw(9), draw(9, seed=1)
    bracket = linear.bracket(a, b)
    lifted = [polynomial.coefficients(linear.matrix(v)) for v in (a, b, bracket)]
    assert torch.allclose(polynomial.bracket(*lifted[:2]), polynomial.values(lifted[2]), atol=1e-12)


def test_polynomials_of_degree_one_are_affine():
    affine, polynomial, x, grad = Affine(2), Polynomial(2, 1), draw(6, 2), draw(6, 2, seed=1)
    assert torch.allclose(polynomial.pair(x, grad).reshape(6, 2, 3).roll(-1, 2), affine.pair(x, grad).reshape(6, 2, 3))


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
    ],
)
def test_bad_compositions_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
