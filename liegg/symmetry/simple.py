"""The simple ideals of a real semisimple Lie algebra, and their names.

A real simple algebra is nearly known by its dimension, the signature of its Killing form, and whether it is a complex
algebra seen as a real one. What these leave open is told by its smallest real representation, if it is that which is
seen. The real forms and their signatures are those of Helgason (1978, chapter X): of its Killing form
the noncompact directions are positive, and of exceptional algebras noncompact less compact ones is Cartan's index in
the name, as in e6(-26).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

SMALLEST, LARGEST = 0.6, 3.1  # eigenvalues of the Casimir operator on g ⊗ g, but for zero: sp(2)'s 2/3, sl(2)'s 3
NODES = 20  # Chebyshev's, at each of which that operator's part in between shrinks 2.4 times
COMPLETE = 496  # the dimension of so(32), up to which all classical forms are known, so that none passes for another
SAME = 1e-4  # eigenvalues of the commutant that are nearer are one


class Form(NamedTuple):
    """A simple real algebra."""

    name: str
    size: int
    """of its smallest faithful real representation, but for so(p, q) the usual one"""
    dimension: int
    noncompact: int
    """positive eigenvalues of its Killing form"""
    kind: str
    """forms that agree in this and in the numbers are one algebra: the complex type, mostly"""
    complex: bool = False
    """of a complex algebra, seen as a real one"""


class Ideal(NamedTuple):
    """A simple ideal."""

    dimension: int
    name: str
    moved: int
    """how many coordinates it moves; 0 where there are no matrices"""


EXCEPTIONAL = {  # of the compact form: dimension, size; and of the others by Cartan's index: size
    "g2": (14, 7, {2: 7}),
    "f4": (52, 26, {4: 26, -20: 26}),
    "e6": (78, 54, {6: 27, 2: 54, -14: 54, -26: 27}),
    "e7": (133, 112, {7: 56, -5: 112, -25: 56}),
    "e8": (248, 248, {8: 248, -24: 248}),
}


def simple_ideals(c: Tensor, killing: Tensor, A: Tensor | None) -> list[Ideal]:
    """The simple ideals, the largest first, of a semisimple algebra: structure constants (s, s, s), its Killing form
    (s, s), and matrices (s, n, n) or None."""
    if not len(c):
        return []
    values, vectors = torch.linalg.eig(_of_commutant(c, killing))
    ideals, left = [], list(range(len(c)))
    while left:
        first = values[left[0]]
        mine = [i for i in left if min(abs(values[i] - first), abs(values[i] - first.conj())) < SAME]
        left = [i for i in left if i not in mine]
        span = torch.view_as_real(vectors[:, mine]).flatten(1)
        ideal = torch.linalg.svd(span)[0][:, : len(mine)].T
        form = torch.linalg.eigvalsh(ideal @ killing @ ideal.T)
        moved = coordinates_moved(None if A is None else torch.einsum("ai,ijk->ajk", ideal, A))
        found = form_name(len(mine), int((form > 0).sum()), bool(first.imag.abs() > SAME), moved)
        ideals.append(Ideal(len(mine), found, moved))
    return sorted(ideals, key=lambda ideal: (-ideal.dimension, ideal.name))


def form_name(dimension: int, noncompact: int, complex_type: bool, moved: int) -> str:
    """The simple real algebra of this dimension with so many positive eigenvalues of the Killing form.

    Of several that fit, those whose smallest representation has the size that is moved, if there are any. Of the names
    of one algebra, as so(5) and compact sp(2), that of the smallest representation; different algebras, as so(7) and
    compact sp(3), are all named.
    """
    seen = (dimension, noncompact, complex_type)
    fits = [form for form in FORMS if (form.dimension, form.noncompact, form.complex) == seen]
    best: dict[str, str] = {}
    for form in sorted([form for form in fits if form.size == moved] or fits, key=lambda form: form.size):
        best.setdefault(form.kind, form.name)
    return " or ".join(sorted(best.values())) or f"simple of dimension {dimension}"


def coordinates_moved(A: Tensor | None, tolerance: float = 0.1) -> int:
    """How many coordinates matrices (d, n, n) move together; 0 where there are no matrices."""
    return 0 if A is None else int(torch.linalg.matrix_rank(A.movedim(0, 1).flatten(1), rtol=tolerance))


def _of_commutant(c: Tensor, killing: Tensor) -> Tensor:
    """A random matrix (s, s) of those that commute with the adjoint representation.

    These are multiples of one on each simple ideal, or complex multiples, and the null space of the Casimir operator
    Ω T = sum κ^ij [ad_i, [ad_j, T]] on matrices. As sum κ^ij ad_i ad_j = 1, Ω T = 2 T - 2 sum κ^ij ad_i T ad_j. A
    polynomial that is one at zero and small at all other eigenvalues takes any matrix there.
    """
    ad = c.transpose(1, 2)
    dual = torch.einsum("ij,jkl->ikl", torch.linalg.pinv(killing), ad)
    T = torch.randn(len(c), len(c), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for k in range(NODES):
        node = (SMALLEST + LARGEST) / 2 + (LARGEST - SMALLEST) / 2 * math.cos(math.pi * (k + 0.5) / NODES)
        T = T - 2 / node * (T - (ad @ T @ dual).sum(0))
    return T


def _of_rank(n: int) -> list[Form]:
    """Those named by n: real forms of sl(n), so(n) and sp(n), and these complex."""
    A, C, so = f"A{n - 1}", "B2" if n == 2 else f"C{n}", _of_so(n)
    forms = [
        Form(f"sl({n})", n, n * n - 1, n * (n + 1) // 2 - 1, A),
        Form(f"sp({n})", 2 * n, n * (2 * n + 1), n * (n + 1), C),
        Form(f"su*({2 * n})", 4 * n, 4 * n * n - 1, (2 * n + 1) * (n - 1), "A3" if n == 2 else f"su*({2 * n})"),
        Form(f"so*({2 * n})", 4 * n, n * (2 * n - 1), n * (n - 1), _of_so(2 * n) if n < 5 else f"so*({2 * n})"),
        Form(f"sl({n},C)", 2 * n, 2 * (n * n - 1), n * n - 1, A, complex=True),
        Form(f"sp({n},C)", 4 * n, 2 * n * (2 * n + 1), n * (2 * n + 1), C, complex=True),
        Form(f"so({n},C)", 2 * n, n * (n - 1), n * (n - 1) // 2, so, complex=True),
    ]
    for q in range(n // 2 + 1):
        p = n - q
        forms.append(Form(f"su({q},{p})" if q else f"su({n})", 2 * n, n * n - 1, 2 * p * q, A))
        forms.append(Form(f"sp({q},{p})" if q else f"compact sp({n})", 4 * n, n * (2 * n + 1), 4 * p * q, C))
        forms.append(Form(f"so({q},{p})" if q else f"so({n})", n, n * (n - 1) // 2, p * q, so))
    return forms


def _of_so(n: int) -> str:
    """The kind of so(n, C); "" where that is not simple."""
    low = {2: "", 3: "A1", 4: "", 5: "B2", 6: "A3"}
    return low.get(n, f"BD{n}")


def _exceptional() -> list[Form]:
    """Real forms, of which (dimension + index) / 2 directions are noncompact, and complex ones."""
    forms = []
    for name, (dimension, size, indices) in EXCEPTIONAL.items():
        forms.append(Form(name, size, dimension, 0, name))
        for index, size in indices.items():
            forms.append(Form(f"{name}({index})", size, dimension, (dimension + index) // 2, name))
        smallest = min(size for size in indices.values())
        forms.append(Form(f"{name}(C)", 2 * smallest, 2 * dimension, dimension, name, complex=True))
    return forms


FORMS = [
    Form("so(1,3)", 4, 6, 3, "A1", complex=True),
    *(form for n in range(2, 33) for form in _of_rank(n) if form.kind and form.dimension <= COMPLETE),
    *_exceptional(),
]
