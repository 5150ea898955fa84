"""A small figure by every function of liegg.plots, of numbers that its tests know."""

from collections.abc import Callable

import torch
from matplotlib.figure import Figure

from liegg import actions, decide, plots, polarize

LABELS = {"a": "kind A", "b": "kind $B_1$"}
RISING = torch.tensor([[1.0, 2.0, 4.0], [3.0, 2.0, 4.0]])  # two networks, three settings
LINES = {"a": (range(1, 4), RISING), "b": (range(1, 4), 10 * RISING)}
ESTIMATES = torch.tensor([[0.5, 0.25, 0.75], [0.9, 0.8, 1.0]])
SQUARE = torch.tensor([[0.0, 0.7], [-0.7, 0.0]])
PHOTOS = torch.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4).to(torch.uint8)
ANGLES = torch.linspace(0, 2 * torch.pi, 25)[:-1]
CIRCLE = torch.stack([ANGLES.cos(), ANGLES.sin()], 1)
FRAMES = torch.eye(3).expand(4, 3, 3)


def symmetry():
    """What three functions that a rotation of the plane leaves alone share."""
    x = torch.randn(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    radii = [lambda x, k=k: (x.square().sum(-1) + k).sqrt() for k in (1, 2, 3)]
    action = actions.Linear(2)
    return decide(polarize(radii, x, action), action)


EVERY: dict[str, Callable[[], Figure]] = {
    "clouds": lambda: plots.clouds({"cloud": CIRCLE.expand(3, -1, -1)}, ["one (m)", "other (m)"], 90.0),
    "compared": lambda: plots.compared(
        {"right (share)": {"a": {"zoo": (0.9, 0.8, 0.95), "new": None}, "b": {"zoo": (0.5, 0.2, 0.8)}}}, LABELS
    ),
    "confusion": lambda: plots.confusion({"nets": torch.tensor([[3, 1], [0, 5]])}, [0, 3]),
    "curves": lambda: plots.curves({"gain": {"a": ([0.0, 0.1], ESTIMATES)}}, LABELS, "mean", marks={"dash": 0.05}),
    "decided": lambda: plots.decided({"net": (range(3), {"a": RISING})}, LABELS, "height (m)"),
    "drifts": lambda: plots.drifts(torch.arange(3), {"a": RISING, "b": 10 * RISING}, LABELS, "angle"),
    "filters": lambda: plots.filters({"dense": torch.ones(2, 2, 4, 4)}, [(0, 0), (1, 1)]),
    "heatmaps": lambda: plots.heatmaps({"height": RISING}, ["low", "high"], [5, 6, 7], "rows (m)", "columns (s)"),
    "matrices": lambda: plots.matrices(SQUARE[None], ["$L_1$"]),
    "moments": lambda: plots.moments(
        PHOTOS[0][:, None].repeat(2, 1, 1, 1), {"one": FRAMES, "two": FRAMES}, [0, 2], "ab"
    ),
    "multiples": lambda: plots.multiples({"case": LINES, "other": LINES}, LABELS, "x", "height", point="direction"),
    "orbits": lambda: plots.orbits(
        {"a": torch.ones(21, 21).numpy()}, {"a": torch.ones(2, 4, 4)}, LABELS, [0.0, 90.0], extent=1.5
    ),
    "pictures": lambda: plots.pictures({"true": PHOTOS, "guessed": PHOTOS}, ["start", "end"]),
    "places": lambda: plots.places({"model": (CIRCLE, torch.arange(24)[:, None].expand(-1, 2) // 12)}, "x", "y"),
    "portrait": lambda: plots.portrait(symmetry()),
    "rates": lambda: plots.rates([1, 10, 100], {"found": {"a": ESTIMATES, "b": ESTIMATES}}, LABELS, "error"),
    "rings": lambda: plots.rings({"model": (CIRCLE, ANGLES)}),
    "runs": lambda: plots.runs(
        RISING,
        1,
        [1.0, 2.0, 3.0],
        {"smallest": (1.5, 0.5), "mean": (3.0, 1.0)},
        {"each": "a network", "picked": "the highest", "saved": "theirs", "several": "theirs, ten runs"},
    ),
    "scatter": lambda: plots.scatter([{"a": (ANGLES, ANGLES.square())}], LABELS, ["x (s)"], "height"),
    "shares": lambda: plots.shares({"all": {"a": [0.25, 1.0], "b": [0.75, 0.0]}}, LABELS, "share"),
    "spectra": lambda: plots.spectra({"a": RISING, "b": RISING}, {"a": RISING / 10}, LABELS, "units"),
    "strips": lambda: plots.strips({"height": {"a": {"x": [1.0, 2.0]}, "b": {"y": [3.0]}}}, LABELS, xlabel="letter"),
    "trends": lambda: plots.trends({"height $h$": LINES}, LABELS, "x", log=["height $h$"], point="direction"),
    "turning": lambda: plots.turning(PHOTOS[0][:, None].repeat(2, 1, 1, 1)[:4], {"one": FRAMES, "two": FRAMES}),
    "within_bands": lambda: plots.within_bands(
        {"A": {"x": [5, 50], "mean": [0.1, -2.0], "inner": [1, 2], "outer": [3, 1]}}, {"mean": "m"}, "N", "change"
    ),
}
