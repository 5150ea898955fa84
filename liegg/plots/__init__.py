"""The figures of the book: functions from data to a matplotlib Figure."""

from liegg.plots.densities import within_bands
from liegg.plots.ensembles import clouds
from liegg.plots.measures import confusion, curves, heatmaps, rates, scatter, strips, trends
from liegg.plots.symmetries import drifts, flows, matrices, orbit_density, orbits, portrait, spectra

__all__ = [
    "clouds",
    "confusion",
    "curves",
    "drifts",
    "flows",
    "heatmaps",
    "matrices",
    "orbit_density",
    "orbits",
    "portrait",
    "rates",
    "scatter",
    "spectra",
    "strips",
    "trends",
    "within_bands",
]
