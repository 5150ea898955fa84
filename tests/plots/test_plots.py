"""Figures name their axes and kinds, and show themselves."""

import numpy as np
import pytest
import torch

from liegg import plots
from liegg.plots.style import MARKERS, PALETTE, look


def test_figures_of_measures_name_their_axes_and_kinds():
    values = torch.rand(3, 4) + 0.1
    figures = [
        plots.trends({"height (m)": {"one": (range(4), values), "b": (range(4), values)}}, {"one": "A", "b": "B"}, "n"),
        plots.heatmaps({"height (m)": values}, range(3), range(4), "rows", "columns"),
        plots.strips(
            {"height (m)": {"one": {"x": [1, 2]}, "b": {"x": [3], "y": [float("nan")]}}}, {"one": "A", "b": "B"}
        ),
    ]
    for figure in figures:
        axes = figure.axes[0]
        assert "height (m)" in (axes.get_ylabel(), axes.get_title())
        assert figure._repr_svg_().startswith("<?xml")
    for figure in (figures[0], figures[2]):
        assert [text.get_text() for text in figure.legends[0].get_texts()] == ["A", "B"]
    numbers = [text.get_text() for text in figures[1].axes[0].texts]
    assert numbers == [f"{v:.2g}" for v in values.flatten().tolist()]


def test_colours_and_markers_follow_the_order_of_the_labels():
    labels = {"trained": "A", "random": "B", "upright": "C"}
    for place, kind in enumerate(labels):
        assert look(kind, labels) == {"color": PALETTE[place], "marker": MARKERS[place]}
    turned = dict(reversed(labels.items()))
    assert look("upright", turned) == look("trained", labels) and look("random", turned) == look("random", labels)


def test_a_figure_with_some_of_the_kinds_keeps_the_colours_of_all():
    labels, values = {"one": "A", "two": "B"}, torch.rand(3, 4) + 0.1
    both = plots.trends({"y": {"one": (range(4), values), "two": (range(4), values)}}, labels, "n")
    last = plots.trends({"y": {"two": (range(4), values)}}, labels, "n")
    assert both.axes[0].lines[1].get_color() == last.axes[0].lines[0].get_color() == PALETTE[1]


def test_the_legend_names_what_any_panel_shows_and_each_once():
    labels, values = {"one": "A", "two": "B"}, torch.rand(3, 4) + 0.1
    one, two = ({kind: (range(4), values) for kind in kinds} for kinds in (["one"], ["one", "two"]))
    (legend,) = plots.trends({"y": one, "z": two}, labels, "n").legends
    assert [text.get_text() for text in legend.get_texts()] == ["A", "B"]


def test_kinds_that_are_numbers_are_shades_in_their_order():
    labels = {"1": "one layer", "2": "two", "4": "four"}
    luminance = [np.dot(look(kind, labels)["color"], [0.2126, 0.7152, 0.0722]) for kind in labels]
    assert luminance == sorted(luminance) and luminance[0] < luminance[-1]


def test_points_shares_and_counts_are_drawn_as_given():
    x, y = torch.rand(2, 5) + 0.1
    labels = {"a": "A", "b": "B"}
    scatter = plots.scatter(
        [{"a": (x, y), "b": (y, x)}, {"b": (x, y)}],
        labels,
        ["left (m)", "right (s)"],
        "height",
        titles=["one", "two"],
        log="xy",
    )
    left, right = scatter.axes
    assert (left.get_xlabel(), right.get_xlabel(), left.get_ylabel()) == ("left (m)", "right (s)", "height")
    assert np.allclose(left.lines[0].get_xydata(), torch.stack([x, y], 1)) and left.get_xscale() == "log"
    counts = torch.tensor([[3, 1], [0, 5]])
    confusion = plots.confusion({"one": counts}, [0, 3])
    assert sorted(text.get_text() for text in confusion.axes[0].texts) == ["1", "3", "5"]
    shares = torch.tensor([[0.5, 0.25, 0.75], [0.9, 0.8, 1.0]])
    rates = plots.rates([1, 10, 100], {"found": {"a": shares, "b": shares}}, labels, "error")
    assert np.allclose(rates.axes[0].lines[0].get_ydata(), [0.5, 0.9]) and rates.axes[0].get_ylabel() == "found"
    assert all(figure._repr_svg_().startswith("<?xml") for figure in (scatter, confusion, rates))


def test_the_density_of_orbits_of_a_rotation_is_the_circle():
    turn = torch.zeros(1, 3, 3).double()
    turn[0, 1, 0], turn[0, 0, 1] = 2**-0.5, -(2**-0.5)
    density = plots.orbit_density(turn, extent=1.5, bins=61)
    ticks = (np.arange(61) - 30) / 61 * 3
    radius = np.hypot(*np.meshgrid(ticks, ticks))
    assert (
        density.max() == 1
        and density[np.abs(radius - 1) > 0.05].max() == 0
        and density[np.abs(radius - 1) < 0.01].min() > 0
    )


def test_runs_one_by_one_beside_those_of_others():
    variance = torch.tensor([[1.0, 3.0], [2.0, 8.0], [1.5, 2.5]])
    labels = {"each": "a network", "picked": "the highest", "saved": "theirs", "several": "theirs, ten runs"}
    spread = {"smallest": (1.5, 0.5), "mean": (3.0, 1.0)}
    left, right = plots.runs(variance, 1, [1.0, 2.0], spread, labels).axes
    assert left.get_yscale() == right.get_yscale() == "log" and left.get_ylim() == right.get_ylim()
    heights = [line.get_ydata().tolist() for line in left.lines if line.get_marker() != "_"]
    for drawn in ([1, 2, 1.5], [2], [2, 5, 2], [5]):
        assert any(values == drawn for values in heights)
    assert left.containers[0].lines[2][0].get_segments()[0][:, 1].tolist() == [1, 2]
    assert sorted(line.get_ydata().tolist() for line in right.lines) == [[1, 2], [1, 3], [1.5, 2.5], [2, 8]]
    picked = next(line for line in right.lines if line.get_ydata().tolist() == [2, 8])
    assert picked.get_color() == look("picked", labels)["color"]


def test_nothing_that_was_given_is_left_out():
    labels, x = {"a": "A", "b": "B", "c": "C"}, torch.rand(2, 5) + 0.1
    untitled = plots.scatter([{"a": x}, {"b": x}], labels, ["left", "right"], "height")
    assert [len(axes.lines) for axes in untitled.axes] == [1, 1]
    shares = torch.tensor([[0.5, 0.25, 0.75], [0.9, 0.8, 1.0]])
    three = plots.rates([1, 10, 100], {"found": dict.fromkeys(labels, shares)}, labels, "error")
    assert len(three.axes[0].containers) == 3


def test_heatmaps_share_a_scale_and_leave_blank_what_is_not_known():
    values = torch.tensor([[80.0, 85.0], [float("nan"), 90.0]])
    panels = {"ours": values, "theirs": values + 5, "difference": torch.tensor([[-2.0, 1.0], [0.0, float("nan")]])}
    empty = torch.full((2, 2), float("nan"))
    figure = plots.heatmaps(
        panels | {"none": empty},
        [0, 1],
        [0, 2],
        "rows",
        "columns",
        shared=["ours", "theirs", "none"],
        signed=["difference"],
    )
    ours, theirs, difference, none = figure.axes
    assert [text.get_text() for text in ours.texts] == ["80.0", "85.0", "90.0"] and not none.texts
    assert [text.get_text() for text in difference.texts] == ["-2.0", "+1.0", "+0.0"]
    assert ours.images[0].get_clim() == theirs.images[0].get_clim() == (80, 95)
    assert difference.images[0].get_clim() == (-2, 2)
    assert [text.get_color() for text in theirs.texts] == ["black", "white", "white"]


def test_curves_have_their_intervals_and_marks():
    estimates = torch.tensor([[1.0, 0.5, 1.5], [2.0, 1.5, 2.5]])
    figure = plots.curves(
        {"gain (points)": {"b": ([0.0, 0.1], estimates)}}, {"a": "A", "b": "B"}, "mean", marks={"predicted": 0.05}
    )
    (axes,) = figure.axes
    assert axes.get_ylabel() == "gain (points)" and np.allclose(axes.lines[0].get_ydata(), [1, 2])
    assert axes.lines[0].get_color() == PALETTE[1] and axes.lines[1].get_xdata()[0] == 0.05
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["B", "predicted"]


def test_clouds_are_drawn_before_and_after_the_turn():
    curves = torch.randn(5, 7, 2)
    figure = plots.clouds({"one": curves, "two": curves}, ["a (m)", "b (m)"], 90, shown=3)
    assert len(figure.axes) == 4 and figure.axes[0].get_xlabel() == "a (m)"
    assert [axes.get_title() for axes in figure.axes[:2]] == ["one, as drawn", "one, turned by 90°"]
    before, after = (torch.tensor(axes.lines[0].get_xydata()) for axes in figure.axes[:2])
    assert torch.allclose(after, torch.stack([-before[:, 1], before[:, 0]], 1), atol=1e-6)
    assert len(figure.axes[0].lines) == 2 + 1 + 1


def test_a_network_without_a_value_takes_no_other_from_the_line():
    values = torch.tensor([[1.0, 2.0], [3.0, torch.nan]])
    axes = plots.trends({"y": {"one": (range(2), values)}}, {"one": "A"}, "n").axes[0]
    assert axes.lines[0].get_ydata().tolist() == [2, 2]


def test_small_multiples_have_a_panel_a_case_on_one_scale():
    values = torch.rand(3, 4) + 0.1
    cases = {name: {"b": (range(4), (i + 1) * values)} for i, name in enumerate("uvwxy")}
    figure = plots.multiples(cases, {"a": "A", "b": "B"}, "time (s)", "height (m)", log=True)
    assert [axes.get_title() for axes in figure.axes] == [*"uvwxy"]
    assert len({axes.get_ylim() for axes in figure.axes}) == 1 and figure.axes[4].get_yscale() == "log"
    for i, axes in enumerate(figure.axes):
        assert axes.lines[0].get_ydata() == pytest.approx((i + 1) * values.double().mean(0))
    assert (figure.get_supxlabel(), figure.get_supylabel()) == ("time (s)", "height (m)")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["B"]


def test_figures_of_layers_have_a_panel_a_layer_and_say_if_there_is_nothing():
    labels = {"FC": "dense", "CONV": "shared"}
    lines = {"FC": torch.rand(3, 4), "CONV": torch.rand(3, 4)}
    figure = plots.decided({"one": (range(4), lines), "two": (range(4), lines)}, labels, "height (m)")
    assert [axes.get_title() for axes in figure.axes] == ["layer 1", "layer 2", "layer 3"] * 2
    assert figure.axes[3].get_ylabel() == "two\nheight (m)"
    assert "nothing was updated" in plots.decided({"one": ([], {})}, labels, "height (m)").axes[0].texts[0].get_text()
    bars = plots.shares({"all": {"FC": [0.25, 1.0], "CONV": [0.75, 0.0]}}, labels, "share").axes[0]
    assert [round(bar.get_height(), 2) for bar in bars.patches] == [0.25, 1, 0.75, 0]
    assert [bar.get_y() for bar in bars.patches] == [0, 0, 0.25, 1]
    seen = plots.filters({"a": torch.rand(2, 2, 4, 4), "b": torch.rand(2, 2, 4, 4)}, [(0, 1), (1, 1)])
    assert seen.axes[0].get_title() == "output pixel (0, 1)" and seen.axes[0].get_ylabel() == "a"


def test_shares_are_compared_category_by_category():
    rates = {"a": {"zoo": (0.9, 0.8, 0.95), "new": None}, "b": {"zoo": (0.5, 0.2, 0.8), "new": (1.0, 0.7, 1.0)}}
    figure = plots.compared({"right (share)": rates}, {"a": "first", "b": "second"}, level={"right (share)": 0.9})
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["zoo", "new"]
    assert [len(container.lines[0].get_xdata()) for container in axes.containers] == [1, 2]
    bars = axes.containers[1].lines[2][0].get_segments()
    assert [bar[:, 1].tolist() for bar in bars] == [pytest.approx([0.2, 0.8]), pytest.approx([0.7, 1.0])]


def test_arrows_point_along_their_field_and_the_longest_reaches_to_the_next_point():
    points = torch.cartesian_prod(torch.arange(3.0), torch.arange(3.0)) - 1
    turning = points @ torch.tensor([[0.0, 7.0], [-7.0, 0.0]])
    figure = plots.arrows({"a turn": (points, turning)}, ["x"], ["y"])
    (quiver,) = figure.axes[0].collections
    drawn = np.stack([quiver.U, quiver.V], 1)
    assert drawn == pytest.approx(turning.numpy() / (7 * 2**0.5)) and quiver.angles == "xy" and quiver.scale == 1
    assert figure.words == (
        "A turn: x is x, y is y; 9 arrows, lengths 0 to 9.9, shortest at (0, 0), longest at (−1, −1)."
    )
