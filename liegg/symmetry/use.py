"""Found generators put to use: to augment data, as a penalty in training, as arrays for an equivariant network."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import default_collate, get_worker_info

from liegg import algebra
from liegg.actions import Action, Copies, Linear, Restricted
from liegg.actions.flow import flow_of
from liegg.symmetry import identify
from liegg.symmetry.black_box import BlackBox
from liegg.symmetry.polarization import Function, fitted, moved_outputs, require_samples
from liegg.symmetry.result import Symmetry


class Augmentation:
    """Moves every sample along the generators that were found, by times of its own: a transform for training data.

        augment = liegg.Augmentation(found, turn=180)
        loader = DataLoader(dataset, batch_size=100, collate_fn=augment.collate)

    found       what `find_symmetry` found
    turn        how far, in degrees of a plane rotation of unit norm, as `finite_check` counts: times are uniform up to
                t = sqrt(2) · radians, either way
    generator   of the random numbers; by default torch's own state, which a DataLoader seeds anew in every worker

    `augment(x)` takes samples (B, ...) and returns as many: exp(t_d A_d) ... exp(t_1 A_1) x, the generators in a random
    order that the batch shares. Where outputs move along (found with an output_action), `augment(x, y)` returns both,
    y by exp(t B) in the same order with the same times. Rotations, and all that is compact, stay among data like these;
    scalings, shears and boosts grow without bound: there choose a turn up to which `found.check` shows little change.

    Raises ValueError where no symmetry was found, for actions.Flow, whose motions move functions, for a turn that is
    not positive and finite, and for what does not generate random numbers.
    """

    def __init__(self, found: Symmetry, *, turn: float, generator: torch.Generator | None = None):
        self.coefficients, self.output_coefficients = _generators(found)
        self.action, self.output_action = found.action, found.output_action
        if flow_of(found.action):
            raise ValueError(f"{found.action} moves functions, not samples: there are no samples to augment")
        if isinstance(turn, bool) or not isinstance(turn, int | float) or not 0 < turn < math.inf:
            raise ValueError(f"turn must be a positive and finite number of degrees, not {turn!r}")
        if not (generator is None or isinstance(generator, torch.Generator)):
            raise ValueError(f"generator must be a torch.Generator or None, not {generator!r}")
        self.turn, self.generator = turn, generator

    def __call__(self, x: Tensor, y: Tensor | None = None) -> Any:
        """(B, ...) -> (B, ...); with outputs (B, m) that move along, the pair of both. Raises ValueError for
        what the actions do not move, for y where outputs do not move and none where they do, and for a generator in
        a worker process of a DataLoader."""
        require_samples(x)
        if (y is None) != (self.output_action is None):
            raise ValueError(
                "the outputs of this symmetry move along with the inputs: call augment(x, y)"
                if y is None
                else "the outputs of this symmetry stay as they are: call augment(x)"
            )
        if y is not None and not (isinstance(y, Tensor) and y.is_floating_point() and len(y) == len(x)):
            raise ValueError(f"outputs that move along must be a floating-point tensor of {len(x)} rows, not {y!r:.60}")
        if self.generator is not None and get_worker_info():
            raise ValueError(
                "every worker of a DataLoader has the same copy of this generator, and would draw alike: leave "
                "generator out, and seed the DataLoader by its own"
            )
        most, g = math.sqrt(2) * math.radians(self.turn), self.generator
        device = torch.device("cpu") if g is None else g.device
        order = torch.randperm(len(self.coefficients), generator=g, device=device).tolist()
        times = (2 * torch.rand(len(order), len(x), generator=g, device=device, dtype=torch.float64) - 1) * most
        for i, t in zip(order, times.to(x.device)):
            x = self.action.act(self.coefficients[i].to(x.device), x, t)
            if y is not None:
                y = self.output_action.act(self.output_coefficients[i].to(y.device), y, t.to(y.device))  # type: ignore[union-attr, index]
        return x if y is None else (x, y)

    def collate(self, samples: list) -> Any:
        """A batch of torch's default_collate whose inputs, the first entry, are moved, and with an output_action the
        outputs, the second. Raises ValueError where samples are neither tensors nor tuples that begin so."""
        batch = default_collate(samples)
        if isinstance(batch, Tensor):
            return self(batch)
        moved = 1 if self.output_action is None else 2
        if not isinstance(batch, list | tuple) or len(batch) < moved:
            raise ValueError(
                f"collate takes samples that are tensors, or tuples (x, y, ...), not {type(samples[0]).__name__}: "
                "collate them yourself and call augment on the inputs"
            )
        first = self(*batch[:moved])
        return [*(first if moved == 2 else [first]), *batch[moved:]]


def penalty(found: Symmetry, model: Function, x: Tensor) -> Tensor:
    """How fast a model changes along the generators that were found, a scalar to add to its loss.

        loss = loss + weight * liegg.penalty(found, model, x)

    model   maps (B, ...) to (B,) or (B, m) by torch operations; its mode is left alone
    x       samples (B, ...); labels are not needed

    The mean over samples and generators A of |d/dt f(exp(tA) x)|² at t = 0, summed over outputs; with an output_action
    of |J_f(x) A x - B f(x)|². This is the symmetry variance along the generators, in squared units of the output
    (LieGG, section 3), with a graph to the model's parameters; for known directions it is tangent propagation (Simard
    et al. 1991). One evaluation of the model, and a forward-mode derivative for each generator.

    Raises ValueError where no symmetry was found, for black boxes, which have no parameters, for layers that change in
    passing, as BatchNorm in training does, and for operations that have no forward-mode derivative.
    """
    coefficients, output_coefficients = _generators(found)
    if isinstance(model, BlackBox):
        raise ValueError("a black_box has no parameters that a penalty could train: give the torch model itself")
    if not callable(model):
        raise ValueError(f"the model must be callable, not {model!r}")
    require_samples(x)
    if flow := flow_of(found.action):
        model, x = flow.framed(model), flow.frames(x)
    x = fitted(model, x)
    velocity = torch.einsum("dk,bk...->db...", coefficients.to(x), found.action.velocity(x))

    def along(v: Tensor) -> Any:
        return torch.func.jvp(model, (x,), (v,))

    try:
        y, slope = torch.func.vmap(along, randomness="same")(velocity)  # (d, B, ...), y alike for all d
    except RuntimeError as error:
        if not any(words in str(error) for words in ("forward AD", "forward-mode", "jvp", "vmap", "functorch")):
            raise
        raise ValueError(
            "the penalty takes forward-mode derivatives along all generators at once, and a layer of this model has "
            "none: write it with other torch operations, and for BatchNorm in training take LayerNorm or GroupNorm "
            f"({str(error).splitlines()[0]})"
        ) from error
    slope = slope.reshape(len(coefficients), len(x), -1)
    if output_coefficients is not None:
        moved = moved_outputs(found.output_action, y[0])  # type: ignore[arg-type]  # (B, m, K)
        slope = slope - torch.einsum("dk,bmk->dbm", output_coefficients.to(y), moved)
    return slope.square().sum(-1).mean()


def lie_algebra(found: Symmetry) -> np.ndarray:
    """The nearest Lie algebra to the generators that were found, (d, n, n) float64: an orthonormal basis of it.

    This is what EMLP takes (Finzi et al. 2021): `Group.lie_algebra`, whose constraints (A acts on W) = 0 an equivariant
    layer W solves for every A. Found generators close under the bracket only up to the network's error, and then their
    constraints have hardly a common solution; so they are moved to the nearest span that closes to rounding
    (`liegg.symmetry.identify.nearest`). `found.identify()` says which algebra it is, and how far.

    Raises ValueError where no symmetry was found, where no algebra is near, and for actions whose matrices do not act
    on vectors by themselves.
    """
    coefficients, _ = _generators(found)
    if not isinstance(_within(found.action), Linear):
        raise ValueError(
            f"the matrices of {found.action} are no representation on the vectors of a sample: find the symmetry with "
            "actions.Linear(n), about the origin"
        )
    closed = identify.nearest(found.action, coefficients)
    if closed is None or algebra.principal_angles(coefficients, closed)[-1] > identify.FAR:
        raise ValueError(
            f"no Lie algebra is near these {len(coefficients)} generators (closure defect {found.closure:.2g}): ask "
            "more networks, or more accurate ones, so that the right number is found"
        )
    return found.action.matrix(closed).numpy()


def _generators(found: object) -> tuple[Tensor, Tensor | None]:
    """(d, K) orthonormal generators, and (d, output_action.size) those of the outputs that go with them."""
    if not isinstance(found, Symmetry):
        raise ValueError(f"found must be what find_symmetry returns, not {type(found).__name__}")
    if not found.dimension:
        raise ValueError("no direction counts as a symmetry, so there is none to use: see found.decision")
    coefficients, combined = found._orthonormal
    if found.output_coefficients is None:
        return coefficients, None
    return coefficients, combined @ found.output_coefficients[: found.dimension]


def _within(action: Action) -> Action:
    """The action that an action restricts or repeats."""
    while isinstance(action, Restricted | Copies):
        action = action.action
    return action
