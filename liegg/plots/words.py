"""Words for what is drawn: numbers, names, and the courses of lines."""

import math
import re
import string
from collections.abc import Iterable, Sequence, Sized

import numpy as np
import torch
from torch import Tensor

Numbers = Sequence[float] | np.ndarray | Tensor

MOST = 4  # things that are told one by one; of more, the extremes
LONG = 5  # points of a line of which it is told where it is half way
FLAT = 0.08  # share of its height by which a line that is level varies
BEYOND = 0.12  # by how much of its range a line leaves what its ends span, to be told of
MARKS = {r"\pm": " plus or minus ", r"\cdot": " times ", r"\delta": "delta ", r"\mu": "mu", r"\sigma": "sigma"}
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float) -> str:
    """A number of two digits below 10, of three above; a whole one whole; with a power of ten after many zeros."""
    value = float(value)
    if not math.isfinite(value):
        return "no value" if math.isnan(value) else "infinite"
    digits = 2 if abs(value) < 9.95 else 3
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    if value == int(value) and abs(value) < 1e6:
        written = f"{value:.0f}"
    elif -4 <= int(power) < 6:
        written = np.format_float_positional(value, digits, unique=False, fractional=False, trim="-")
    else:
        written = f"{float(mantissa):g}·10{str(int(power)).translate(RAISED)}".removeprefix("1·")
    return written.replace("-", "−")


def span(values: Numbers) -> str:
    """Least and greatest of numbers, or the one that they are."""
    known = [v for v in map(float, values) if not math.isnan(v)]
    if not known:
        return "no value"
    low, high = number(min(known)), number(max(known))
    return low if low == high else f"{low} to {high}"


def plain(label: object) -> str:
    """A label in one line, its formulae in words."""
    text = re.sub(r"\$([^$]*)\$", lambda formula: _said(formula[1]), str(label))
    return " ".join(text.split())


def short(label: str) -> str:
    """A label without its formulae and units."""
    return plain(re.split(r"[$(]", label)[0])


def _said(formula: str) -> str:
    for mark, word in MARKS.items():
        formula = formula.replace(mark, word)
    formula = formula.replace("/", " / ").replace("^2", " squared").replace("^", " to the power ").replace("_", " ")
    return re.sub(r"[\\{}]", "", formula)


def axis(label: str, log: bool) -> str:
    """A label with its scale."""
    return plain(label) + ", logarithmic" * log


def sentence(*parts: str) -> str:
    """Parts that say something, as one sentence."""
    said = plain(" ".join(filter(None, parts)))
    return said[:1].upper() + said[1:].rstrip(".") + "." if said else ""


def sentences(said: Iterable[str]) -> str:
    return " ".join(filter(None, said))


def listed(names: Iterable[object]) -> str:
    """Names one after another; of many the first and the last."""
    said = [plain(name) for name in names]
    between = "; " if any(", " in name for name in said) else ", "
    return between.join(said) if len(said) <= 2 * MOST else f"{said[0]} to {said[-1]}, {len(said)} of them"


def letters(panels: Sized) -> list[str]:
    """What panels without a title of their own are called, if there are several."""
    return [f"({letter})" for letter in string.ascii_lowercase[: len(panels)]] if len(panels) > 1 else [""]


def places(name: str, numbers: Sequence[int]) -> str:
    """Numbered things in few words: layers 1 to 3, layer 4, or layers 1, 3."""
    if len(numbers) == 1:
        return f"{name} {numbers[0]}"
    following = list(numbers) == list(range(numbers[0], numbers[-1] + 1)) and len(numbers) > 2
    return f"{name}s " + (f"{numbers[0]} to {numbers[-1]}" if following else ", ".join(map(str, numbers)))


def means(values: Numbers) -> np.ndarray:
    """(T,) means over networks of (M, T), as they are drawn."""
    return torch.as_tensor(values).double().nanmean(0).numpy()


def median(values: Numbers) -> float:
    return float(torch.as_tensor(values, dtype=torch.float64).nanquantile(0.5)) if len(values) else math.nan


def at(x: str | float) -> str:
    return plain(x) if isinstance(x, str) else number(x)


def course(x: Sequence | Tensor, y: Numbers, *, log: bool = False, steps: bool = False) -> str:
    """From where to where a line goes, and what is between: where it is least or greatest if that is well beyond its
    ends, with `steps` its largest step, else where a long line has gone half the way."""
    known = [(at(place), float(height)) for place, height in zip(x, y) if math.isfinite(height)]
    if not known:
        return "no value"
    names, heights = [name for name, _ in known], np.array([height for _, height in known])
    written = [number(height) for height in heights]
    if len(set(written)) == 1:
        return f"{written[0]} at {names[0]}" if len(known) == 1 else f"{written[0]} throughout"
    scale = np.log(heights.clip(min(heights[heights > 0], default=1))) if log else heights
    if np.ptp(scale) < FLAT * (1 if log else np.abs(heights).max()):
        return f"about {number(np.median(heights))} throughout"
    least, greatest, margin = int(scale.argmin()), int(scale.argmax()), BEYOND * np.ptp(scale)
    said = [f"from {written[0]} at {names[0]} to {written[-1]} at {names[-1]}"]
    if min(scale[0], scale[-1]) - scale[least] > margin:
        said.append(f"least {written[least]} at {names[least]}")
    if scale[greatest] - max(scale[0], scale[-1]) > margin:
        said.append(f"greatest {written[greatest]} at {names[greatest]}")
    if jump := steps and step(heights):
        said.append(jump)
    elif len(said) == 1 and len(known) >= LONG and scale[0] != scale[-1]:
        half = int(((scale - scale[0]) / (scale[-1] - scale[0]) >= 0.5).argmax())
        said.append(f"half way at {names[half]}")
    return ", ".join(said)


def level(values: Numbers, *, log: bool = False) -> float:
    """The mean of the numbers that are known, of their logarithms on a logarithmic axis."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known) & ((known > 0) | (not log))]
    return float((np.log(known) if log else known).mean()) if len(known) else math.nan


def step(values: Numbers) -> str:
    """The largest ratio of neighbours in an ascending line, where it stands out; and the first, in a short line."""
    heights = np.asarray(values, dtype=float)
    if len(heights) < 3 or not (heights > 0).all():
        return ""
    ratios = heights[1:] / heights[:-1]
    largest = int(ratios.argmax())
    first = f"the first step {number(ratios[0])}-fold, " if largest and len(heights) <= 2 * MOST else ""
    return (
        f"{first}the largest step {number(ratios[largest])}-fold, after {largest + 1}" if ratios[largest] >= 1.5 else ""
    )


def several(kinds: Sequence[str], most: int) -> str:
    """The names of kinds of which not each is told."""
    return f"; {len(kinds)} kinds: {listed(kinds)}" if len(kinds) > most else ""


def extremes(told: dict[str, str], heights: dict[str, float], most: int = MOST, *, ordered: bool = False) -> str:
    """What is told of each of some kinds; of many, of the lowest and the highest, or of the first and the last."""
    if len(told) > most:
        known = {kind: height for kind, height in heights.items() if math.isfinite(height)} or dict.fromkeys(told, 0.0)
        ends = {"lowest": min(known, key=known.__getitem__), "highest": max(known, key=known.__getitem__)}
        if ordered:
            ends = {"first": next(iter(known)), "last": next(reversed(known))}
        return "; ".join(f"{end} {plain(kind)}: {told[kind]}" for end, kind in ends.items())
    return "; ".join(f"{plain(kind)} {words}" for kind, words in told.items())
