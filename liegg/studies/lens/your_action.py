"""An action in a reader's words: parsed, never executed."""

import ast
import difflib
import math
from collections.abc import Callable

from torch import Tensor

from liegg import actions
from liegg.actions import Action

LONG = 99  # logarithm of a number that is too large


def _chosen(n: int, k: int) -> float:
    """How many ways there are to choose k of n, as long as that can be counted."""
    return math.exp(min(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1), LONG))


SIZES: dict[str, Callable[..., float]] = {
    "Affine": lambda n, copies=1: n * (n + 1),
    "Affine2d": lambda: 6,
    "Copies": lambda action, count: action.size,
    "Linear": lambda n, copies=1: n * n,
    "Polynomial": lambda n, degree, copies=1: n * _chosen(n + degree, n),
    "Product": lambda parts: sum(action.size for action, _ in parts if action),
    "Tensor": lambda n, rank: math.exp(min(max(rank, 2) * math.log(n), LONG)),
    "translations": lambda n, copies=1: n * (n + 1),
}
"""the actions that can be asked about, and how many directions each has, or of tensors numbers a sample"""
MOST = 400  # directions of which an answer takes less than a minute
LARGEST = 10**6  # number in the words of an action
NEAR = 0.6  # how alike a name must be to be meant


def action(words: str, x: Tensor | None = None) -> Action:
    """An action as it is written, such as Linear(5, copies=2): names and arguments as in `liegg.actions`, and no code.

    Raises ValueError for anything else, and for more than MOST directions; with samples x (N, ...) also for an action
    that does not fit them.
    """
    hint = f"; inputs {tuple(x.shape)} fit {_listed(fitting(x))}" if x is not None else ""
    try:
        made = _made(ast.parse(words.strip(), mode="eval").body)
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"ACTION {words!r} cannot be read ({error}): write one such as Linear(3){hint}") from None
    except ValueError as error:
        raise ValueError(f"ACTION {words!r}: {error}{hint}") from None
    if not isinstance(made, Action):
        raise ValueError(f"ACTION {words!r} is no action: write one such as Linear(3){hint}")
    try:
        if x is not None:
            made.velocity(x[:2])
    except ValueError as error:
        raise ValueError(f"ACTION {words} does not fit INPUTS: {error}{hint}") from None
    return made


def fitting(x: Tensor) -> list[str]:
    """Actions that fit samples (N, ...), as they are written, and what to do for others."""
    shape, size = x.shape[1:], x.shape[1:].numel()
    if len(shape) == 3 and min(shape[-2:]) >= 2:
        return ["Affine2d()"]
    edge = next((math.isqrt(size // c) for c in (1, 3) if size % c == 0 and math.isqrt(size // c) ** 2 == size // c), 0)
    image = [f"Affine2d() once they are images, ({len(x)}, {size // edge**2}, {edge}, {edge})"] if edge >= 8 else []
    if len(shape) == 2:
        known = [f"{name}({shape[1]}, copies={shape[0]})" for name in ("Linear", "Affine") if shape[1] ** 2 < MOST]
        return [*known, *image]
    whole = [f"{name}({size})" for name in ("Linear", "Affine") if size**2 + size <= MOST]
    return [*whole, *(f"Linear({n}, copies={size // n})" for n in (2, 3, 5, 4) if size % n == 0 and n < size), *image]


def _listed(words: list[str]) -> str:
    return ", ".join(words) or "no action of few directions: ask about some of their numbers"


def _made(node: ast.expr) -> object:
    """What an expression stands for: actions by name, numbers, words, None, and lists of these."""
    match node:
        case ast.Call(func, given, named):
            name = ast.unparse(func).removeprefix("liegg.").removeprefix("actions.")
            if name not in SIZES:
                near = difflib.get_close_matches(name.capitalize(), SIZES, 1, NEAR)
                raise ValueError(
                    f"there is no action {name}{f', but {near[0]}' if near else ''}: there are {', '.join(SIZES)}"
                )
            if any(keyword.arg is None for keyword in named):
                raise ValueError("arguments are written out, without **")
            return _called(name, [*map(_made, given)], {k.arg: _made(k.value) for k in named})
        case ast.List(parts):
            return [_made(part) for part in parts]
        case ast.Tuple(parts):
            return tuple(_made(part) for part in parts)
        case ast.UnaryOp(ast.USub(), ast.Constant(value)) if type(value) in (int, float):
            return -value
        case ast.Constant(value) if value is None or type(value) in (int, float, str, bool):
            if type(value) is int and value > LARGEST:
                raise ValueError(f"a number is {LARGEST} at most")
            return value
        case _:
            raise ValueError(f"it may hold actions, numbers, words and lists, not {ast.unparse(node)!r}")


def _called(name: str, given: list, named: dict) -> object:
    """The action, unless it has too many directions, which is told before it is made."""
    try:
        size = SIZES[name](*given, **named)
    except (TypeError, ValueError, AttributeError, OverflowError):  # wrong arguments, as the action itself says better
        size = 0
    if size > MOST:
        what = "numbers a sample" if name == "Tensor" else "directions"
        raise ValueError(f"{name} has {size:.7g} {what}, and an answer in a minute has {MOST} at most: ask about fewer")
    return getattr(actions, name)(*given, **named)
