"""Figures of worlds and latents, and an animation that is one SVG."""

import math
import re
import xml.etree.ElementTree as ET

import torch

from liegg import plots

POINTS = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
ROTATIONS = torch.linalg.qr(torch.randn(6, 3, 3, generator=torch.Generator().manual_seed(1))).Q


def test_pictures_have_a_row_each():
    rows = {"colours": torch.rand(4, 3, 5, 5), "grey": torch.rand(3, 1, 5, 5), "bytes": torch.ones(4, 3, 5, 5).byte()}
    figure = plots.pictures(rows, ["a", "b", "c", "d"])
    assert [axes.get_ylabel() for axes in figure.axes[::4]] == list(rows)
    assert [axes.get_title() for axes in figure.axes[:4]] == ["a", "b", "c", "d"]
    assert sum(len(axes.images) for axes in figure.axes) == 11


def test_places_draw_every_point_with_a_mark_for_its_column():
    place = torch.randint(5, (60, 2), generator=torch.Generator().manual_seed(0))
    figure = plots.places({"a model": (POINTS, place)}, "x", "y")
    drawn = {tuple(xy) for line in figure.axes[0].lines for xy in line.get_xydata().tolist()}
    assert {tuple(p) for p in POINTS.double().tolist()} <= drawn
    assert [text.get_text() for text in figure.legends[0].get_texts()][-1] == "column 5"


def test_rings_have_one_scale_of_angles():
    angles = torch.linspace(-3, 3, 60)
    figure = plots.rings({"one": (POINTS, angles), "other": (2 * POINTS, angles)})
    scatters = [axes.collections[0] for axes in figure.axes[:2]]
    assert all(s.get_clim() == (0, 360) for s in scatters)
    assert abs(scatters[0].get_array()[0] - (360 - 3 * 180 / math.pi)) < 1e-3


def test_paths_are_drawn_whole_and_told_by_how_well_they_keep_their_distance():
    turn = torch.linspace(-1, 1, 9, dtype=torch.float64)
    circle = torch.stack([turn.cos(), turn.sin()], -1)
    figure = plots.paths(
        {"a turn": torch.stack([circle, 2 * circle]), "a line": circle[:, :1].expand(1, 9, 2)}, "x", "y"
    )
    drawn = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert drawn[0] == circle.tolist() and drawn[1] == circle[4:5].tolist()
    assert (
        "A turn: 2 orbits" in figure.words and "smallest distance from the origin is 1 of the largest" in figure.words
    )


def test_an_animation_shows_every_moment_once():
    figure = plots.turning(torch.ones(6, 1, 8, 8).byte(), {"a model": ROTATIONS, "other": ROTATIONS.flip(0)})
    svg = figure._repr_svg_()
    ET.fromstring(svg)
    for i in range(6):
        assert len(re.findall(rf'id="moment-{i}-', svg)) == 1 + 2 * 3  # a picture, and two frames of three arrows
        assert f'[id^="moment-{i}-"]' in svg
    assert "prefers-reduced-motion" in svg
    delays = [float(d) for d in re.findall(r"animation-delay:([\d.]+)s", svg)]
    assert delays == [0, 1, 2, 3, 4, 5]
    assert svg == figure._repr_svg_()


def test_moments_draw_columns_of_the_matrix():
    figure = plots.moments(torch.ones(6, 1, 8, 8).byte(), {"a": ROTATIONS}, [0, 3], ["0°", "180°"])
    lines = figure.axes[3].lines
    right = torch.tensor(plots.frames.VIEW[0])
    for k, line in enumerate(lines):
        assert abs(line.get_xdata()[1] - float(ROTATIONS[3][:, k] @ right)) < 1e-6
