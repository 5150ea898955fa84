"""Evolution equations as functions of their jets, u_t = f: vector fields whose symmetries the textbooks know."""

import pytest
import torch

from liegg import find_symmetry
from liegg.actions import Jets, Prolonged

JETS = Jets("t x", "u", order=3)
U, U_T, U_X, U_XX, U_XXX = (JETS[name] for name in ("u", "u_t", "u_x", "u_xx", "u_xxx"))
SLOPES = {
    "heat": (lambda z: z[:, U_XX], 8),
    "Burgers": (lambda z: z[:, U_XX] + z[:, U_X] ** 2, 6),
    "Korteweg-de Vries": (lambda z: -z[:, U_XXX] - z[:, U] * z[:, U_X], 4),
}
"""What u_t is, and how many of the fields up to degree two in t, x and u are symmetries."""


@pytest.mark.parametrize("name", SLOPES)
def test_exact_symmetries_end_where_the_rounding_errors_do(name):
    """Of Korteweg and de Vries two translations, the Galilean boost and the scaling; a fifth is merely small."""
    slope, true = SLOPES[name]
    z = torch.randn(400, len(JETS), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z[:, U_T] = slope(z)
    found = find_symmetry(lambda z: z[:, U_T] - slope(z), z, Prolonged(2, JETS))
    assert found.relative_variance[true - 1] < 1e-28 < 1e-5 < found.relative_variance[true]
    assert found.dimension == true and len(found.trivial) == 0 and found.decision.rule == "exact"
