"""Bands are drawn where they were asked for."""

import numpy as np

from liegg import plots


def test_bands_lie_about_the_mean_and_uncertain_points_are_open():
    labels = {"mean": "m", "inner": "m ± s", "outer": "m ± b", "open": "uncertain", "other": "elsewhere"}
    panel = {"x": [5, 50], "mean": [0.1, -0.1], "inner": [1, 2], "outer": [3, 4], "open": [True, False]}
    figure = plots.within_bands(
        {"A": panel, "B": panel | {"other": ([5], [0.5])}, "C": panel},
        labels,
        "hidden units N",
        "change",
        symlog={"B": 0.1},
    )
    left, right = figure.axes[:2]
    assert left.get_xscale() == "log" and (left.get_xlabel(), left.get_ylabel()) == ("hidden units N", "change")
    assert (left.get_yscale(), right.get_yscale()) == ("linear", "symlog")
    low, high, mean, uncertain = left.lines
    np.testing.assert_allclose([low.get_ydata(), high.get_ydata()], [[-2.9, -4.1], [3.1, 3.9]])
    assert mean.get_ydata().tolist() == [0.1, -0.1] and uncertain.get_ydata().tolist() == [0.1]
    assert right.lines[4].get_ydata().tolist() == [0.5, -0.5]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "m ± s",
        "m ± b",
        "m",
        "uncertain",
        "elsewhere",
    ]
    assert len(figure.axes) == 3
    assert figure._repr_svg_().startswith("<?xml")
