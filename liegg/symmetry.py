"""find_symmetry: which generators a function is invariant or equivariant under, read off its polarization matrix."""

import warnings
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from liegg.actions import Action
from liegg.counting import COHERENT, EXACT, coherence
from liegg.polarization import Polarization, polarize
from liegg.result import Symmetry

TRIVIAL = 1e-8  # of the mean variance: what the data say nothing about


def find_symmetry(
    function: Callable[[Tensor], Tensor] | Sequence[Callable[[Tensor], Tensor]],
    inputs: Tensor | Iterable,
    action: Action,
    *,
    output_action: Action | None = None,
    batch_size: int = 256,
) -> Symmetry:
    """The symmetries that a function has learned: generators A with dF(x) . A x = 0 on the data (LieGG, section 3).

    function       maps a batch (B, ...) to (B,) or (B, m), each sample by itself: a network, or any differentiable
                   torch function. A module is evaluated in eval mode and left as it was; a function around a module
                   cannot see to that, so give the module itself or call its eval() first. A list of at least three
                   functions trained independently on one task makes the dimension a calibrated answer.
    inputs         a tensor (N, ...) or an iterable of batches (a DataLoader; of a tuple the first entry), read once
    action         how the candidate generators move a sample, e.g. actions.Linear(5, copies=2) or actions.Affine2d()
    output_action  how candidates move an output: generators are then pairs with J(x) A x = B f(x), equivariance
    batch_size     how many samples of a tensor are taken at a time; it changes memory, not the result

    Directions about which the data say nothing are set apart as trivial: those with at most TRIVIAL = 1e-8 of the mean
    variance in the data control (see `polarization.Factors`), once every direction has been scaled alike. So are
    directions of the outputs that move no output. Raises ValueError for bad input (see `polarize`) and when the
    gradient is zero everywhere, as every direction would pass for a symmetry then; warns of fewer than 2K + 1 samples,
    when what is null for lack of data cannot be told.
    """
    functions = list(function) if isinstance(function, list | tuple | nn.ModuleList) else [function]
    if not functions or len(functions) == 2:
        raise ValueError(f"give one function, or a list of at least three trained independently, not {len(functions)}")
    for which, one in (("action", action), ("output_action", output_action)):
        if not isinstance(one, Action) and (one is not None or which == "action"):
            raise ValueError(f"{which} must be an action, such as actions.Linear(3), not {one!r}")
    matched, mismatched, data = polarize(functions, inputs, action, output_action, batch_size=batch_size)
    if matched.samples < 2:
        raise ValueError("inputs holds one sample, which says nothing about symmetries: give many")
    E = matched.factors.flatten(0, 1).unflatten(1, (len(functions), -1)).transpose(0, 1)  # (M, rows, K)
    _require_signal(E[..., -action.size :], data)
    moved, chance, to_output, idle = E[..., -action.size :], mismatched.factor, None, None  # moved: J A x
    if output_action:
        E, to_output, idle = _take_off(E.split([output_action.size, action.size], -1))
        chance, _, _ = _take_off(chance[None].split([output_action.size, action.size], -1))
    trivial, within = torch.zeros(0, action.size, dtype=torch.float64), torch.eye(action.size, dtype=torch.float64)
    if data.samples < 2 * action.size:
        warnings.warn(
            f"{matched.samples} samples are too few for {action.size} directions: what is null for lack of data "
            f"cannot be told from a symmetry; give at least {2 * action.size + 1}",
            stacklevel=2,
        )
    else:
        trivial, within = _split(data)
    v = _directions(E @ within.T) @ within
    v = v * v.gather(1, v.abs().argmax(1, keepdim=True)).sign()
    rows = E @ v.T  # (M, rows, K)
    by_chance = (chance @ v.T).square().flatten(0, -2).sum(0) / mismatched.samples / len(functions)
    scale = (moved @ v.T).square().sum(1).mean() / matched.samples
    scale = scale if scale > 0.1 * by_chance.mean() else by_chance.mean()
    parts = matched.counts > 0
    chunks = rows[0].unflatten(0, (len(parts), -1)).square().sum(1)[parts] / matched.counts[parts, None]
    return Symmetry(
        action=action,
        output_action=output_action,
        coefficients=v,
        output_coefficients=v @ to_output if output_action else None,
        products=torch.einsum("ark,brk->abk", rows, rows) / matched.samples,
        chunks=chunks if len(functions) == 1 else chunks[:0],
        mismatched=by_chance,
        trivial_coefficients=trivial,
        trivial_output_coefficients=idle,
        scale=float(scale),
        samples=matched.samples,
    )


def _require_signal(E: Tensor, data: Polarization) -> None:
    for a, rows in enumerate(E):
        if not rows.any():
            which = "the function" if len(E) == 1 else f"function {a}"
            raise ValueError(
                f"the gradient of {which} pairs to zero with every direction at every sample: it is constant on this "
                "data (saturated outputs?), or the data do not move, or it is invariant under all that was asked "
                "about: ask about more directions"
            )
    if data.samples and not data.factor.any():
        raise ValueError("all samples are alike or none of them moves: nothing can be said about symmetries")
    for a, b in torch.combinations(torch.arange(len(E))).tolist():
        if (E[a] - E[b]).norm() <= 1e-9 * E[a].norm():
            raise ValueError(f"functions {a} and {b} are the same: give functions that were trained independently")
    sizes = E.flatten(1).norm(dim=1)
    if sizes.max() > 10 * sizes.min():
        warnings.warn(
            f"the functions' derivatives differ in size by a factor of {sizes.max() / sizes.min():.2g}, so that the "
            "largest decides: give functions trained on one task, with outputs in the same units",
            stacklevel=3,
        )


def _directions(E: Tensor) -> Tensor:
    """(k, k) orthonormal rows for polarization rows (M, rows, k), in ascending order of (shared) variance.

    One function: right singular vectors. Several: first those that are null to rounding, then the eigenvectors of the
    cross product C = sum over a ≠ b of E_aᵀE_b / (M(M-1)).
    """
    R = torch.linalg.qr(E.flatten(0, 1), mode="r").R  # an SVD of all rows would build their square
    _, S, V = torch.linalg.svd(R)
    V = V.flip(0)
    if len(E) == 1:
        return V
    null = int((S.square() <= EXACT * S.square().mean()).sum())
    rest = E @ V[null:].T
    total = rest.sum(0)
    C = total.T @ total - torch.einsum("ari,arj->ij", rest, rest)
    return torch.cat([V[:null], torch.linalg.eigh(C).eigenvectors.T @ V[null:]])


def _take_off(parts: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """From rows B f (M, rows, K_B) and J A x (M, rows, K): the defects J A x - B f with the best B for each A; that B,
    (K, K_B); and orthonormal rows that span the output directions which move no output, and are in no B."""
    Bf, JAx = parts
    idle, busy = _idle(Bf)
    X = torch.linalg.lstsq((Bf @ busy.T).flatten(0, 1), JAx.flatten(0, 1), driver="gelsd").solution
    return JAx - Bf @ busy.T @ X, X.T @ busy, idle


def _idle(E_B: Tensor) -> tuple[Tensor, Tensor]:
    """Orthonormal rows that span the output directions which move no output, and the rest, from (M, rows, K).

    With several functions an output direction is idle too if what it moves is each one's own error.
    """
    scale = _column_norms(E_B.flatten(0, 1))
    V = _directions(E_B / scale)
    rows = E_B / scale @ V.T
    products = torch.einsum("arp,brp->abp", rows, rows)
    own = products.diagonal().sum(-1)
    idle = own <= TRIVIAL * own.mean()
    if len(E_B) > 1:
        idle |= coherence(products, float(own.mean()) / len(E_B)) <= COHERENT
    return _complementary(V[idle] / scale)


def _split(data: Polarization) -> tuple[Tensor, Tensor]:
    """Orthonormal rows that span the trivial directions, and the rest."""
    scale = _column_norms(data.factor)
    _, S, V = torch.linalg.svd(data.factor / scale)
    return _complementary(V[S.square() <= TRIVIAL * S.square().mean()] / scale)


def _column_norms(E: Tensor) -> Tensor:
    """(K,) what to divide columns by, so that units do not decide what is null; no column is blown up beyond 1e8."""
    norms = E.norm(dim=0)
    return norms.clamp_min(1e-8 * norms.max())


def _complementary(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Orthonormal rows with the span of independent rows (k, K), and those of its complement."""
    basis = torch.linalg.qr(rows.T, mode="complete").Q.T
    return basis[: len(rows)], basis[len(rows) :]
