"""The figures of the book: functions from data to a matplotlib Figure, and a picture that moves."""

from liegg.plots.answers import compared
from liegg.plots.arrows import arrows
from liegg.plots.densities import within_bands
from liegg.plots.ensembles import clouds
from liegg.plots.frames import moments, turning
from liegg.plots.layers import decided, filters, shares
from liegg.plots.live import Live, Motion
from liegg.plots.measures import confusion, curves, heatmaps, rates, scatter, strips, trends
from liegg.plots.multiples import multiples
from liegg.plots.paths import paths
from liegg.plots.pictures import pictures, places, rings
from liegg.plots.speeds import raced, sizes, stacked
from liegg.plots.symmetries import drifts, matrices, orbit_density, orbits, portrait, runs, spectra

__all__ = [
    "Live",
    "Motion",
    "arrows",
    "clouds",
    "compared",
    "confusion",
    "curves",
    "decided",
    "drifts",
    "filters",
    "heatmaps",
    "matrices",
    "moments",
    "multiples",
    "orbit_density",
    "orbits",
    "paths",
    "pictures",
    "places",
    "portrait",
    "raced",
    "rates",
    "rings",
    "runs",
    "scatter",
    "shares",
    "sizes",
    "spectra",
    "stacked",
    "strips",
    "trends",
    "turning",
    "within_bands",
]
