"""A picture that the reader carries along: frames under a slider, beside them how far a function has moved.

In the book the script carried.js moves it. Where that does not run, and on paper, a strip of frames stands instead.
"""

import base64
import html
import json
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 380, 260, 30, 8, 44, 26  # of the curves, and their margins
STILL = 7  # frames of a strip
FEW = 3  # up to where halves are ticks


@dataclass(frozen=True)
class Motion:
    """A picture carried along one direction to T places, at rest in the middle."""

    name: str
    about: str
    """one sentence on the direction"""
    ends: tuple[str, str]
    """its first and its last place in a few letters"""
    places: Sequence[str]
    """(T,) where the picture has been carried to, in words"""
    frames: Tensor
    """(T, H, W) from 0 to 1, which is black"""
    moved: Tensor
    """(T,) how far the function has moved at this picture"""
    change: Tensor
    """(M, T) how far M functions have moved at many"""
    said: Sequence[str]
    """(T,) what is to be said at each place"""


@dataclass(frozen=True, repr=False)
class Live:
    """Motions {title: [motion, ...]}, one of which is shown at a time, as HTML that needs nothing from outside."""

    motions: dict[str, list[Motion]]
    picture: str
    """what the picture is of"""
    choices: tuple[str, str]
    """what is chosen by title, and what by the name of a motion"""
    ylabel: str
    curves: tuple[str, str]
    """what is said to have moved: at this picture one function, at many all of them"""
    level: tuple[float, str]
    """the height of a dotted line, and its name"""
    start: int
    """the place that is shown first"""

    def _repr_html_(self) -> str:
        every = [motion for motions in self.motions.values() for motion in motions]
        words = json.dumps([{"places": m.places, "said": m.said} for m in every], ensure_ascii=False)
        words = words.replace("</", r"<\/")  # which would end the script
        sheet = torch.cat([torch.cat(list(m.frames), -1) for m in every])
        steps, (H, W) = len(every[0].places), every[0].frames.shape[1:]
        return f"""<form class="live" autocomplete="off">
<div class="live-parts" hidden>
{self._choices()}
<div class="live-stage">
<div class="live-frame" role="img" data-picture="{html.escape(self.picture)}"
 style="aspect-ratio: {W}/{H}; background-size: {steps}00% {len(every)}00%; background-image: url({_png(sheet)})"></div>
{self._curves(every)}
</div>
<label class="live-slider">how far it is carried
<input type="range" name="place" min="0" max="{steps - 1}" step="1" value="{self.start}"></label>
<p class="live-now"><span class="live-place" aria-hidden="true"></span>
<output class="live-said" aria-live="polite"></output></p>
{"".join(f'<p class="live-about" data-view="{i}" hidden>{html.escape(m.about)}</p>' for i, m in enumerate(every))}
<script type="application/json">{words}</script>
</div>
{self._still()}
</form>"""

    def _choices(self) -> str:
        """Radio buttons: one of the titles, and of each title one of its motions."""
        of_title, of_motion = self.choices
        titles = _radios("title", of_title, enumerate(self.motions))
        views, fields = 0, []
        for i, motions in enumerate(self.motions.values()):
            named = [(views + k, f"{k + 1} {m.name}") for k, m in enumerate(motions)]
            fields.append(_radios(f"motion-{i}", of_motion, named, f'data-title="{i}" {"hidden" * (i > 0)}'))
            views += len(motions)
        return "\n".join([titles, *fields])

    def _curves(self, every: list[Motion]) -> str:
        """The curves of all motions on one scale, each in a group of its own, with a dot that can be moved."""
        height, name = self.level
        most = max(float(values.max()) for m in every for values in (m.moved, m.change))
        top = max(math.ceil(2 * most), math.ceil(2 * height)) / 2
        grid = "".join(
            _across("grid", _height(k / 2, top)) + _text(LEFT - 5, _height(k / 2, top) + 4, f"{k / 2:g}", "end")
            for k in range(0, round(2 * top) + 1, 1 if top <= FEW else 2)
        )
        key = "".join(
            f'<path class="live-{kind}" d="M{x:g},27h20"/>' + _text(x + 25, 31, words, "start")
            for kind, x, words in zip(("moved", "mean"), (LEFT, WIDTH / 2 - 20), self.curves)
        )
        groups = "".join(f'<g data-view="{i}" hidden>{_group(m, top)}</g>' for i, m in enumerate(every))
        level = _across("level", _height(height, top))
        named = _text(WIDTH - RIGHT - 3, _height(height, top) - 6, name, "end")
        return f"""<svg class="live-curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"
 aria-label="{html.escape(self.ylabel)} at each place">
{_text(0, 12, self.ylabel, "start")}{key}{grid}{level}{groups}{named}
<path class="live-here" d="M0,{TOP}V{HEIGHT - BOTTOM}"/><circle class="live-dot" r="5"/></svg>"""

    def _still(self) -> str:
        """A strip of frames along the first motion of every title, with a sentence."""
        first = {title: motions[0] for title, motions in self.motions.items()}
        rows = [m.frames[torch.linspace(0, len(m.frames) - 1, STILL).round().long()] for m in first.values()]
        sheet = torch.cat([torch.cat(list(row), -1) for row in rows])
        told = "; ".join(f"{title}: {m.name}, from {m.places[0]} to {m.places[-1]}" for title, m in first.items())
        told = html.escape(
            f"{self.picture[:1].upper()}{self.picture[1:]} along the first direction. A row each, {told}."
        )
        return (
            f'<div class="live-still"><img src="{_png(sheet)}" alt="{told}" width="{80 * STILL}" '
            f'style="image-rendering: pixelated"><p>{told}</p></div>'
        )


def _radios(name: str, legend: str, values: Iterable[tuple[int, str]], more: str = "") -> str:
    buttons = "".join(
        f'<label><input type="radio" name="{name}" value="{value}"{" checked" * (k == 0)}> {html.escape(words)}</label>'
        for k, (value, words) in enumerate(values)
    )
    return f'<fieldset class="live-choice" {more}><legend>{html.escape(legend)}</legend>{buttons}</fieldset>'


def _group(motion: Motion, top: float) -> str:
    """Mean and range of all functions, the curve of the one, and the ends of the axis below."""
    x = torch.linspace(LEFT, WIDTH - RIGHT, len(motion.places)).tolist()

    def points(values: Tensor) -> list[str]:
        return [f"{place:.1f},{_height(value, top):.1f}" for place, value in zip(x, values.tolist())]

    band = points(motion.change.amax(0)) + points(motion.change.amin(0))[::-1]
    lines = {"mean": points(motion.change.mean(0)), "moved": points(motion.moved)}
    names = zip(("start", "middle", "end"), (x[0], (x[0] + x[-1]) / 2, x[-1]), (motion.ends[0], "0", motion.ends[1]))
    return (
        f'<polygon class="live-band" points="{" ".join(band)}"/>'
        + "".join(f'<polyline class="live-{kind}" points="{" ".join(line)}"/>' for kind, line in lines.items())
        + "".join(_text(place, HEIGHT - 8, words, anchor) for anchor, place, words in names)
    )


def _across(kind: str, y: float) -> str:
    return f'<path class="live-{kind}" d="M{LEFT},{y:.1f}H{WIDTH - RIGHT}"/>'


def _height(value: float, top: float) -> float:
    """Where a value stands in the drawing."""
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def _png(values: Tensor) -> str:
    """The address of a picture (H, W) with values from 0 to 1, which is black: a PNG in grey, eight bits deep."""
    grey = (255 * (1 - values.clamp(0, 1))).round().byte().numpy()
    H, W = grey.shape
    lines = np.insert(grey, 0, 0, axis=1).tobytes()  # each begins with its filter, none

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 8, 0, 0, 0, 0))
    file = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(file).decode()
