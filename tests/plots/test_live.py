"""A picture that moves: what a page, a keyboard and a screen reader find in it."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import matplotlib.image
import pytest
import torch

from liegg.plots import Live, Motion

T, H, W, M = 9, 4, 5, 3
VOID = {"input", "img"}  # tags without an end


def motion(seed: int) -> Motion:
    generator = torch.Generator().manual_seed(seed)
    moved = torch.arange(T).sub(T // 2).abs() * 0.5
    return Motion(
        name=f"motion {seed}",
        about="It moves & how.",
        ends=("−1", "1"),
        places=[f"at {i}" for i in range(T)],
        frames=torch.rand(T, H, W, generator=generator),
        moved=moved,
        change=torch.rand(M, T, generator=generator),
        said=[f"said </script> {i}" for i in range(T)],
    )


MOTIONS = {"one <kind>": [motion(0), motion(1)], "other": [motion(2), motion(3)]}
LIVE = Live(MOTIONS, "a picture", ("kind", "motion"), "change", ("this", "all"), (2**0.5, "unrelated"), start=5)


class Page(HTMLParser):
    """The tags of a page with their attributes and those around them, and the text in each."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.found, self.text = [], [], {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes), list(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes), list(self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.text.setdefault(self.open[-1], []).append(data.strip())

    def all(self, tag, **attributes):
        return [a for name, a, _ in self.found if name == tag and attributes.items() <= a.items()]


@pytest.fixture(scope="module")
def page():
    return Page(LIVE._repr_html_())


def picture(address: str) -> torch.Tensor:
    """What stands at the address of a PNG, (rows, columns), 1 is black."""
    file = io.BytesIO(base64.b64decode(re.search(r"data:image/png;base64,([\w+/=]+)", address)[1]))
    return 1 - torch.as_tensor(matplotlib.image.imread(file))


def test_it_is_whole_and_needs_nothing_from_outside(page):
    assert not page.open
    assert not any("id" in attributes for _, attributes, _ in page.found)  # two may stand on a page
    addresses = re.findall(r"(?:src=\"|href=\"|url\()(.{5})", LIVE._repr_html_())
    assert set(addresses) == {"data:"} and "http" not in LIVE._repr_html_()


def test_every_control_is_labelled(page):
    inputs = [around for tag, _, around in page.found if tag == "input"]
    assert len(inputs) == 2 + 4 + 1 and all("label" in around for around in inputs)
    assert page.text["legend"] == ["kind", "motion", "motion"]
    for name in ("title", "motion-0", "motion-1"):
        assert ["checked" in radio for radio in page.all("input", name=name)] == [True, False]
    (slider,) = page.all("input", type="range")
    assert (slider["min"], slider["max"], slider["value"]) == ("0", str(T - 1), "5")
    assert page.all("output", **{"aria-live": "polite"})


def test_frames_are_those_given(page):
    (frame,) = page.all("div", role="img")
    sheet = picture(frame["style"])
    every = [m for motions in MOTIONS.values() for m in motions]
    for i, m in enumerate(every):
        for t in range(T):
            shown = sheet[i * H : (i + 1) * H, t * W : (t + 1) * W]
            assert torch.allclose(shown, m.frames[t], atol=0.5 / 255 + 1e-6)
    assert f"background-size: {T}00% {len(every)}00%" in frame["style"]


def test_curves_stand_on_one_scale(page):
    lines = page.all("polyline", **{"class": "live-moved"})
    assert len(lines) == 4 and len(page.all("polygon")) == 4
    points = torch.tensor([[float(v) for v in p.split(",")] for p in lines[0]["points"].split()])
    assert (points[:, 0].diff() > 0).all() and torch.allclose(
        points[:, 0].diff(), points[1, 0] - points[0, 0], atol=0.2
    )
    unit = points[4, 1] - points[6, 1]  # where it has moved by 1
    assert torch.allclose(points[4, 1] - points[:, 1], unit * MOTIONS["other"][0].moved, atol=0.2)
    (level,) = page.all("path", **{"class": "live-level"})
    assert abs(float(re.search(r",([\d.]+)H", level["d"])[1]) - (points[4, 1] - 2**0.5 * unit)) < 0.2


def test_there_are_words_for_every_place(page):
    (script,) = page.text["script"]
    assert json.loads(script) == [{"places": m.places, "said": m.said} for ms in MOTIONS.values() for m in ms]


def test_without_a_script_there_is_a_strip(page):
    parts = next(a for tag, a, _ in page.found if a.get("class") == "live-parts")
    (strip,) = page.all("img")
    assert "hidden" in parts and strip["alt"].startswith("A picture along the first direction.")
    shown = picture(strip["src"])
    assert shown.shape == (2 * H, 7 * W)
    assert torch.allclose(shown[H:, -W:], MOTIONS["other"][0].frames[-1], atol=0.01)
