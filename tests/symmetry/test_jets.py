"""Evolution equations as functions of their jets, u_t = f: vector fields whose symmetries the textbooks know."""

from itertools import product

import pytest
import torch

from liegg import find_symmetry
from liegg.actions import VectorFields


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


T, X, U, UX, UXX, UXXX, UT, UTX, UTXX = range(9)


SLOPES = {
    "heat": (lambda z: z[:, UXX], 8),
    "Burgers": (lambda z: z[:, UXX] + z[:, UX] ** 2, 6),
    "Korteweg-de Vries": (lambda z: -z[:, UXXX] - z[:, U] * z[:, UX], 4),
}
"""What u_t is, and how many of the fields up to degree two in t, x and u are symmetries."""


def total(f, steps):
    """The total derivative of f along t or x: `steps` tells which coordinate is the derivative of which."""

    def derivative(z):
        step = torch.zeros_like(z)
        for coordinate, its_derivative in steps.items():
            step[:, coordinate] = 1 if its_derivative is None else z[:, its_derivative]
        return torch.func.jvp(f, (z,), (step,))[1]

    return derivative


ALONG_T = {T: None, U: UT, UX: UTX, UXX: UTXX}
ALONG_X = {X: None, U: UX, UX: UXX, UXX: UXXX, UT: UTX, UTX: UTXX}


def prolonged(coordinate, powers):
    """The field t^a x^b u^c along t, x or u, carried over to the derivatives of u (Olver 1993, theorem 2.36)."""

    def characteristic(z):
        slope = {T: -z[:, UT], X: -z[:, UX], U: 1}[coordinate]
        return slope * z[:, T] ** powers[0] * z[:, X] ** powers[1] * z[:, U] ** powers[2]

    first = total(characteristic, ALONG_X)
    second = total(first, ALONG_X)
    third = total(second, ALONG_X)

    def field(z):
        size = z[:, T] ** powers[0] * z[:, X] ** powers[1] * z[:, U] ** powers[2]
        tau, xi, phi = (size if coordinate == other else torch.zeros_like(size) for other in (T, X, U))
        velocity = torch.zeros_like(z)  # of the coordinates that the equation has
        velocity[:, T], velocity[:, X], velocity[:, U] = tau, xi, phi
        velocity[:, UX] = first(z) + xi * z[:, UXX] + tau * z[:, UTX]
        velocity[:, UXX] = second(z) + xi * z[:, UXXX] + tau * z[:, UTXX]
        velocity[:, UXXX] = third(z)
        velocity[:, UT] = total(characteristic, ALONG_T)(z) + xi * z[:, UTX]
        return velocity

    return field


@pytest.mark.parametrize("name", SLOPES)
def test_exact_symmetries_end_where_the_rounding_errors_do(name):
    """Of Korteweg and de Vries two translations, the Galilean boost and the scaling; a fifth is merely small."""
    slope, true = SLOPES[name]
    fields = [prolonged(c, p) for c in (T, X, U) for p in product(range(3), repeat=3) if sum(p) <= 2]
    z = draw(400, 9)
    z[:, UT] = slope(z)
    found = find_symmetry(lambda z: z[:, UT] - slope(z), z, VectorFields(fields, z[:100]))
    assert found.relative_variance[true - 1] < 1e-28 < 1e-5 < found.relative_variance[true]
    assert found.dimension == true and len(found.trivial) == 0 and found.decision.rule == "exact"
