"""find_symmetry: which generators a function is invariant or equivariant under, read off its polarization matrix."""

import warnings
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from liegg.actions import Action
from liegg.symmetry.factors import EXACT, Factor, Factors
from liegg.symmetry.intervals import coherence
from liegg.symmetry.polarization import Function, require_action
from liegg.symmetry.result import Symmetry
from liegg.symmetry.rules import COHERENT
from liegg.symmetry.stream import polarize

TRIVIAL = 1e-8  # of the mean variance: what the data say nothing about
SAME = 1e-5  # of its size: functions whose rows differ by less, up to a factor, are one


def find_symmetry(
    models: Function | Sequence[Function],
    inputs: Tensor | Iterable,
    action: Action,
    *,
    output_action: Action | None = None,
    batch_size: int | None = None,
    device: torch.device | str | None = None,
) -> Symmetry:
    """The symmetries that a function has learned: generators A with dF(x) . A x = 0 on the data (LieGG, section 3).

    models         maps a batch (B, ...) to (B,) or (B, m), each sample by itself: a network, or any differentiable
                   torch function. A module is evaluated in eval mode and left as it was; a function around a module
                   cannot see to that, so give the module itself or call its eval() first. A list of at least three
                   functions trained independently on one task makes the dimension a calibrated answer.
    inputs         a tensor (N, ...) or an iterable of batches (a DataLoader; of a tuple the first entry), read once
    action         how the candidate generators move a sample, e.g. actions.Linear(5, copies=2) or actions.Affine2d()
    output_action  how candidates move an output: generators are then pairs with J(x) A x = B f(x), equivariance
    batch_size     how many samples of a tensor are taken at a time, by default as many as suit the memory; it changes
                   time and memory, not the result
    device         where it is computed, "auto" for a GPU if there is one; by default where the model or the data are

    The same as `decide(polarize(models, inputs, action, output_action), action, output_action)`, with what these raise
    and warn of.
    """
    factors = polarize(models, inputs, action, output_action, batch_size=batch_size, device=device)
    return _decide(factors, action, output_action, unbiased=False)


def decide(
    factors: Factors, action: Action, output_action: Action | None = None, *, unbiased: bool = False
) -> Symmetry:
    """What the polarization factors of one or several functions say: directions, and how many are symmetries.

    factors         what `polarize` made with the same actions, of the whole data or merged from parts of them
    unbiased        several functions are estimates of one, with independent errors of mean zero, as the means over
                    chunks of an ensemble are: all that they share is signal, and a direction counts only where
                    they share nothing within their error, which must be small enough to tell; of invariance only

    Directions about which the data say nothing are set apart as trivial: those with at most TRIVIAL = 1e-8 of the mean
    variance in the data control (see `Factors`), once every direction has been scaled alike. So are directions of the
    outputs that move no output. Raises ValueError for actions of other sizes, and when the gradient is zero everywhere,
    as every direction would pass for a symmetry then; warns of fewer than 2K + 1 samples, when what is null for lack of
    data cannot be told.
    """
    if not isinstance(factors, Factors):
        raise ValueError(f"factors must be what polarize made, not {type(factors).__name__}")
    require_action("action", action)
    require_action("output_action", output_action, optional=True)
    if unbiased and factors.networks == 1:
        raise ValueError("one function has no errors to compare: unbiased=True takes at least three")
    if unbiased and output_action is not None:
        raise ValueError(
            "unbiased=True is for invariance: the best output_action is fitted to the estimates' errors too"
        )
    return _decide(factors, action, output_action, unbiased)


def _decide(factors: Factors, action: Action, output_action: Action | None, unbiased: bool) -> Symmetry:
    sizes = [output_action.size if output_action else 0, action.size]
    E = _rows(factors, sizes)
    if factors.samples < 2:
        raise ValueError("there is one sample, which says nothing about symmetries: give many")
    if not factors.mismatched[0].samples:
        raise ValueError("every part has one sample, so that the controls have no pairs: polarize larger parts")
    _require_signal(factors)
    _require_independent(factors.alike)
    if not unbiased:
        _warn_of_units(factors.alike)
    moved = E[0, ..., sizes[0] :]  # J A x
    chance = torch.cat([factor.triangle for factor in factors.mismatched])
    to_output = idle = None
    if output_action:
        E, to_output, idle = _take_off(E, sizes[0])
        chance = _take_off(chance.expand(2, 1, -1, -1), sizes[0])[0][0, 0]
    trivial, within = _split(factors.data, action.size)
    v = _directions(E @ within.T) @ within
    v = v * v.gather(1, v.abs().argmax(1, keepdim=True)).sign()
    own, summed = E @ v.T  # each (M, rows, K)
    by_chance = (chance @ v.T).square().sum(0) / factors.mismatched[0].samples / factors.networks
    scale = (moved @ v.T).square().sum(1).mean() / factors.samples
    return Symmetry(
        action=action,
        output_action=output_action,
        coefficients=v,
        output_coefficients=v @ to_output if output_action else None,
        own=own.square().sum(1) / factors.samples,
        summed=(own * summed).sum(1) / factors.samples,
        chunks=_by_part(own, factors),
        mismatched=by_chance,
        trivial_coefficients=trivial,
        trivial_output_coefficients=idle,
        scale=float(scale if scale > 0.1 * by_chance.mean() else by_chance.mean()),
        samples=factors.samples,
        unbiased=unbiased,
    )


def _rows(factors: Factors, sizes: list[int]) -> Tensor:
    """(2, M, rows, K): triangular rows that stand for each function's polarization matrix, of one function part by
    part, and in the same coordinates those of the sum of all functions' matrices."""
    if factors.networks == 1:
        own = summed = factors.matched[0].triangles.flatten(0, 1)[None]
    else:
        own, summed = torch.stack([factor.triangle for factor in factors.matched]).chunk(2, -1)
    samples = factors.data.triangles.shape[-1]
    made_for = [own.shape[-1] - samples, samples]
    if made_for != sizes:
        raise ValueError(
            f"the factors have {made_for} columns a function for outputs and samples, and these actions have {sizes} "
            "directions: give decide the actions that polarize was given"
        )
    return torch.stack([own, summed])


def _by_part(own: Tensor, factors: Factors) -> Tensor:
    """(parts, K) the variance along each direction in every part of the data that has samples; (0, K) for several."""
    counts = factors.matched[0].counts
    if factors.networks > 1:
        return own.new_zeros(0, own.shape[-1])
    return (own[0].unflatten(0, (len(counts), -1)).square().sum(1) / counts[:, None])[counts > 0]


def _require_signal(factors: Factors) -> None:
    for a, size in enumerate(factors.alike.diagonal()):
        if not size:
            which = "the function" if factors.networks == 1 else f"function {a}"
            raise ValueError(
                f"the gradient of {which} pairs to zero with every direction at every sample: it is constant on this "
                "data (saturated outputs?), or the data do not move, or it is invariant under all that was asked "
                "about: ask about more directions"
            )
    if factors.data.samples and not factors.data.triangles.any():
        raise ValueError("all samples are alike or none of them moves: nothing can be said about symmetries")


def _require_independent(alike: Tensor) -> None:
    """Refuse functions that are one, up to a factor."""
    sizes = alike.diagonal().sqrt()
    apart = (1 - (alike / sizes / sizes[:, None]).square()).clamp_min(0).sqrt().fill_diagonal_(1)
    if (apart <= SAME).any():
        a, b = (apart <= SAME).nonzero()[0].tolist()
        raise ValueError(
            f"functions {a} and {b} are the same, up to a factor: give functions that were trained independently"
        )


def _warn_of_units(alike: Tensor) -> None:
    """Warn of functions that differ in size: estimates of one function do so by chance, independent networks should
    not."""
    sizes = alike.diagonal().sqrt()
    if sizes.max() > 10 * sizes.min():
        warnings.warn(
            f"the functions' derivatives differ in size by a factor of {sizes.max() / sizes.min():.2g}, so that the "
            "largest decides: give functions trained on one task, with outputs in the same units",
            stacklevel=4,
        )


def _directions(E: Tensor) -> Tensor:
    """(k, k) orthonormal rows for polarization rows (2, M, rows, k), in ascending order of (shared) variance.

    One function: right singular vectors. Several: first those that are null to rounding, then the eigenvectors of the
    cross product C = sum over a ≠ b of E_aᵀE_b / (M(M-1)), which is that of the sum less each one's own.
    """
    R = torch.linalg.qr(E[0].flatten(0, 1), mode="r").R  # an SVD of all rows would build their square
    _, S, V = torch.linalg.svd(R)
    V = V.flip(0)
    if E.shape[1] == 1:
        return V
    null = int((S.square() <= EXACT * S.square().mean()).sum())
    own, summed = E @ V[null:].T
    C = summed[0].T @ summed[0] - torch.einsum("ari,arj->ij", own, own)
    return torch.cat([V[:null], torch.linalg.eigh(C).eigenvectors.T @ V[null:]])


def _take_off(E: Tensor, outputs: int) -> tuple[Tensor, Tensor, Tensor]:
    """From rows (2, M, rows, K_B + K) of B f and J A x, where K_B = `outputs`: the defects J A x - B f with the best B
    for each A; that B, (K, K_B); and orthonormal rows that span the output directions which move no output, and are in
    no B."""
    Bf, JAx = E[..., :outputs], E[..., outputs:]
    idle, busy = _idle(Bf)
    X = torch.linalg.lstsq((Bf[0] @ busy.T).flatten(0, 1), JAx[0].flatten(0, 1), driver="gelsd").solution
    return JAx - Bf @ busy.T @ X, X.T @ busy, idle


def _idle(Bf: Tensor) -> tuple[Tensor, Tensor]:
    """Orthonormal rows that span the output directions which move no output, and the rest, from (2, M, rows, K).

    With several functions an output direction is idle too if what it moves is each one's own error.
    """
    scale = _column_norms(Bf[0].flatten(0, 1))
    V = _directions(Bf / scale)
    rows, summed = Bf / scale @ V.T
    own = rows.square().sum(1)  # (M, K)
    idle = own.sum(0) <= TRIVIAL * own.sum(0).mean()
    if len(own) > 1:
        idle |= coherence(own, (rows * summed).sum(1), float(own.mean())) <= COHERENT
    return _complementary(V[idle] / scale)


def _split(data: Factor, size: int) -> tuple[Tensor, Tensor]:
    """Orthonormal rows that span the trivial directions, and the rest."""
    if data.samples < 2 * size:
        warnings.warn(
            f"{data.samples + 1} samples are too few for {size} directions: what is null for lack of data cannot be "
            f"told from a symmetry; give at least {2 * size + 1}",
            stacklevel=4,
        )
        return torch.zeros(0, size, dtype=torch.float64), torch.eye(size, dtype=torch.float64)
    triangle = data.triangle
    scale = _column_norms(triangle)
    _, S, V = torch.linalg.svd(triangle / scale)
    return _complementary(V[S.square() <= TRIVIAL * S.square().mean()] / scale)


def _column_norms(E: Tensor) -> Tensor:
    """(K,) what to divide columns by, so that units do not decide what is null; no column is blown up beyond 1e8."""
    norms = E.norm(dim=0)
    return norms.clamp_min(1e-8 * norms.max())


def _complementary(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Orthonormal rows with the span of independent rows (k, K), and those of its complement."""
    basis = torch.linalg.qr(rows.T, mode="complete").Q.T
    return basis[: len(rows)], basis[len(rows) :]
