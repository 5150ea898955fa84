"""Figures of many panels and long names fit the column of a desktop and that of a phone, of every function."""

import re
from itertools import combinations

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.text import Text

import liegg
from liegg import plots
from liegg.reproduce.project import find_root

COLUMNS = {"wide": 668, "narrow": 336}  # CSS pixels of a figure, in windows of 1280 and 390
LEAST = 9  # CSS pixels of a letter's size
KINDS = {"trained": "trained on rotated digits", "upright": "trained on upright digits", "random": "not at all"}
NAMES = [f"a rather long name {i}" for i in range(6)]
torch.manual_seed(0)


def networks(*shape):
    return {kind: torch.rand(3, *shape) + 0.1 for kind in KINDS}


def lines(x=range(1, 7)):
    return {kind: (x, values) for kind, values in networks(6).items()}


def shares():
    return {kind: dict.fromkeys(NAMES, (0.5, 0.4, 0.7)) for kind in KINDS}


def symmetry():
    slopes = (1.0, 1.1, 0.9)
    found = [lambda x, a=a: a * (x[:, :3] ** 2).sum(1) + (x[:, :3] * x[:, 3:]).sum(1) for a in slopes]
    return liegg.find_symmetry(found, torch.randn(200, 6), liegg.actions.Linear(3, copies=2))


GRIDS = {f"height of the {word} grid (m)": torch.rand(9, 8) + 0.1 for word in ("first", "second", "third")}
TITLES = [f"height of {word} (metres)" for word in ("the first", "a second", "yet another")]
FRAMES = torch.eye(3).expand(6, 3, 3)
FIGURES = {
    "clouds": lambda: plots.clouds({name: torch.randn(4, 9, 2) for name in TITLES[:2]}, ["output 1", "output 2"], 60),
    "arrows": lambda: plots.arrows(
        {t: (torch.rand(25, 2), torch.randn(25, 2)) for t in ("a boost", "a turn")}, ["$x$", "$x$"], ["$u$", "$v$"]
    ),
    "compared": lambda: plots.compared({t: shares() for t in [*TITLES, "one more"]}, KINDS, level={TITLES[0]: 0.5}),
    "confusion": lambda: plots.confusion({t: torch.eye(8) * 321 for t in TITLES[:2]}, range(8)),
    "curves": lambda: plots.curves({t: {k: (range(5), torch.rand(5, 3)) for k in KINDS} for t in TITLES}, KINDS, "n"),
    "decided": lambda: plots.decided(
        {t: (range(5), {k: torch.rand(4, 5) for k in KINDS}) for t in ("plain", "turned")}, KINDS, "logarithm"
    ),
    "drifts": lambda: plots.drifts(range(6), networks(6), KINDS, "angle of a rotation of the same norm (degrees)"),
    "filters": lambda: plots.filters(
        {t: torch.randn(4, 4, 9, 9) for t in ("an exact\nconvolution", "dense")}, [(0, 0), (1, 1), (2, 2), (3, 3)]
    ),
    "heatmaps": lambda: plots.heatmaps(GRIDS, range(9), range(8), "rows of the grid", "columns of the grid"),
    "matrices": lambda: plots.matrices(torch.randn(7, 3, 3), [f"generator\nnumber {i}" for i in range(7)]),
    "moments": lambda: plots.moments(
        torch.ones(6, 1, 8, 8).byte(), {"expected": FRAMES, "learned:\nproduct": FRAMES}, [0, 2, 4], ["0°", "9°", "8°"]
    ),
    "multiples": lambda: plots.multiples(
        {f"network {i}": lines() for i in range(7)}, KINDS, "direction", "variance", log=True
    ),
    "orbits": lambda: plots.orbits(
        {k: np.eye(9) for k in ("trained", "upright")},
        {k: torch.rand(5, 8, 8) for k in KINDS},
        KINDS,
        [0, 67.5, 135, 202.5, 270],
        1.6,
    ),
    "pictures": lambda: plots.pictures(
        {f"{t}\nof it": torch.rand(4, 1, 5, 5) for t in "abc"}, ["at the start", *"123"]
    ),
    "places": lambda: plots.places(
        {t: (torch.randn(25, 2), torch.cartesian_prod(torch.arange(5), torch.arange(5))) for t in ("a", "b", "c")},
        "first number of the latent",
        "second number",
    ),
    "portrait": lambda: plots.portrait(symmetry()),
    "rates": lambda: plots.rates(
        [1e-3, 1e-2, 1e-1], {t: {k: torch.full((2, 3), 0.5) for k in KINDS} for t in TITLES[:2]}, KINDS, "error"
    ),
    "paths": lambda: plots.paths({f"direction {i}": torch.randn(3, 9, 2) for i in (1, 2, 3)}, "first", "second"),
    "rings": lambda: plots.rings({t: (torch.randn(9, 2), torch.rand(9)) for t in ("a", "b", "c")}),
    "runs": lambda: plots.runs(
        torch.rand(5, 9) + 0.1,
        1,
        [0.5] * 9,
        {"smallest": (0.4, 0.1), "mean": (0.5, 0.1)},
        dict(zip(("each", "picked", "saved", "several"), (*KINDS.values(), "one of several runs of other code"))),
    ),
    "scatter": lambda: plots.scatter([{k: torch.rand(2, 9) for k in KINDS}] * 3, KINDS, TITLES, "error"),
    "shares": lambda: plots.shares(
        {f"digits, {t}": {k: [0.3, 0.4] for k in KINDS} for t in TITLES[:2]}, KINDS, "share"
    ),
    "spectra": lambda: plots.spectra(networks(9), networks(9), KINDS, "squared units of y"),
    "raced": lambda: plots.raced(
        {f"{t}, of networks with two hidden layers": (1.1, 1.0, 1.4, 1.25) for t in TITLES}, "times", goal="at most"
    ),
    "sizes": lambda: plots.sizes(
        [
            plots.speeds.Panel(f"{t}, all else alike", t, {k: ([100, 1000], [[1, 2], [9]]) for k in KINDS}, 300)
            for t in TITLES
        ],
        KINDS,
        mark="as long as each other",
    ),
    "stacked": lambda: plots.stacked(
        {t: {"forward": 1.5, "backward": 3, "the optimizer": 1} for t in TITLES}, "seconds"
    ),
    "strips": lambda: plots.strips({t: {k: dict.fromkeys(NAMES, torch.rand(3)) for k in KINDS} for t in TITLES}, KINDS),
    "trends": lambda: plots.trends({t: lines() for t in TITLES}, KINDS, "points drawn", log=TITLES),
    "turning": lambda: plots.turning(torch.ones(6, 1, 8, 8).byte(), dict.fromkeys(["one", "learned: other"], FRAMES)),
    "within_bands": lambda: plots.within_bands(
        {t: {name: [0.2, 0.4, 0.7] for name in ("mean", "inner", "outer", "x")} for t in TITLES},
        {"mean": "mean", "inner": "its deviation", "outer": "a band about it"},
        "hidden units",
        "change",
    ),
}


def test_every_function_of_the_package_is_looked_at():
    assert set(FIGURES) == {name for name in plots.__all__ if name.islower() and name != "orbit_density"}


@pytest.fixture(params=FIGURES)
def drawings(request):
    figure = FIGURES[request.param]()
    return dict(zip(COLUMNS, (figure, figure.narrow())))


def texts(figure, monkeypatch):
    """The texts that are drawn."""
    found = []
    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", lambda self, renderer: found.append(self))
        figure.draw_without_rendering()
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def test_labels_are_within_the_figure_and_large_enough_and_do_not_overlap(drawings, monkeypatch):
    for width, figure in drawings.items():
        pixels = min(96, COLUMNS[width] / figure.get_figwidth())
        shown = texts(figure, monkeypatch)
        boxes = [text.get_window_extent() for text in shown]
        for text, box in zip(shown, boxes):
            assert text.get_fontsize() / 72 * pixels >= LEAST, text
            assert box.x0 > -3 and box.y0 > -3, (width, text)
            assert box.x1 < figure.bbox.width + 3 and box.y1 < figure.bbox.height + 3, (width, text)
        for (one, a), (other, b) in combinations(zip(shown, boxes), 2):
            if not one.get_rotation() % 90 and not other.get_rotation() % 90:
                both = max(0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0, min(a.y1, b.y1) - max(a.y0, b.y0))
                assert both <= 0.15 * min(a.width * a.height, b.width * b.height), (width, one, other)


def test_both_drawings_show_the_same(drawings):
    wide, narrow = (
        [
            (
                [line.get_xydata().tolist() for line in axes.lines],
                [np.asarray(i.get_array()).shape for i in axes.images],
            )
            for axes in figure.axes
        ]
        for figure in drawings.values()
    )
    assert len(wide) == len(narrow)
    assert str(wide) == str(narrow)  # nan is nan


def test_a_figure_is_no_wider_than_its_column(drawings):
    assert drawings["wide"].get_figwidth() <= 8
    assert drawings["narrow"].get_figwidth() == 3.7


def test_panels_stay_high_on_a_phone():
    for name in ("trends", "strips", "multiples", "compared"):
        narrow = FIGURES[name]().narrow()
        assert all(axes.get_position().height * narrow.get_figheight() > 1.3 for axes in narrow.axes), name


def test_panels_without_titles_have_letters_in_both_drawings():
    def letters(figure):
        return [axes.get_title(loc="left") for axes in figure.axes]

    for figure in (FIGURES["trends"](), FIGURES["trends"]().narrow()):
        assert letters(figure) == ["(a)", "(b)", "(c)"]
    assert set(letters(FIGURES["heatmaps"]())) == {""} and letters(FIGURES["drifts"]()) == [""]


def test_every_line_of_panels_says_what_its_heights_are():
    narrow = FIGURES["heatmaps"]().narrow()
    assert [axes.get_ylabel() for axes in narrow.axes] == ["rows of the grid"] * 3
    narrow = FIGURES["shares"]().narrow()
    assert [axes.get_ylabel() for axes in narrow.axes] == ["share", ""]


def test_heights_stay_on_the_right_of_lines_that_are_named_on_the_left(monkeypatch):
    labels = {str(size): f"{size} points" for size in range(5)}
    falling = {size: (range(1, 4), torch.tensor([[float(size), 5, 5]])) for size in labels}
    narrow = plots.trends({"height": falling}, labels, "n", logx=False).narrow()
    middle = narrow.bbox.width / 2
    shown = [text for text in texts(narrow, monkeypatch) if text in narrow.axes[0].get_yticklabels()]
    assert shown and all(text.get_window_extent().x0 > middle for text in shown)


def test_notebooks_draw_figures_by_one_call_so_that_they_can_be_drawn_again():
    for path in (find_root() / "notebooks").glob("*.ipynb"):
        for cell in nbformat.read(path, 4).cells:
            assert not re.search(r"\bplots\.(.|\n)*\.axes\b", cell.source), path.name


def test_what_is_changed_is_laid_out_again_and_nothing_else():
    figure = FIGURES["drifts"]()
    (axes,) = figure.axes
    left = lambda: axes.get_position(original=True).x0
    before = left()
    figure._repr_svg_()
    assert left() == before
    axes.set_ylabel("a height\nof many\nlines\nand more")
    figure._repr_svg_()
    assert left() > before + 0.02
