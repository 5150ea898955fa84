"""What makes axes readable: few plain ticks, labels that fit, named reference lines, lines named at their ends."""

import math
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter

Level = float | tuple[float, str]
"""a height, and what it is"""
INK = "0.4"
LETTER = 0.53  # mean width of a letter, in font sizes
STEPS = (1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7)  # mantissas of ticks, from few to many


def finish(figure: Figure) -> None:
    """Ticks of all logarithmic axes, once everything is drawn."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                _plain(axis)


def _plain(axis: Axis) -> None:
    """Numbers in full, and few of them, on a logarithmic axis that has less than three powers of ten."""
    low, high = sorted(axis.get_view_interval())
    if math.floor(math.log10(high)) - math.ceil(math.log10(low)) >= 2:
        return
    ticks = ticks_between(low, high)
    room = letters(10, axis.axes.bbox.width / axis.axes.figure.dpi)
    if axis is axis.axes.xaxis and sum(len(in_full(tick)) + 2 for tick in ticks) > room:
        ticks = ticks[::2]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: in_full(value)))
    axis.set_minor_formatter(NullFormatter())


def ticks_between(low: float, high: float) -> list[float]:
    """Three to six round numbers between positive ones that are less than three powers of ten apart."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for mantissas in STEPS:
        ticks = [float(f"{m}e{p}") for p in powers for m in mantissas]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) >= 3:
            return ticks
    ticks = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in ticks if low <= tick <= high]


def in_full(value: float) -> str:
    """0.02 or 3000, without an exponent unless there were many zeros."""
    if 1e-4 <= value < 1e6:
        return f"{value:.6g}" if value >= 1e-3 else f"{value:.10f}".rstrip("0")
    power = math.floor(math.log10(value) + 1e-9)
    return rf"${value / 10**power:.3g}\cdot10^{{{power}}}$"


def letters(size: float | str, inches: float) -> int:
    """How many letters of a font size fit into a length."""
    return int(inches * 72 / (LETTER * float(size)))


def in_lines(label: str, most: int) -> str:
    """A label in lines of at most so many letters, about alike in length; a line with a formula stays as it is."""
    most, lines = max(most, 8), []
    for line in label.split("\n"):
        needed = len(_parts(line, most))
        widths = [] if "$" in line else range(1, most + 1)
        lines += next((parts for width in widths if len(parts := _parts(line, width)) <= needed), [line])
    return "\n".join(lines)


def _parts(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)


def name_categories(axes: Axes, names: list[str], inches: float) -> None:
    """Ticks 0, 1, ... with names, which are so far apart: in lines that do not touch, in small letters or turned where
    words are too long."""
    places = range(len(names))
    for size in (10, 8):
        most = letters(size, inches)
        broken = [in_lines(name, most) for name in names]
        if all(len(line) < most for name in broken for line in name.split("\n")):
            axes.set_xticks(places, broken, fontsize=size)
            return
    whole = [name.replace("\n", " ") for name in names]
    axes.set_xticks(places, whole, ha="right", rotation=40, rotation_mode="anchor")


def reference(axes: Axes, level: Level | None) -> None:
    """A dotted line at a height, with what it is above that of its ends near which there are fewer points."""
    if level is None:
        return
    height, name = level if isinstance(level, tuple) else (level, "")
    axes.axhline(height, color=INK, lw=0.9, ls=":", zorder=1)
    if name:
        side = _emptier(axes, height)
        axes.annotate(
            name,
            (side, height),
            (2 - 3 * side, 1.5),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            ha=("left", "right")[side],
            va="bottom",
            fontsize=8,
            color=INK,
        )


def _emptier(axes: Axes, height: float) -> int:
    """0 if fewer points are just above a height at the left than at the right, else 1."""
    to_axes = axes.transScale + axes.transLimits
    axes.get_xlim(), axes.get_ylim()
    points = to_axes.transform(np.concatenate([np.asarray(line.get_xydata(), dtype=float) for line in axes.lines[:-1]]))
    at = to_axes.transform((axes.get_xlim()[1], height))[1]
    near = points[(points[:, 1] > at - 0.04) & (points[:, 1] < at + 0.1), 0]
    return int((near < 0.3).sum() >= (near > 0.7).sum())


def name_lines(axes: Axes, *, gap: float = 0.065) -> None:
    """The labels of lines beside their ends, in place of a legend: on the side where the ends are further apart.

    gap    the least distance of two names, as a share of the height
    """
    lines = [line for line in axes.lines if not str(line.get_label()).startswith("_") and np.size(line.get_xdata())]
    to_axes = axes.transScale + axes.transLimits
    axes.get_xlim()
    ends = {
        side: np.array([to_axes.transform(np.asarray(line.get_xydata())[side]) for line in lines]) for side in (0, -1)
    }
    apart = {side: np.diff(np.sort(of[:, 1])).clip(0, gap).sum() for side, of in ends.items()}
    side = 0 if apart[0] > apart[-1] + gap else -1
    order = ends[side][:, 1].argsort()
    for place, height in zip(order, _spread(ends[side][order, 1], gap)):
        axes.annotate(
            lines[place].get_label(),
            ends[side][place],
            (-0.06 if side == 0 else 1.05, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha="right" if side == 0 else "left",
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "lw": 0.6, "color": lines[place].get_color(), "shrinkA": 1, "shrinkB": 4},
            annotation_clip=False,
        )
    if side == 0:
        axes.yaxis.tick_right()
        axes.yaxis.set_label_position("right")
        axes.spines["left"].set_visible(False)
        axes.spines["right"].set_visible(True)


def _spread(heights: np.ndarray, gap: float) -> np.ndarray:
    """Ascending heights moved apart to at least the gap, each as little as need be."""
    blocks: list[list[float]] = []  # of each group of touching names: how many, and where their middle is
    for height in heights:
        blocks.append([1, height])
        while len(blocks) > 1:
            (n, low), (m, high) = blocks[-2:]
            if high - low >= gap * (n + m) / 2:
                break
            blocks[-2:] = [[n + m, (n * low + m * high) / (n + m)]]
    return np.concatenate([middle + gap * (np.arange(n) - (n - 1) / 2) for n, middle in blocks])
