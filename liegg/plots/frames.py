"""A turning solid beside the frame that is its latent: an animation that is one SVG, and its moments side by side."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import matplotlib
from torch import Tensor

from liegg.plots import seen
from liegg.plots.style import DESKTOP, PALETTE, BookFigure, new_figure, styled

SECONDS = 6
VIEW = ((0.92, 0.0, -0.38), (-0.13, 0.94, -0.31))
"""horizontal and vertical direction in which frames are drawn: from a little above and aside of where the picture is
taken"""


class Animation(BookFigure):
    """A figure whose groups moment-0, moment-1, ... are shown one after another, all in SECONDS, again and again. Who
    asks for less motion sees the first."""

    def __init__(self, *args: Any, moments: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.moments = moments

    def _repr_svg_(self) -> str:
        with matplotlib.rc_context({"image.composite_image": False}):
            svg = super()._repr_svg_()
        share = 100 / self.moments
        delays = "".join(
            f'[id^="moment-{i}-"]{{animation-delay:{SECONDS * i / self.moments:.3f}s}}' for i in range(self.moments)
        )
        css = (
            f"@keyframes shown{{0%,{share:.4f}%{{visibility:visible}}{share + 0.0001:.4f}%,100%{{visibility:hidden}}}}"
            f'[id^="moment-"]{{visibility:hidden;animation:shown {SECONDS}s linear infinite}}{delays}'
            '@media (prefers-reduced-motion:reduce){[id^="moment-"]{animation:none}'
            '[id^="moment-0-"]{visibility:visible}}'
        )
        return re.sub(r"(<svg[^>]*>)", rf"\1<style>{css}</style>", svg, count=1)


@styled
def turning(pictures: Tensor, latents: dict[str, Tensor]) -> BookFigure:
    """Pictures (n, 1, H, H) as bytes, n moments of a turn, and beside them what each of `latents` {title: (n, 3, 3)}
    is at that moment: the three columns of the matrix as arrows, in one fixed view."""
    panels, kind = 1 + len(latents), partial(Animation, moments=len(pictures))
    side = min(2.4, DESKTOP / panels)
    figure, ((first, *others),) = new_figure(side * panels, side + 0.5, 1, panels, abreast=2, kind=kind)
    for i, picture in enumerate(pictures):
        first.imshow(picture[0], cmap="gray", vmin=0, vmax=255).set_gid(f"moment-{i}-picture")
    first.set_title("picture", fontsize=10)
    first.set(xticks=[], yticks=[])
    for axes, (title, frames) in zip(others, latents.items()):
        _room(axes, title)
        for i, frame in enumerate(frames):
            _arrows(axes, frame, f"moment-{i}-{title.replace(' ', '-')}")
    figure.words = seen.frames(latents, range(len(pictures)))
    return figure


@styled
def moments(pictures: Tensor, latents: dict[str, Tensor], shown: Sequence[int], columns: Sequence[str]) -> BookFigure:
    """The same at the moments `shown`, side by side, for print and for who wants to compare."""
    rows = 1 + len(latents)
    figure, grid = new_figure(1.5 * len(shown) + 0.8, 1.6 * rows + 0.3, rows, len(shown), abreast=0)
    for axes, i, title in zip(grid[0], shown, columns):
        axes.imshow(pictures[i][0], cmap="gray", vmin=0, vmax=255)
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, fontsize=9)
    grid[0][0].set_ylabel("picture", fontsize=9)
    for line, (title, frames) in zip(grid[1:], latents.items()):
        for axes, i in zip(line, shown):
            _room(axes, "")
            _arrows(axes, frames[i])
        line[0].set_ylabel(title, fontsize=9)
    figure.words = seen.frames(latents, shown)
    return figure


def _room(axes, title: str) -> None:
    axes.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal", xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title, fontsize=10)


def _arrows(axes, frame: Tensor, gid: str | None = None) -> None:
    right, up = (frame.new_tensor(direction) for direction in VIEW)
    for k, (vector, style) in enumerate(zip(frame.T, ("-", "--", ":"))):
        x, y = float(vector @ right), float(vector @ up)
        (line,) = axes.plot([0, x], [0, y], style, color=PALETTE[k], lw=2.2, marker="o", markevery=[1], ms=5)
        line.set_gid(f"{gid}-{k}" if gid else None)
