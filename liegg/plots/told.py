"""What figures of measures show, in words: axes, kinds, and numbers as they are drawn.

With the first sentence of its caption it is a figure's description for those who do not see it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from liegg.plots.style import shaded
from liegg.plots.words import (
    MOST,
    Numbers,
    axis,
    course,
    extremes,
    letters,
    level,
    listed,
    means,
    median,
    number,
    places,
    plain,
    sentence,
    sentences,
    several,
    span,
)


def lines(panels: dict, labels: dict[str, str], xlabel: str, log: Iterable[str] = (), steps: Iterable[str] = ()) -> str:
    """Lines {ylabel: {kind: (x, (M, T))}}, means over networks; panels in `steps` are ascending."""

    def panel(letter: str, ylabel: str, kinds: dict) -> str:
        drawn = {labels[kind]: (x, means(values)) for kind, (x, values) in kinds.items()}
        told = {name: course(x, y, log=ylabel in log, steps=ylabel in steps) for name, (x, y) in drawn.items()}
        heights = {name: level(y, log=ylabel in log) for name, (_, y) in drawn.items()}
        courses = extremes(told, heights, ordered=shaded(labels)) or "nothing"
        return sentence(letter, f"{axis(ylabel, ylabel in log)}:", courses)

    against = sentence("against", xlabel + several([labels[kind] for kind in _kinds(panels)], MOST))
    return sentences([against, *(panel(letter, *drawn) for letter, drawn in zip(letters(panels), panels.items()))])


def curves(panels: dict, labels: dict[str, str], xlabel: str, marks: dict[str, float]) -> str:
    """Estimates {ylabel: {kind: (x, (T, 3))}}, by their values, and vertical lines."""
    values = {
        y: {k: (x, np.asarray(e, dtype=float).T[:1]) for k, (x, e) in kinds.items()} for y, kinds in panels.items()
    }
    dashed = sentence("dashed line:", "; ".join(f"{name} {number(place)}" for name, place in marks.items()))
    return sentences([lines(values, labels, xlabel), dashed if marks else ""])


def rates(centres: Numbers, panels: dict, labels: dict[str, str], xlabel: str) -> str:
    return curves({y: {k: (centres, e) for k, e in kinds.items()} for y, kinds in panels.items()}, labels, xlabel, {})


def drifts(times: Numbers, change: dict, labels: dict[str, str], xlabel: str) -> str:
    ylabel = "change of the output (standard deviations of the output)"
    return lines({ylabel: {kind: (times, values) for kind, values in change.items()}}, labels, xlabel, [ylabel])


def spectra(variance: dict, bias: dict, labels: dict[str, str], unit: str) -> str:
    over_directions = lambda of: {kind: (range(1, values.shape[1] + 1), values) for kind, values in of.items()}
    height = f"symmetry variance ({unit})"
    panels = {
        height: over_directions(variance),
        "symmetry bias (distance to the algebra, 0 to 1)": over_directions(bias),
    }
    return lines(panels, labels, "direction, in order of variance", [height], steps=[height])


def runs(variance, picked: int, saved: Sequence[float], spread: dict, labels: dict[str, str]) -> str:
    """The smallest and the mean of the k variances (M, k) of every network, of one run and of several."""
    variance = np.asarray(variance, dtype=float)
    of_each = {
        "smallest variance": (variance[:, 0], saved[0], spread["smallest"]),
        f"mean of the {variance.shape[1]}": (variance.mean(1), float(np.mean(saved)), spread["mean"]),
    }
    said = []
    for name, (values, one, (middle, deviation)) in of_each.items():
        told = [
            f"{labels['each']} {span(values)} (median {number(median(values))}, {len(values)} networks)",
            f"{labels['picked']} {number(values[picked])}",
            f"{labels['saved']} {number(one)}",
            f"{labels['several']} {number(middle)} ± {number(deviation)}",
        ]
        said.append(sentence(f"(a) {name}, logarithmic:", "; ".join(told)))
    order = range(1, variance.shape[1] + 1)
    lines = (f"{labels[k]} {course(order, v, log=True)}" for k, v in (("picked", variance[picked]), ("saved", saved)))
    return sentences([*said, sentence("(b) direction by direction:", "; ".join(lines))])


def portrait(found) -> str:
    """How many directions of a `Symmetry` count, and the measures of those that do and that do not."""
    d, K = found.dimension, len(found.variance)
    measures = {"relative variance, logarithmic": found.relative_variance}
    measures |= {"coherence": found.coherence} if found.coherence is not None else {}
    parts = {"counted": slice(0, d), "not counted": slice(d, K)}
    match = found.identify()
    algebra = f"; they span {match.name if match else 'no known algebra'}" if d else ""
    return sentences(
        [
            sentence(f"{d} of {K} directions counted{algebra}"),
            *(
                sentence(f"{name}:", "; ".join(f"{k} {span(values[p])}" for k, p in parts.items() if len(values[p])))
                for name, values in measures.items()
            ),
            sentence(f"variance by chance {span(found.mismatched / found.scale)}"),
        ]
    )


def cases(panels: dict, labels: dict[str, str], xlabel: str, ylabel: str, log: bool, steps: bool) -> str:
    """One measure in many panels {title: {kind: (x, (M, T))}}: the ends of lines, and their first step, over panels."""
    said = [sentence(f"{len(panels)} panels: {listed(panels)}"), sentence(f"{axis(ylabel, log)}, against {xlabel}")]
    for kind in {kind: None for kinds in panels.values() for kind in kinds}:
        drawn = {title: (kinds[kind][0], means(kinds[kind][1])) for title, kinds in panels.items() if kind in kinds}
        ends = []
        for end in (0, -1):
            heights = {title: float(y[end]) for title, (_, y) in drawn.items()}
            ends.append(f"at {number(next(iter(drawn.values()))[0][end])} {over(heights)}")
        if not steps:
            ends.append(f"greatest {over({title: float(np.nanmax(y)) for title, (_, y) in drawn.items()})}")
        else:
            ends.append(f"the second over the first {over({title: y[1] / y[0] for title, (_, y) in drawn.items()})}")
        said.append(sentence(f"{labels[kind]}:", ", ".join(ends)))
    return sentences(said)


def over(values: Mapping[str, float]) -> str:
    """Least and greatest of named numbers, with their names; one by one if they are few."""
    known = {name: v for name, v in values.items() if not math.isnan(v)}
    if not known:
        return "no value"
    if len(known) <= 2:
        return ", ".join(f"{number(v)} in {plain(name)}" if plain(name) else number(v) for name, v in known.items())
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    if number(known[low]) == number(known[high]):
        return f"{number(known[low])} throughout"
    return f"{number(known[low])} ({plain(low)}) to {number(known[high])} ({plain(high)})"


def categories(panels: dict, labels: dict[str, str], of: str, log: Iterable[str] = (), xlabel: str = "") -> str:
    """Numbers {ylabel: {kind: {category: value}}}, of which `of` says what they are."""
    names = list(dict.fromkeys(c for kinds in panels.values() for values in kinds.values() for c in values))
    named = [name for name in names if plain(name)]
    most = MOST if len(panels) <= MOST else 2
    columns = f" by {xlabel or 'column'}: {listed(named)}" if len(named) > 1 else ""
    said = [sentence(of + columns + several([labels[kind] for kind in _kinds(panels)], most))]
    for letter, (ylabel, kinds) in zip(letters(panels), panels.items()):
        told = {}
        all_of = {name for values in kinds.values() for name in values} == set(names)
        for kind, values in kinds.items():
            if len(values) > 2 * all_of and all(name[:1].isdigit() for name in values):
                told[labels[kind]] = course([*values], [*values.values()], log=ylabel in log)
            elif values and all_of and len(names) <= MOST + 1:
                told[labels[kind]] = ", ".join(number(values.get(name, math.nan)) for name in names)
            else:
                told[labels[kind]] = over(values)
        heights = {labels[kind]: level([*values.values()], log=ylabel in log) for kind, values in kinds.items()}
        said.append(sentence(letter, f"{axis(ylabel, ylabel in log)}:", extremes(told, heights, most)))
    return sentences(said)


def strips(panels: dict, labels: dict[str, str], log: Iterable[str], xlabel: str) -> str:
    """Medians of {ylabel: {kind: {category: (M,)}}}, and how far values go where there is but one category."""
    if len({name for kinds in panels.values() for values in kinds.values() for name in values}) == 1:
        said = [sentence("medians, with least and greatest")]
        for letter, (ylabel, kinds) in zip(letters(panels), panels.items()):
            told = {
                labels[k]: f"{number(median(v))} ({span(v)})" for k, values in kinds.items() for v in values.values()
            }
            said.append(sentence(letter, f"{axis(ylabel, ylabel in log)}:", extremes(told, {}, ordered=True)))
        return sentences(said)
    middles = {
        ylabel: {kind: {name: median(v) for name, v in values.items()} for kind, values in kinds.items()}
        for ylabel, kinds in panels.items()
    }
    return categories(middles, labels, "medians", log, xlabel)


def compared(panels: dict, labels: dict[str, str], xlabel: str) -> str:
    known = {
        ylabel: {
            kind: {name: rate[0] for name, rate in rates.items() if rate is not None} for kind, rates in kinds.items()
        }
        for ylabel, kinds in panels.items()
    }
    return categories(known, labels, "shares", (), xlabel)


def table(values, rows: Sequence, columns: Sequence) -> str:
    """Least and greatest of (R, C) numbers, and where they are."""
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).any():
        return "blank"
    ends = (np.unravel_index(find(values), values.shape) for find in (np.nanargmin, np.nanargmax))
    (low, at_low), (high, at_high) = ((values[place], place) for place in ends)
    where = lambda place: f"row {rows[place[0]]}, column {columns[place[1]]}"
    if number(low) == number(high):
        return f"{number(low)} throughout"
    return f"least {number(low)} ({where(at_low)}), greatest {number(high)} ({where(at_high)})"


def heatmaps(panels: dict, rows: Sequence, columns: Sequence, ylabel: str, xlabel: str) -> str:
    grid = sentence(f"rows: {ylabel} ({listed(rows)}); columns: {xlabel} ({listed(columns)})")
    return sentences([grid, *(sentence(f"{title}:", table(v, rows, columns)) for title, v in panels.items())])


def confusion(counts: dict, dimensions: Sequence[int]) -> str:
    said = [sentence(f"rows: true dimension, columns: dimension found, both {listed(dimensions)}")]
    for title, found in counts.items():
        found = np.asarray(found)
        right, more, all_of = (int(v) for v in (found.trace(), np.triu(found, 1).sum(), found.sum()))
        told = f"{right} of {all_of} on the diagonal, {more} found more and {all_of - right - more} less than there is"
        said.append(sentence(f"{title}:", told))
    return sentences(said)


def shares(panels: dict, labels: dict[str, str], ylabel: str) -> str:
    """Stacked bars {title: {kind: (layers,)}}: which kind has the most of which layers, and how much."""
    said = [sentence(f"{ylabel}, layer by layer, of {listed(labels[k] for k in _kinds(panels))}")]
    for title, kinds in panels.items():
        heights = np.array(list(kinds.values()), dtype=float)
        first = heights.argmax(0)
        told = []
        for i, kind in enumerate(kinds):
            if (layers := (first == i).nonzero()[0]).size:
                of = span(heights[i, layers])
                told.append(f"{labels[kind].split(':')[0]} has most in {places('layer', (layers + 1).tolist())} ({of})")
        said.append(sentence(f"{title}:", "; ".join(told)))
    return sentences(said)


def _kinds(panels: dict) -> list[str]:
    return list(dict.fromkeys(kind for kinds in panels.values() for kind in kinds))


def decided(panels: dict, labels: dict[str, str], ylabel: str) -> str:
    """{network: (epochs, {kind: (layers, T)})}: where lines end."""
    said = [sentence(f"rows: {listed(panels)}; a panel a layer; {ylabel}, against epoch")]
    for title, (_, kinds) in panels.items():
        told = []
        for kind, values in kinds.items():
            ends = {f"layer {i + 1}": float(line[-1]) for i, line in enumerate(values) if len(line)}
            told.append(f"{labels[kind].split(':')[0]} {over(ends)}")
        said.append(sentence(f"{title}, at the end:" if told else "", "; ".join(told)))
    return sentences(said)


def within_bands(panels: dict, labels: dict[str, str], xlabel: str, ylabel: str) -> str:
    """Means, how often zero is within the outer band about them, and half widths of both bands at the ends."""
    bands = {name: f"{name} band ({labels[name]})" if name in labels else f"{name} band" for name in ("inner", "outer")}
    said = [sentence(f"{ylabel}, against {xlabel}, logarithmic; means, {bands['inner']} and {bands['outer']}")]
    for title, panel in panels.items():
        x, mean, outer = (np.asarray(panel[name], dtype=float) for name in ("x", "mean", "outer"))
        within = f"means {span(mean)}, zero in the outer band at {int((np.abs(mean) <= outer).sum())} of {len(mean)}"
        widths = (f"{name} {' to '.join(number(panel[name][end]) for end in (0, -1))}" for name in bands)
        ends = f"half widths from {number(x[0])} to {number(x[-1])}"
        said.append(sentence(f"{title}: {within}; {ends}:", ", ".join(widths)))
    return sentences(said)
