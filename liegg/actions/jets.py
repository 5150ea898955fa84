"""Point symmetries of differential equations: vector fields of the variables, carried over to their derivatives."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import combinations_with_replacement, product
from math import comb, prod

import torch
from torch import Tensor

from liegg.actions.base import Pairing, Places, require_matrices
from liegg.actions.fields import VectorFields

Along = tuple[int, ...]
"""the independent variables along which a derivative is taken, by number, in order"""
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Jets:
    """The coordinates of a jet space: variables, unknown functions, and all their derivatives up to an order.

    independent, dependent    names, single letters: "t x" and "u v"
    order                     of the highest derivatives

    `names` has the coordinates in their order, p independent variables, q unknown functions, then derivatives from low
    to high: "t", "x", "u", "u_t", "u_x", "u_tt", "u_tx", "u_xx". `jets["u_xt"]` is the column of one of them. Raises
    ValueError for names that are no letters or stand twice, and for an order that is no positive whole number.
    """

    def __init__(self, independent: str, dependent: str, order: int):
        variables, unknowns = (
            [*names.split()] if isinstance(names, str) else [""] for names in (independent, dependent)
        )
        letters = [*variables, *unknowns]
        if not variables or not unknowns or any(len(letter) != 1 or not letter.isalpha() for letter in letters):
            raise ValueError(
                f'Jets needs names of single letters, such as "t x" and "u", not {independent!r}, {dependent!r}'
            )
        if len(set(letters)) < len(letters):
            raise ValueError(f"Jets needs names that differ, not {independent!r} and {dependent!r}")
        if isinstance(order, bool) or not hasattr(order, "__index__") or order < 1:
            raise ValueError(f"the order of derivatives is a positive whole number, not {order!r}")
        self.independent, self.dependent, self.order = variables, unknowns, order
        p = len(variables)
        self.along: list[Along] = [I for k in range(order + 1) for I in combinations_with_replacement(range(p), k)]
        columns = [(a, I) for k in range(order + 1) for a in range(len(unknowns)) for I in self.along if len(I) == k]
        self._columns = {place: p + i for i, place in enumerate(columns)}
        self.names = variables + [self._name(a, I) for a, I in columns]

    def __repr__(self) -> str:
        return f'Jets("{" ".join(self.independent)}", "{" ".join(self.dependent)}", order={self.order})'

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str) -> int:
        letter, _, along = str(name).partition("_")
        order = [v for v in self.independent if v in along]
        known = letter + ("_" + "".join(sorted(along, key=order.index)) if along and {*along} <= {*order} else "")
        if known not in self.names or len(known) != len(str(name)):
            raise KeyError(f"{self} has no {name}: its coordinates are {', '.join(self.names)}")
        return self.names.index(known)

    def column(self, unknown: int, along: Along) -> int:
        """Where the derivative of an unknown function stands, both by number."""
        return self._columns[unknown, tuple(sorted(along))]

    def _name(self, unknown: int, along: Along) -> str:
        return self.dependent[unknown] + ("_" + "".join(self.independent[i] for i in along) if along else "")

    def series(self, z: Tensor) -> Tensor:
        """(B, p + q, I): the Taylor coefficients of variables x + h and unknown functions there, by powers h^I."""
        p, q = len(self.independent), len(self.dependent)
        found = z.new_zeros(len(z), p + q, len(self.along))
        found[:, :p, 0] = z[:, :p]
        found[:, range(p), range(1, p + 1)] = 1
        columns = torch.tensor([[self.column(a, I) for I in self.along] for a in range(q)])
        found[:, p:] = z[:, columns] / z.new_tensor([_factorial(I) for I in self.along])
        return found

    def nearby(self, z: Tensor, h: Tensor) -> Tensor:
        """(B, p + q): variables x + h and unknown functions there, by their Taylor polynomials in h (B, p)."""
        powers = [prod((h[:, i] for i in I), start=torch.ones_like(h[:, 0])) for I in self.along]
        return torch.einsum("bni,bi->bn", self.series(z), torch.stack(powers, 1))

    def products(self) -> Iterator[tuple[int, int, int]]:
        """Places in `along` of all I, J and I + J up to the order."""
        number = {I: k for k, I in enumerate(self.along)}
        for I, J in product(self.along, repeat=2):
            if len(I) + len(J) <= self.order:
                yield number[I], number[J], number[tuple(sorted((*I, *J)))]


class Prolonged(VectorFields):
    """Point symmetries of differential equations: fields of the variables and unknown functions, prolonged to the jets.

    library    functions f_l(x, u) of the p + q variables and unknown functions, (B, p + q) -> (B,), differentiable by
               torch as often as `jets` has orders; or a whole number, for all monomials up to that degree
    jets       the coordinates of samples, (B, len(jets))

    The K = (p + q) L candidates are f_l ∂_{x_i} and f_l ∂_{u^a}, component by function; so are matrices, (p + q) x L. A
    candidate moves derivatives as well, since it moves graphs of functions: along f ∂_{x_i} and f ∂_{u^b} the
    coordinate u^a_J moves at the rates

        - sum over 0 < I <= J of binomial(J, I) D_I f u^a_{J - I + i}    and    δ_ab D_J f

    with total derivatives D_I (Olver 1993, theorem 2.36, where the highest derivatives cancel). Ask a function that is
    zero on solutions, such as z[:, jets["u_t"]] - z[:, jets["u_xx"]], at samples where it is zero: its symmetries then
    carry solutions to solutions. Brackets are those of the fields of x and u. Raises ValueError for a library that is
    none, and for samples that do not fit the jets.
    """

    def __init__(self, library: int | Sequence[Callable[[Tensor], Tensor]], jets: Jets):
        if not isinstance(jets, Jets):
            raise ValueError(f'Prolonged(library, jets) needs jets, such as Jets("t x", "u", order=2), not {jets!r}')
        self.asked, self.jets, self.linear = library, jets, False
        self.components = [*jets.independent, *jets.dependent]
        n = len(self.components)
        if isinstance(library, int) and not isinstance(library, bool) and library >= 0:
            self.monomials = [m for d in range(library + 1) for m in combinations_with_replacement(range(n), d)]
            self.functions = [_monomial_name(m, self.components) for m in self.monomials]
        elif isinstance(library, Sequence) and library and all(callable(f) for f in library):
            self.monomials = []
            self.functions = [f"f{i}" for i in range(1, len(library) + 1)]
        else:
            raise ValueError(f"the library is a degree, or a list of functions (B, {n}) -> (B,), not {library!r}")
        self.size = self.n = n * len(self.functions)
        generator = torch.Generator().manual_seed(0)
        self.points = torch.randn(2 * self.size, n, generator=generator, dtype=torch.float64)
        self._terms = list(zip(*_terms(jets)))

    def __repr__(self) -> str:
        return f"Prolonged({self.asked if self.monomials else self.functions}, {self.jets})"

    def evaluated(self, point: Tensor) -> Tensor:
        """(B, L) the library at variables and unknown functions (B, p + q)."""
        if self.monomials:
            return torch.stack([point[:, list(m)].prod(1) for m in self.monomials], 1)
        values = [f(point) for f in self.asked]  # type: ignore[union-attr]
        if any(not isinstance(v, Tensor) or v.shape != point.shape[:1] for v in values):
            raise ValueError(f"functions of the library map (B, {point.shape[1]}) to (B,), and one does not")
        return torch.stack(values, 1)

    def total_derivatives(self, z: Tensor) -> Tensor:
        """(B, I, L): D_I f_l at jets z, for every I of `jets.along`; of monomials by products of Taylor series."""
        return self._of_monomials(z) if self.monomials else self._of_functions(z)

    def _of_monomials(self, z: Tensor) -> Tensor:
        series, degree = self.jets.series(z), max(map(len, self.monomials))
        one = torch.zeros_like(series[:, :1])
        one[..., 0] = 1
        series, n = torch.cat([series, one], 1), len(self.components)
        factors = torch.tensor([[*m, *[n] * (degree - len(m))] for m in self.monomials], dtype=torch.long)
        left, right, target = (torch.tensor(part, device=z.device) for part in zip(*self.jets.products()))
        found = one.expand(-1, len(self.monomials), -1)
        for one_of_each in factors.T:
            terms = found[..., left] * series[:, one_of_each][..., right]
            found = torch.zeros_like(found).index_add(-1, target, terms)
        return (found * z.new_tensor([_factorial(I) for I in self.jets.along])).mT

    def _of_functions(self, z: Tensor) -> Tensor:
        start, units = z.new_zeros(len(z), len(self.jets.independent)), torch.eye(len(self.jets.independent)).to(z)

        def along(f: Callable[[Tensor], Tensor], i: int) -> Callable[[Tensor], Tensor]:
            return lambda h: torch.func.jvp(f, (h,), (units[i].expand_as(h),))[1]

        found = []
        for I in self.jets.along:
            f = lambda h: self.evaluated(self.jets.nearby(z, h))
            for i in I:
                f = along(f, i)
            found.append(f(start))
        return torch.stack(found, 1)

    def velocity(self, x: Tensor) -> Tensor:
        unit = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)[:, None].expand(-1, len(x), -1)
        return self.pairing(x)(unit).movedim(0, -1)

    def pairing(self, x: Tensor) -> Pairing:
        """Sums over I of D_I f_l times what the gradient gives to it, with no velocity in between."""
        if x.ndim != 2 or x.shape[1] != len(self.jets):
            raise ValueError(f"{self} moves jets (B, {len(self.jets)}), and these samples are {tuple(x.shape)}")
        derivatives = self.total_derivatives(x)
        places, factors, of_grad, of_x = (torch.tensor(part, device=x.device) for part in self._terms)
        moved = torch.cat([x, torch.ones_like(x[:, :1])], 1)[:, of_x] * factors.to(x)  # (B, terms)

        def paired(grad: Tensor, where: Places = slice(None)) -> Tensor:
            if grad.shape[-1] != len(self.jets):
                raise ValueError(f"gradients of shape {tuple(grad.shape)} do not fit samples {tuple(x.shape)}")
            terms = grad[..., of_grad] * moved[where]
            weights = terms.new_zeros(*terms.shape[:-1], len(self.components) * len(self.jets.along))
            weights = weights.index_add(-1, places, terms).unflatten(-1, (len(self.components), -1))
            return torch.einsum("...bci,bil->...bcl", weights, derivatives[where]).flatten(-2)

        return paired

    def matrix(self, coefficients: Tensor) -> Tensor:
        if not isinstance(coefficients, Tensor) or coefficients.shape[-1:] != (self.size,):
            raise ValueError(
                f"{self} has {self.size} directions, as many coefficients a generator, in a tensor (..., K)"
            )
        return coefficients.unflatten(-1, (len(self.components), -1))

    def coefficients(self, matrices: Tensor) -> Tensor:
        require_matrices(self, matrices, [(len(self.components), len(self.functions))])
        return matrices.flatten(-2)

    @cached_property
    def _slopes(self) -> tuple[Tensor, Tensor]:
        """The library (P, L) and its derivatives (P, L, p + q) at the points where fields are compared, of these where
        they are finite."""
        units = torch.eye(self.points.shape[1]).double()
        along = [torch.func.jvp(self.evaluated, (self.points,), (unit.expand_as(self.points),))[1] for unit in units]
        functions, slopes = self.evaluated(self.points), torch.stack(along, -1)
        finite = functions.isfinite().all(1) & slopes.isfinite().flatten(1).all(1)
        if finite.sum() < 2 * len(self.functions):
            raise ValueError(
                f"functions of the library are NaN or infinite at most of {len(finite)} normal points, so that fields "
                "cannot be compared: give some that are smooth there, such as log(1 + x²) for log(x)"
            )
        return functions[finite] / int(finite.sum()) ** 0.25, slopes[finite] / int(finite.sum()) ** 0.25

    def values(self, coefficients: Tensor) -> Tensor:
        functions = self._slopes[0]
        field = torch.einsum("...cl,pl->...pc", self.matrix(coefficients), functions)
        return field.flatten(-2) / len(functions) ** 0.25

    def bracket(self, a: Tensor, b: Tensor) -> Tensor:
        functions, slopes = self._slopes
        V, W = (torch.einsum("...cl,pl->...pc", self.matrix(of), functions) for of in (a, b))
        DV, DW = (torch.einsum("...cl,pld->...pcd", self.matrix(of), slopes) for of in (a, b))
        return (torch.einsum("...pcd,...pd->...pc", DV, W) - torch.einsum("...pcd,...pd->...pc", DW, V)).flatten(-2)

    def described(self, coefficients: Tensor, digits: int = 2) -> str:
        """One generator (K,) in words, such as "t ∂x − x v ∂u", its largest coefficient 1, to so many digits."""
        rows = self.matrix(coefficients / coefficients.abs().max().clamp_min(1e-300))
        parts = []
        for component, row in zip(self.components, rows.tolist()):
            terms = [(round(value, digits), name) for value, name in zip(row, self.functions)]
            parts += [f"{_number(value)}{name}{' ' * bool(name)}∂{component}" for value, name in terms if value]
        return " + ".join(parts).replace("+ -", "− ").replace("-", "−")


def _terms(jets: Jets) -> Iterator[tuple[int, float, int, int]]:
    """What a gradient gives to every D_I f of a candidate: the place (component, I), a factor, a column of the gradient
    and one of the sample, or the last, of ones."""
    p, q, number = len(jets.independent), len(jets.dependent), {I: k for k, I in enumerate(jets.along)}
    place = lambda component, I: component * len(number) + number[I]
    for i in range(p):
        yield place(i, ()), 1.0, i, len(jets)
        for a in range(q):
            for J in jets.along:
                for I in jets.along:
                    if I and not Counter(I) - Counter(J):
                        rest = tuple((Counter(J) - Counter(I)).elements())
                        yield place(i, I), -_binomial(J, I), jets.column(a, J), jets.column(a, (*rest, i))
    for a in range(q):
        for J in jets.along:
            yield place(p + a, J), 1.0, jets.column(a, J), len(jets)


def _binomial(J: Along, I: Along) -> float:
    return float(prod(comb(J.count(i), I.count(i)) for i in {*J}))


def _factorial(I: Along) -> float:
    return float(prod(prod(range(1, I.count(i) + 1)) for i in {*I}))


def _monomial_name(powers: Along, names: Sequence[str]) -> str:
    return " ".join(names[i] + (str(n).translate(SUPERSCRIPTS) if n > 1 else "") for i, n in Counter(powers).items())


def _number(value: float) -> str:
    """What stands before a function: nothing for one."""
    return "" if value == 1 else "-" if value == -1 else f"{value:g} "
