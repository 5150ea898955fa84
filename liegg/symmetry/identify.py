"""Which Lie algebra some generators span, whatever the basis they are written in.

Found generators close under the bracket only up to the network's error. `identify` first moves them to the nearest
span that closes exactly, then `naming` reads off what no change of basis alters.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions import Action
from liegg.symmetry import naming

FAR = 15.0  # degrees: generators farther from any algebra than this get no name
ASIDE = 0.1  # the share of a closure defect that may be outside of all fields of a library
OPEN = 0.3  # closure defect above which they get none either


class Match(NamedTuple):
    """The algebra that generators span, by name, and how well they do."""

    name: str
    """e.g. "so(5)", "so(3) + so(2)"; of several names for one algebra, that of the representation at hand"""
    angle: float
    """the largest principal angle to the nearest algebra of that name, in degrees"""
    closure: float
    """how far the generators are from closing under the bracket, in [0, 1]"""
    killing: tuple[int, int, int]
    """how many eigenvalues of the Killing form are positive, negative (compact directions) and zero"""


def identify(action: Action, coefficients: Tensor) -> Match | None:
    """Name the Lie algebra spanned by generators (d, K) of an action; None if they are near none that has a name."""
    if not len(coefficients):
        return None
    coefficients = torch.linalg.qr(coefficients.double().T).Q.T
    defect = closure_defect(action, coefficients)
    closed: Tensor | None = coefficients
    if defect > 1e-12:
        hopeless = defect > OPEN or (not action.linear and _beyond(action, coefficients))
        closed = None if hopeless else nearest(action, coefficients)
    if closed is None:
        return None
    name, killing = naming.name(action, closed)
    pure = naming.purified(action, closed, name) if len(closed) == 1 else closed
    angle = float(algebra.principal_angles(coefficients, pure)[-1])
    if angle > FAR and len(closed) == 1:
        name, angle = "R", 0.0
    return Match(name, angle, defect, killing) if name and angle <= FAR else None


def closure_defect(action: Action, coefficients: Tensor) -> float:
    """How far generators (d, K) are from closing under the bracket, in [0, 1]: see `algebra.closure`."""
    return algebra.closure_defect(
        action.values(coefficients), action.bracket(coefficients[:, None], coefficients[None]).flatten(0, 1)
    )


def _beyond(action: Action, coefficients: Tensor) -> bool:
    """Whether more of that defect than ASIDE is outside of all candidates, as brackets of polynomial fields have a
    higher degree. Other generators might mend it, but a library seldom holds an algebra that is near then, and the
    search takes minutes."""
    brackets = action.bracket(coefficients[:, None], coefficients[None]).flatten(0, 1)

    def outside(span: Tensor) -> Tensor:
        _, S, V = torch.linalg.svd(span, full_matrices=False)
        V = V[1e-10 * S[0] < S]
        return (brackets - brackets @ V.T @ V).norm()

    every = action.values(torch.eye(action.size, dtype=torch.float64))
    return bool(outside(every) > ASIDE * outside(action.values(coefficients)))


def nearest(action: Action, basis: Tensor, steps: int = 30) -> Tensor | None:
    """The nearest closed span to that of orthonormal coefficients (d, K), by Gauss-Newton; None if it finds none.

    Spans near the given one are basis + W complement, W (d, K - d); each step is the shortest that removes the
    linearised defect.
    """
    d, K = basis.shape
    complement = torch.linalg.qr(basis.T, mode="complete").Q[:, d:].T
    i, j = torch.triu_indices(d, d, offset=1)

    def open_part(W: Tensor) -> Tensor:
        moved = basis + W @ complement
        Q = torch.linalg.qr(action.values(moved).T).Q
        brackets = action.bracket(moved[i], moved[j])
        return brackets - brackets @ Q @ Q.T

    W = torch.zeros(d, K - d, dtype=torch.float64)
    for _ in range(steps):
        r = open_part(W)
        if r.norm() < 1e-10:
            return torch.linalg.qr((basis + W @ complement).T).Q.T
        W = W - naming.least_squares(open_part, W, r)
    return None
