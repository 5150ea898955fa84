"""Actions made of others: side by side on parts of a sample, alike on several, or fewer directions of one."""

from collections.abc import Sequence

import torch
from torch import Tensor

from liegg import algebra
from liegg.actions.base import Action, Pairing, Places, require_matrices
from liegg.actions.points import Affine


class Product(Action):
    """Actions side by side: each moves its own stretch of a sample, with directions of its own.

    parts     pairs (action, width): how each stretch of `width` numbers moves, or None where nothing moves it

    Samples are (B, sum of the widths), and each action must take (B, width). Matrices are block-diagonal.
    Raises ValueError for parts that are no such pairs, and if none moves.
    """

    def __init__(self, parts: Sequence[tuple[Action | None, int]]):
        if not isinstance(parts, Sequence) or not all(isinstance(p, Sequence) and len(p) == 2 for p in parts):
            raise ValueError("Product(parts) needs a list of pairs (action, width), with None where nothing moves")
        if not all(action is None or isinstance(action, Action) for action, _ in parts):
            raise ValueError(f"Product(parts) needs actions or None, not {[action for action, _ in parts]}")
        if any(isinstance(width, bool) or not hasattr(width, "__index__") for _, width in parts):
            raise ValueError(f"Product(parts) needs widths that are whole numbers, not {[w for _, w in parts]}")
        if any(width < (action is not None) for action, width in parts):
            raise ValueError(f"Product(parts) needs widths that are positive whole numbers, not {parts}")
        self.parts = list(parts)
        self.moving = [(action, slice(end - width, end)) for (action, width), end in zip(parts, _ends(parts)) if action]
        self.width, self.size = sum(width for _, width in parts), sum(action.size for action, _ in self.moving)
        self.n = sum(action.n for action, _ in self.moving)
        self.linear = all(action.linear for action, _ in self.moving)
        if not self.moving:
            raise ValueError("Product(parts) needs at least one part that moves")
        sizes = [action.size for action, _ in self.moving]
        self._shapes = [a.matrix(torch.zeros(k)).shape for (a, _), k in zip(self.moving, sizes)]
        self._split = lambda c: c.split(sizes, -1)

    def __repr__(self) -> str:
        return f"Product({self.parts})"

    def velocity(self, x: Tensor) -> Tensor:
        if x.ndim != 2 or x.shape[1] != self.width:
            raise ValueError(f"{self} acts on samples (B, {self.width}), but the input has shape {tuple(x.shape)}")
        velocity = x.new_zeros(len(x), self.size, self.width)
        first = 0
        for action, stretch in self.moving:
            velocity[:, first : first + action.size, stretch] = action.velocity(x[:, stretch])
            first += action.size
        return velocity

    def matrix(self, coefficients: Tensor) -> Tensor:
        blocks = [a.matrix(c) for (a, _), c in zip(self.moving, self._split(coefficients))]
        rows, columns = (sum(shape[i] for shape in self._shapes) for i in (0, 1))
        whole = coefficients.new_zeros(*coefficients.shape[:-1], rows, columns)
        for block, (r, c) in zip(blocks, self._corners()):
            whole[..., r : r + block.shape[-2], c : c + block.shape[-1]] = block
        return whole

    def coefficients(self, matrices: Tensor) -> Tensor:
        require_matrices(self, matrices, [tuple(self.matrix(torch.zeros(self.size)).shape)])  # type: ignore[list-item]
        blocks = [matrices[..., r : r + h, c : c + w] for (h, w), (r, c) in zip(self._shapes, self._corners())]
        return torch.cat([action.coefficients(block) for (action, _), block in zip(self.moving, blocks)], -1)

    def _corners(self) -> list[tuple[int, int]]:
        return [tuple(sum(s[i] for s in self._shapes[:k]) for i in (0, 1)) for k in range(len(self._shapes))]  # type: ignore[misc]

    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor:
        moved = x.clone()
        for (action, stretch), c in zip(self.moving, self._split(coefficients)):
            moved[:, stretch] = action.act(c, x[:, stretch], t)
        return moved

    def values(self, coefficients: Tensor) -> Tensor:
        return torch.cat([a.values(c) for (a, _), c in zip(self.moving, self._split(coefficients))], -1)

    def bracket(self, a: Tensor, b: Tensor) -> Tensor:
        parts = zip(self.moving, self._split(a), self._split(b))
        return torch.cat([action.bracket(a, b) for (action, _), a, b in parts], -1)


class Copies(Action):
    """One action on `count` things alike: samples are (B, count, *shape), and each of the count moves by exp(tA).

    Raises ValueError for what is no action, and for a count that is no positive whole number.
    """

    def __init__(self, action: Action, count: int):
        if not isinstance(action, Action):
            raise ValueError(f"Copies(action, count) needs an action, such as Linear(3), not {action!r}")
        if isinstance(count, bool) or not hasattr(count, "__index__") or count < 1:
            raise ValueError(f"Copies(action, count) needs a positive count, a whole number, not {count!r}")
        self.action, self.count, self.size, self.n = action, count, action.size, action.n
        self.linear = action.linear

    def __repr__(self) -> str:
        return f"Copies({self.action}, {self.count})"

    def _flat(self, x: Tensor) -> Tensor:
        if x.ndim < 3 or x.shape[1] != self.count:
            raise ValueError(f"{self} acts on samples (B, {self.count}, ...), but the input has shape {tuple(x.shape)}")
        return x.flatten(0, 1)

    def velocity(self, x: Tensor) -> Tensor:
        return self.action.velocity(self._flat(x)).unflatten(0, x.shape[:2]).transpose(1, 2)

    def pairing(self, x: Tensor) -> Pairing:
        each = self.action.pairing(self._flat(x))
        numbers = torch.arange(len(x) * self.count, device=x.device).reshape(len(x), self.count)

        def paired(grad: Tensor, places: Places = slice(None)) -> Tensor:
            first = grad.ndim - x.ndim
            rows = each(grad.flatten(first, first + 1), numbers[places].flatten())
            return rows.unflatten(-2, (-1, self.count)).sum(-2)

        return paired

    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor:
        t = torch.as_tensor(t, dtype=torch.float64)
        each = t.repeat_interleave(self.count) if t.numel() > 1 else t
        return self.action.act(coefficients, self._flat(x), each).reshape(x.shape)

    def matrix(self, coefficients: Tensor) -> Tensor:
        return self.action.matrix(coefficients)

    def coefficients(self, matrices: Tensor) -> Tensor:
        return self.action.coefficients(matrices)

    def values(self, coefficients: Tensor) -> Tensor:
        return self.action.values(coefficients)

    def bracket(self, a: Tensor, b: Tensor) -> Tensor:
        return self.action.bracket(a, b)


class Restricted(Action):
    """An action with fewer directions: those in the span of linearly independent generators, matrices (k, r, c).

    Raises ValueError for what is no action, and for generators that are not of it, not finite or dependent.
    """

    def __init__(self, action: Action, generators: Tensor):
        if not isinstance(action, Action):
            raise ValueError(f"Restricted(action, generators) needs an action, such as Linear(3), not {action!r}")
        if not isinstance(generators, Tensor) or generators.is_complex() or generators.ndim != 3:
            raise ValueError("Restricted(action, generators) needs real matrices, a tensor (k, r, c)")
        if generators.is_meta or generators.layout != torch.strided or not generators.isfinite().all():
            raise ValueError("Restricted(action, generators) needs a dense tensor without NaN or infinite values")
        self.action, self.size, self.n, self.linear = action, len(generators), action.n, action.linear
        if generators.ndim != 3 or not len(generators):
            raise ValueError(f"Restricted(action, generators) needs matrices (k, r, c), not {tuple(generators.shape)}")
        if torch.linalg.matrix_rank(generators.double().flatten(1)) < len(generators):
            raise ValueError("Restricted(action, generators) needs linearly independent generators")
        self.basis = algebra.orthonormal(action.coefficients(generators.double()))  # (k, K)

    def __repr__(self) -> str:
        return f"Restricted({self.action}, {self.size} directions)"

    def _whole(self, coefficients: Tensor) -> Tensor:
        return coefficients @ self.basis.to(coefficients)

    def velocity(self, x: Tensor) -> Tensor:
        return torch.einsum("ki,bi...->bk...", self.basis.to(x), self.action.velocity(x))

    def pairing(self, x: Tensor) -> Pairing:
        whole, basis = self.action.pairing(x), self.basis.T.to(x)
        return lambda grad, places=slice(None): whole(grad, places) @ basis

    def matrix(self, coefficients: Tensor) -> Tensor:
        return self.action.matrix(self._whole(coefficients))

    def coefficients(self, matrices: Tensor) -> Tensor:
        whole = self.action.coefficients(matrices)
        own = whole @ self.basis.T.to(whole)
        if (whole - self._whole(own)).norm() > 1e-6 * whole.norm():
            raise ValueError(f"these matrices are not in the span of the directions of {self}")
        return own

    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor:
        return self.action.act(self._whole(coefficients), x, t)

    def values(self, coefficients: Tensor) -> Tensor:
        return self.action.values(self._whole(coefficients))

    def bracket(self, a: Tensor, b: Tensor) -> Tensor:
        return self.action.bracket(self._whole(a), self._whole(b))


def translations(n: int, copies: int = 1) -> Restricted:
    """x -> x + tb for b in R^n, on every one of `copies` points alike: K = n."""
    return Restricted(Affine(n, copies), algebra.translations(n))


def _ends(parts: Sequence[tuple[Action | None, int]]) -> list[int]:
    return [sum(width for _, width in parts[: i + 1]) for i in range(len(parts))]
