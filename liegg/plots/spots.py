"""Points of a figure that say something to who points at them."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes

from liegg.plots.style import BookFigure
from liegg.plots.words import Numbers, at, means, number, plain, short

MOST = 60  # of a figure: each is a stop for who goes by keyboard

Line = tuple[Axes, Numbers, Numbers, Sequence[str]]
"""axes, places, heights and what each point says"""


def name(axes: Axes, x: float, y: float, words: str) -> None:
    """Let a point of axes say words when it is pointed at, touched or reached by keyboard."""
    figure = axes.get_figure(root=True)
    if isinstance(figure, BookFigure) and len(figure.spots) < MOST and np.isfinite([x, y]).all():
        figure.spots.append((axes, float(x), float(y), words))


def along(lines: Iterable[Line]) -> None:
    """Let points of lines say their words: if there are too many, of each line the ends and both sides of its largest
    step first, then the others line by line."""
    points = []
    for axes, places, heights, words in lines:
        steps = np.abs(np.diff(np.log(np.clip(np.asarray(heights, dtype=float), 1e-30, None))))
        largest = int(np.nan_to_num(steps).argmax()) if len(steps) else 0
        first = {0, largest, largest + 1, len(heights) - 1}
        points += [(i not in first, (axes, *point)) for i, point in enumerate(zip(places, heights, words))]
    for _, point in sorted(points, key=lambda ranked: ranked[0]):
        name(*point)


def said(kind: str, point: str, places: Iterable, measure: str, heights: Numbers) -> list[str]:
    """What points of one kind say."""
    return [
        f"{plain(kind)}, {point} {at(place)}: {short(measure)} {number(height)}"
        for place, height in zip(places, heights)
    ]


def trends(panels: Iterable[tuple[Axes, str, str, dict]], labels: dict[str, str], point: str) -> None:
    """Let means of (M, T) values be named {kind: (x, values)}, of panels (axes, title, measure, kinds)."""
    lines: list[Line] = []
    for axes, title, measure, kinds in panels:
        for kind, (x, values) in kinds.items():
            heights = means(values)
            of = ", ".join(filter(None, [title, labels[kind]]))
            lines.append((axes, x, heights, said(of, point, x, measure, heights)))
    along(lines)


def directions(panels: dict[str, tuple[Axes, dict]], labels: dict[str, str]) -> None:
    """Let every point of spectra {measure: (axes, {kind: (M, K)})} say all that is known of its direction."""
    lines: list[Line] = []
    for kind in labels:
        known = {measure: means(of[kind]) for measure, (_, of) in panels.items() if kind in of}
        order = range(1, 1 + max(map(len, known.values()), default=0))
        says = [
            f"{plain(labels[kind])}, direction {k}: "
            + ", ".join(f"{measure} {number(heights[k - 1])}" for measure, heights in known.items())
            for k in order
        ]
        lines += [(panels[measure][0], order, heights, says) for measure, heights in known.items()]
    along(lines)


def symmetry(axes: Sequence[Axes], found) -> None:
    """Let directions of a `Symmetry` be named, in a panel of their variance and one of their coherence."""
    measures = {"relative variance": found.relative_variance, "by chance": found.mismatched / found.scale}
    measures |= {"coherence": found.coherence} if len(axes) > 1 else {}
    match = found.identify()
    counted = f"counted, in {match.name}" if match else "counted"
    said = [
        f"direction {k + 1}, {counted if k < found.dimension else 'not counted'}: "
        + ", ".join(f"{measure} {number(values[k])}" for measure, values in measures.items())
        for k in range(len(found.variance))
    ]
    along((a, range(1, len(said) + 1), measures[of], said) for a, of in zip(axes, ("relative variance", "coherence")))


def spectrum(axes: Axes, heights: Numbers, kind: str) -> None:
    """Let the directions of one spectrum be named."""
    for k, height in enumerate(heights, 1):
        name(axes, k, height, f"{plain(kind)}, direction {k}: variance {number(height)}")


def each(axes: Axes, places: Numbers, heights: Numbers, measure: str) -> None:
    """Let networks be told by their number, with their measure."""
    for a, (place, height) in enumerate(zip(places, heights), 1):
        name(axes, place, height, f"network {a}: {measure} {number(height)}")
