"""What is said of a digit that is carried along the directions of a network."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from liegg.studies.generators.carried import ACTION
from liegg.studies.generators.readings import parts

HALF = 14  # pixels of an image, the unit of length
WINDS = ("right", "down right", "down", "down left", "left", "up left", "up", "up right")
UNRELATED = 2**0.5
"""how far the outputs of two unrelated digits are from each other, in standard deviations"""


def chosen(measured: Iterable[dict[str, Tensor]], label: int) -> int:
    """The first of the digits, all of one label, that the first network of every kind reads right at rest; else 0."""
    read = torch.stack([of["logits"][:, 0, of["times"].shape[1] // 2].argmax(-1) for of in measured])
    return int((read == label).all(0).int().argmax())


def motions(measured: dict[str, Tensor], digits: Tensor, which: int, variance: Tensor) -> list[dict]:
    """Each direction that `carried` measured, as a `liegg.plots.Motion` of one of the digits (n, 1, H, W) as they were
    read; with the relative variance (K,) of each."""
    shown = []
    for k, (direction, times) in enumerate(zip(measured["directions"], measured["times"])):
        made_of = ", ".join(f"{name} {length:.2f}" for name, length in parts(ACTION.matrix(direction)).items())
        there, moved = places(direction, times), measured["moved"][which, k]
        shown.append(
            {
                "name": named(direction),
                "about": f"Direction {k + 1}: relative variance {variance[k]:.2g}; lengths of its parts: {made_of}.",
                "ends": ends(direction, times),
                "places": there,
                "frames": torch.cat([ACTION.act(direction, digits[which][None], t) for t in times])[:, 0],
                "moved": moved,
                "change": measured["change"][:, k],
                "said": [said(*each) for each in zip(moved.tolist(), measured["logits"][which, k])],
            }
        )
    return shown


def named(direction: Tensor) -> str:
    """What a direction (6,) mostly is."""
    A = ACTION.matrix(direction)
    lengths = parts(A)
    most = max(lengths, key=lambda name: lengths[name])
    if most == "stretches":
        return "stretch" if (A[0, 0] - A[1, 1]).abs() > (A[0, 1] + A[1, 0]).abs() else "shear"
    return f"shift {_wind(A[:2, 2])}" if most == "translations" else most


def places(direction: Tensor, times: Tensor) -> list[str]:
    """How far exp(tA) has carried the plane at each time (T,), in the words of what the direction mostly is."""
    angle, size, stretch, shift = _carried(direction, times)
    kind = named(direction).split()[0]
    return [
        "at rest"
        if t == 0
        else {
            "rotation": f"turned {abs(angle[i]):.0f}° {'clockwise' if angle[i] > 0 else 'anticlockwise'}",
            "scaling": f"scaled by {size[i]:.2f}",
            "stretch": f"stretched by {stretch[i]:.2f}",
            "shear": f"sheared by {stretch[i]:.2f}",
            "shift": f"shifted {shift[i].norm():.1f} pixels {_wind(shift[i])}",
        }[kind]
        for i, t in enumerate(times)
    ]


def ends(direction: Tensor, times: Tensor) -> tuple[str, str]:
    """The first and the last of these places in a few letters."""
    angle, size, stretch, shift = _carried(direction, times)
    first, last = (
        {
            "rotation": f"{angle[i]:.0f}°".replace("-", "−"),
            "scaling": f"× {size[i]:.1f}",
            "stretch": f"× {stretch[i]:.1f}",
            "shear": f"× {stretch[i]:.1f}",
            "shift": f"{shift[i].norm():.0f} pixels {_wind(shift[i])}",
        }[named(direction).split()[0]]
        for i in (0, -1)
    )
    return first, last


def said(moved: float, logits: Tensor) -> str:
    """How far the output has moved at a place, and as what the network reads the digit there, by its logits (m,)."""
    chance, label = logits.softmax(-1).max(-1)
    return (
        f"The output moved {moved:.2f} standard deviations; unrelated digits: {UNRELATED:.1f}. "
        f"Read as {label} ({100 * chance:.0f}\u00a0%)."
    )


def told(measured: dict[str, dict[str, Tensor]], which: int, label: int) -> str:
    """What `carried` measured of networks trained on each of {digits: measured} along their first and last direction;
    `which` digit is shown, and its label."""
    sentences = []
    for digits, of in measured.items():
        farthest = of["change"].mean(0).amax(-1)
        right = (of["logits"][which].argmax(-1) == label).sum(-1)
        first, last = (
            f"{farthest[k]:.2f} standard deviations along direction {k + 1} ({named(of['directions'][k])}), where the "
            f"first of them reads the {label} right at {right[k]} of {of['times'].shape[1]} places"
            for k in (0, len(farthest) - 1)
        )
        sentences.append(f"networks trained on {digits} move, in the mean, by up to {first}, and by up to {last}")
    return f"{'; '.join(sentences)}."


def _wind(v: Tensor) -> str:
    """The nearest of WINDS to a vector (2,), the first coordinate to the right and the second down."""
    return WINDS[round(float(torch.atan2(v[1], v[0])) / (torch.pi / 4)) % len(WINDS)]


def _carried(direction: Tensor, times: Tensor) -> tuple[np.ndarray, Tensor, Tensor, Tensor]:
    """How far exp(tA) has turned (T,) in degrees, by which factors (T,) it has scaled lengths and stretched one against
    those across it, and where it has taken the centre (T, 2), in pixels."""
    g = torch.linalg.matrix_exp(times[:, None, None] * ACTION.matrix(direction))
    L = g[:, :2, :2]
    angle = np.unwrap(torch.atan2(L[:, 1, 0] - L[:, 0, 1], L[:, 0, 0] + L[:, 1, 1]).numpy())
    high, low = torch.linalg.svdvals(L).T
    return (
        np.degrees(angle - angle[len(angle) // 2]),
        (high * low).sqrt(),
        (high / low).sqrt() ** times.sign(),
        g[:, :2, 2] * HALF,
    )
