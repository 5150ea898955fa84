"""Figures say in words what they show, and their points what they are."""

import math
import re

import numpy as np
import pytest
import torch
from test_columns import FIGURES, symmetry

from liegg import plots
from liegg.plots import seen, spots, told, words
from liegg.plots.style import BookFigure

LABELS = {"a": "kind A", "b": "kind $B_1$"}
RISING = torch.tensor([[1.0, 2.0, 4.0], [3.0, 2.0, 4.0]])  # two networks, three settings


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_says_what_it_shows(name):
    said = FIGURES[name]().words
    assert re.search(r"\d", said) and said.endswith(".") and said[0] == said[0].upper()
    assert not re.search(r"[$\\{}\n]|  |\.\.|nan|\.(svg|png|ipynb)|\d[eE][-+]\d", said)


@pytest.mark.parametrize("name", ["spectra", "portrait", "runs"])
def test_spots_are_within_the_figure(name):
    figure = FIGURES[name]()
    for drawing in (figure, figure.narrow()):
        assert len(drawing._places()) > 10
        for left, top, said in drawing._places():
            assert 0 <= left <= 100 and 0 <= top <= 100 and re.search(r"\d", said)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (3.0, "3"),
        (0.0213, "0.021"),
        (9.96, "9.96"),
        (85.44, "85.4"),
        (12345.6, "12300"),
        (40000, "40000"),
        (-0.5, "−0.5"),
        (0.00031, "0.00031"),
        (3.04e-6, "3·10⁻⁶"),
        (1e-8, "10⁻⁸"),
        (2.5e7, "2.5·10⁷"),
        (math.nan, "no value"),
        (math.inf, "infinite"),
    ],
)
def test_numbers_have_two_or_three_digits_and_no_exponent(value, written):
    assert words.number(value) == written


def test_formulae_are_read_as_words():
    assert words.plain("variance $S_i^2/N$\n(units)") == "variance S i squared / N (units)"
    assert words.plain(r"$\mu_M \pm \sigma_M$") == "mu M plus or minus sigma M"
    assert words.short("variance $S_i^2/N$\n(units)") == "variance"


@pytest.mark.parametrize(
    ("heights", "said"),
    [
        ([1, 2, 4], "from 1 at 1 to 4 at 3"),
        ([2, 0.5, 2.5], "from 2 at 1 to 2.5 at 3, least 0.5 at 2"),
        ([2, 9, math.nan], "from 2 at 1 to 9 at 2"),
        ([1, 9, 2], "from 1 at 1 to 2 at 3, greatest 9 at 2"),
        ([3, 3, 3], "3 throughout"),
        ([3, 3.1, 3], "about 3 throughout"),
        ([math.nan, 7, math.nan], "7 at 2"),
        ([math.nan] * 3, "no value"),
        ([1.0, 1.001, 1.9], "from 1 at 1 to 1.9 at 3"),
    ],
)
def test_a_line_is_told_by_its_ends_and_what_lies_beyond_them(heights, said):
    assert words.course(range(1, 4), heights) == said


def test_of_a_long_line_it_is_told_where_it_is_half_way():
    assert words.course(range(9), [0, 0, 0, 0.1, 0.4, 0.8, 1, 1, 1]) == "from 0 at 0 to 1 at 8, half way at 5"
    assert words.course(range(9), [1000, 10, 8, 6, 5, 4, 3, 2, 1], log=True).endswith("half way at 1")


def test_a_step_is_told_where_it_stands_out():
    assert words.step([1, 2, 20, 30]) == "the first step 2-fold, the largest step 10-fold, after 2"
    assert not words.step([1, 1.2, 1.4]) and not words.step([0, 1, 100])


def test_what_lines_are_ordered_by_leaves_out_what_is_not_known():
    assert words.level([1, 100, 0, math.nan], log=True) == pytest.approx(math.log(10))
    assert words.level([1, 3, math.nan]) == 2 and math.isnan(words.level([]))


def test_of_many_kinds_the_lowest_and_the_highest_are_told():
    heights = {name: float(ord(name)) for name in "uvwxyz"}
    said = words.extremes({name: f"is {name}" for name in heights}, heights)
    assert words.extremes(dict.fromkeys(heights, "is"), {}, ordered=True) == "first u: is; last z: is"
    assert said == "lowest u: is u; highest z: is z"
    assert words.several([*heights], 4) == "; 6 kinds: u, v, w, x, y, z" and words.several(["u"], 4) == ""
    assert words.listed(range(30)) == "0 to 29, 30 of them"
    assert words.places("layer", [1, 2, 3]) == "layers 1 to 3" and words.places("layer", [4]) == "layer 4"


def test_lines_are_told_panel_by_panel():
    said = told.lines({"height": {"a": (range(1, 4), RISING)}}, LABELS, "time (s)", ["height"], ["height"])
    assert said == (
        "Against time (s). Height, logarithmic: kind A from 2 at 1 to 4 at 3, the first step 1-fold, "
        "the largest step 2-fold, after 2."
    )


def test_tables_are_told_by_their_extremes():
    said = told.heatmaps({"height": RISING}, ["low", "high"], [5, 6, 7], "rows", "columns")
    assert said == (
        "Rows: rows (low, high); columns: columns (5, 6, 7). "
        "Height: least 1 (row low, column 5), greatest 4 (row low, column 7)."
    )
    assert told.table(torch.full((2, 2), math.nan), [1, 2], [1, 2]) == "blank"
    assert "8 of 9 on the diagonal, 1 found more and 0 less" in told.confusion(
        {"n": torch.tensor([[3, 1], [0, 5]])}, [0, 3]
    )


def test_clouds_of_points_are_told_by_where_most_of_them_are():
    x = np.arange(101.0)
    assert seen.mostly(x) == "5 to 95" and seen.mostly(x[:3]) == "0 to 2"
    assert seen.together(x, x**3) == ", rank correlation 1" and seen.together(x, 0 * x) == ""
    same = seen.scatter([{"a": (x, x)}, {"a": (-x, x)}], LABELS, ["left", "right"], "y", ["", ""], "")
    assert same.count("(101 points)") == 1 and "x −95 to −5, rank correlation −1. Nine" in same


def test_what_the_eye_takes_from_pictures_is_measured():
    toeplitz = torch.tensor([[1.0, 2.0, 3.0], [4.0, 1.0, 2.0], [5.0, 4.0, 1.0]])
    assert seen.striped(toeplitz) == pytest.approx(1)
    assert seen.striped(torch.tensor([[1.0, 0], [0, -1.0]])) == pytest.approx(0)
    assert seen.half(torch.tensor([[3.0, 0], [1.0, 2.0]])) == 1 and seen.half(torch.ones(4, 4)) == 8
    angle = torch.linspace(0, 2 * torch.pi, 41)[:-1]
    for turns in (-2, 1, 3):
        points = torch.stack([(turns * angle + 0.3).cos(), (turns * angle + 0.3).sin()], 1)
        assert seen.winding(points, angle) == (turns, pytest.approx(1))
    board = torch.cartesian_prod(torch.arange(3), torch.arange(3)).repeat(5, 1)
    assert seen.told_apart(board.double(), board) == (1, 1)
    row, column = seen.told_apart(board.double() * torch.tensor([1.0, 0.0]), board)
    assert row == 1 and column == pytest.approx(1 / 3)


def test_orbits_of_a_rotation_stay_on_the_circle():
    turn = torch.zeros(1, 3, 3).double()
    turn[0, 1, 0], turn[0, 0, 1] = 2**-0.5, -(2**-0.5)
    assert seen.near_circle(plots.orbit_density(turn, extent=1.6), 1.6) == pytest.approx(1)
    stretch = torch.diag(torch.tensor([0.1, -0.1, 0])).double()[None]
    assert seen.near_circle(plots.orbit_density(stretch, extent=1.6), 1.6) < 0.5


def test_frames_are_compared_with_the_first():
    turned = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]).expand(4, 3, 3)
    said = seen.frames({"expected": torch.eye(3).expand(4, 3, 3), "other": turned}, range(4))
    assert "mean angle to the arrows of “expected”, over the moments: other 60°" in said.lower()


def test_points_of_spectra_say_direction_variance_and_bias():
    figure = plots.spectra({"a": RISING, "b": RISING}, {"a": RISING / 10}, LABELS, "units")
    said = {words for _, _, _, words in figure.spots}
    assert "kind A, direction 1: variance 2, bias 0.2" in said and "kind B 1, direction 3: variance 4" in said
    drawn = [(axes, x, y) for axes, x, y, words in figure.spots if words.startswith("kind A, direction 1:")]
    assert drawn == [(figure.axes[0], 1, 2), (figure.axes[1], 1, pytest.approx(0.2))]
    found = symmetry()
    of_directions = [words for *_, words in plots.portrait(found).spots]
    assert len(of_directions) == 2 * 9 and all("coherence" in words for words in of_directions)
    counted = f"in {found.identify().name}" if found.identify() else ""
    assert of_directions[0].startswith(f"direction 1, counted, {counted}".rstrip(", "))


def test_too_many_points_leave_ends_and_steps():
    figure = BookFigure()
    axes = figure.subplots()
    heights = np.array([1.0] * 10 + [100.0] * 40)
    spots.along((axes, range(50), heights * (i + 1), [f"{i}, {k}" for k in range(50)]) for i in range(3))
    named = [words for *_, words in figure.spots]
    assert len(named) == spots.MOST
    assert {f"{i}, {k}" for i in range(3) for k in (0, 9, 10, 49)} <= set(named)
    assert {f"0, {k}" for k in range(50)} <= set(named)


def test_points_that_coincide_are_one():
    same = {kind: (range(1, 4), RISING) for kind in LABELS}
    figure = plots.trends({"y": same}, LABELS, "x", point="place")
    assert len(figure.spots) == 6
    assert [words for *_, words in figure._places()] == [
        f"kind A, place {place}: y {y};\nkind B 1, place {place}: y {y}" for place, y in ((1, 2), (2, 2), (3, 4))
    ]


@pytest.mark.parametrize(
    ("every", "some", "said"),
    [
        ({"zoo": 0.5, "new": 0.5, "once": 1.0}, {"once": 0.25, "zoo": 0.75}, "0.25 in once, 0.75 in zoo"),
        ({"0": 0.5, "2": 1.0, "5": 1.0}, {"0": 0.5, "5": 0.75}, "from 0.5 at 0 to 0.75 at 5"),
        ({"zoo": 0.5, "once": 1.0}, {"once": 0.25, "zoo": 0.75}, "0.75, 0.25"),
    ],
)
def test_a_panel_without_a_category_says_which_it_has(every, some, said):
    panels = {"all": {"a": every}, "some": {"a": some}}
    assert f"(b) some: kind A {said}." in told.categories(panels, LABELS, "")


def test_medians_of_strips_say_what_they_are():
    figure = plots.strips({"value,\nafter (m)": {"a": {"1": [1.0, 3.0], "2": [8.0]}}}, LABELS, point="place")
    assert [(x, y, words) for _, x, y, words in figure.spots] == [
        (0, 2, "kind A, place 1: value, after 2"),
        (1, 8, "kind A, place 2: value, after 8"),
    ]


def test_words_are_found_where_there_is_little_to_say():
    nothing, unknown = torch.tensor([]), torch.full((2, 3), math.nan)
    figures = [
        plots.strips({"height": {"a": {}}}, LABELS),
        plots.strips({"height": {"a": {"x": nothing}, "b": {"x": [math.nan]}}}, LABELS),
        plots.trends({"height": {"a": (range(3), unknown)}}, LABELS, "x", point="direction"),
        plots.multiples({"case": {"a": (range(1, 4), unknown)}}, LABELS, "x", "height", point="direction"),
        plots.spectra({"a": RISING[:, :1]}, {"a": RISING[:, :1]}, LABELS, "units"),
        plots.scatter([{"a": (nothing, nothing)}, {}], LABELS, ["x", "y"], "height"),
        plots.compared({"share": {"a": {"zoo": None}}}, LABELS),
        plots.heatmaps({"height": unknown}, [1, 2], [1, 2, 3], "rows", "columns"),
        plots.matrices(torch.zeros(1, 3, 3), ["none found"]),
        plots.decided({"net": ([], {})}, LABELS, "height"),
    ]
    for figure in figures:
        assert figure.words.endswith(".") and "nan" not in figure.words
    assert "no points" in figures[5].words and "blank" in figures[7].words and "all zero" in figures[8].words
