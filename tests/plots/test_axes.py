"""Axes can be read: ticks, long labels, reference lines, names of lines."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from liegg import plots
from liegg.plots.axes import _spread, in_full, ticks_between


def labels_in_view(axis):
    low, high = sorted(axis.get_view_interval())
    return [
        text.get_text()
        for place, text in zip(axis.get_majorticklocs(), axis.get_ticklabels())
        if low <= place <= high and text.get_text()
    ]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.3, 1.6, [0.5, 1]),
        (0.27, 0.95, [0.3, 0.4, 0.5, 0.7]),
        (0.01, 0.3, [0.01, 0.03, 0.1, 0.3]),
        (700, 30000, [1000, 3000, 10000, 30000]),
        (0.9, 99, [1, 3, 10, 30]),
        (1.01, 1.09, [1.02, 1.04, 1.06, 1.08]),
    ],
)
def test_short_logarithmic_axes_have_three_to_six_round_ticks(low, high, ticks):
    found = ticks_between(low, high)
    assert found == pytest.approx(ticks) if len(ticks) > 2 else 3 <= len(found) <= 6


@pytest.mark.parametrize("span", [1.05, 1.3, 2, 5, 20, 90])
def test_no_range_is_without_ticks(span):
    for low in np.geomspace(1e-6, 1e4, 57):
        if np.floor(np.log10(low * span)) - np.ceil(np.log10(low)) < 2:
            assert 2 <= len(ticks_between(low, low * span)) <= 7


def test_numbers_are_written_in_full_unless_they_have_many_zeros():
    written = {0.6: "0.6", 30000.0: "30000", 0.0003: "0.0003", 1.0: "1", 250.0: "250", 3e-6: r"$3\cdot10^{-6}$"}
    assert {value: in_full(value) for value in written} == written


def test_ticks_of_figures_are_plain_on_short_axes_and_powers_on_long_ones():
    short, long = torch.tensor([[0.3, 0.8]]), torch.tensor([[1e-4, 10.0]])
    figure = plots.trends({"a": {"k": ([1, 2], short)}, "b": {"k": ([1, 2], long)}}, {"k": "K"}, "n", log=["a", "b"])
    left, right = (labels_in_view(axes.yaxis) for axes in figure.axes)
    assert left == ["0.3", "0.4", "0.5", "0.7"] and len(right) >= 3
    assert all("10^{" in text for text in right)
    assert not any(text.get_text() for text in figure.axes[0].yaxis.get_ticklabels(minor=True))
    strips = plots.strips({"a": {"k": {"x": [0.02, 0.3]}}}, {"k": "K"}, log=["a"])
    assert labels_in_view(strips.axes[0].yaxis) == ["0.03", "0.1", "0.3"]


def test_labels_longer_than_their_axes_are_put_in_lines():
    words = "a share of something that takes many words to say, more than fit in one line beside an axis"
    rates = {words: {"k": {"x": (0.5, 0.4, 0.6)}}}
    label = plots.compared(rates, {"k": "K"}).axes[0].get_ylabel()
    assert "\n" in label and label.replace("\n", " ") == words
    assert plots.compared({"short": rates[words]}, {"k": "K"}).axes[0].get_ylabel() == "short"


def test_names_of_many_categories_do_not_touch():
    names = [f"none: broken so({i})\n1000" for i in range(15)]
    figure = plots.strips({"a": {"k": {name: [1.0] for name in names}}}, {"k": "K"})
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].get_xticklabels()]
    assert all(one.x1 < next.x0 for one, next in pairwise(boxes))
    assert figure.get_figwidth() <= 11


def test_reference_lines_say_what_they_are():
    values = torch.rand(3, 4) + 0.1
    drawn = [
        plots.trends({"y": {"k": (range(4), values)}}, {"k": "K"}, "n", level={"y": (0.77, "by chance")}),
        plots.drifts(torch.arange(4), {"k": values}, {"k": "K"}, "t", level=(0.77, "by chance")),
        plots.strips({"y": {"k": {"x": values[0]}}}, {"k": "K"}, level={"y": (0.77, "by chance")}),
        plots.scatter([{"k": (values[0], values[1])}], {"k": "K"}, ["x"], "y", level=(0.77, "by chance")),
        plots.compared({"y": {"k": {"x": (0.5, 0.4, 0.6)}}}, {"k": "K"}, level={"y": (0.77, "by chance")}),
        plots.curves({"y": {"k": ([0, 1], values[:2, :3])}}, {"k": "K"}, "n", level={"y": (0.77, "by chance")}),
    ]
    for figure in drawn:
        axes = figure.axes[0]
        assert [line.get_ydata() for line in axes.lines if line.get_linestyle() == ":"] == [[0.77, 0.77]]
        assert [text.get_text() for text in axes.texts] == ["by chance"]
    unnamed = plots.trends({"y": {"k": (range(4), values)}}, {"k": "K"}, "n", level={"y": 0.77})
    assert not unnamed.axes[0].texts and len(unnamed.axes[0].lines) == 2


def test_expected_shares_are_boxes_behind():
    axes = plots.compared({"y": {"k": {"x": (0.5, 0.4, 0.6)}}}, {"k": "K"}, expected={"x": (0.3, 0.5)}).axes[0]
    assert [(box.get_y(), box.get_height()) for box in axes.patches] == [(0.3, pytest.approx(0.2))]


def test_many_shades_have_their_names_where_lines_are_apart():
    labels = {str(n): f"{n} points" for n in (1, 2, 3, 4, 5, 6)}
    heights = torch.tensor([6.0, 4, 3, 2, 1, 0])
    for before in (True, False):
        apart = torch.stack(
            [heights, torch.ones(6), torch.ones(6)] if before else [torch.ones(6), torch.ones(6), heights]
        )
        ends = {kind: (range(3), line[None]) for kind, line in zip(labels, apart.T)}
        figure = plots.trends({"y": ends}, labels, "n", logx=False)
        (axes,) = figure.axes
        assert not figure.legends
        assert {text.get_text() for text in axes.texts} == set(labels.values())
        assert all((text.xyann[0] < 0) == before for text in axes.texts)
        places = {text.get_text(): text.xyann[1] for text in axes.texts}
        assert [places[name] for name in labels.values()] == sorted(places.values(), reverse=True)
        assert np.diff(sorted(places.values())).min() >= 0.065 - 1e-9
    few = plots.trends({"y": {k: (range(3), torch.rand(1, 3)) for k in ("1", "2")}}, {"1": "A", "2": "B"}, "n")
    assert len(few.legends) == 1 and not few.axes[0].texts


def test_names_are_moved_apart_as_little_as_need_be():
    assert _spread(np.array([0.1, 0.5, 0.9]), 0.1).tolist() == [0.1, 0.5, 0.9]
    assert _spread(np.array([0.5, 0.5]), 0.1) == pytest.approx([0.45, 0.55])
    assert _spread(np.array([0.1, 0.48, 0.5, 0.52]), 0.1) == pytest.approx([0.1, 0.4, 0.5, 0.6])


def test_scatter_names_its_level_once_and_marks_the_panel_that_is_asked_for():
    x = torch.rand(2, 5) + 0.1
    labels = {"a": "A", "b": "B"}
    panels = [{"b": x, "a": x}, {"a": x}]
    figure = plots.scatter(panels, labels, ["x", "y"], "h", log="x", level=(0.5, "half"), mark={1: 1.0})
    left, right = figure.axes
    assert [text.get_text() for text in left.texts] == ["half"] and not right.texts
    dashed = [[line.get_xdata() for line in axes.lines if line.get_linestyle() == "--"] for axes in (left, right)]
    assert dashed == [[], [[1.0, 1.0]]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["A", "B"]


def test_a_reference_line_is_named_where_there_is_room():
    for crowded, side in ((0, 1), (9, 0)):
        x = torch.arange(10.0)
        y = torch.where((x - crowded).abs() < 3, 0.52, 3.0)
        (name,) = plots.scatter([{"k": (x, y)}], {"k": "K"}, ["x"], "y", level=(0.5, "half")).axes[0].texts
        assert name.xy[0] == side
    empty = plots.scatter([{"k": ([], [])}], {"k": "K"}, ["x"], "y", level=(0.5, "half"))
    assert len(empty.axes[0].texts) == 1
