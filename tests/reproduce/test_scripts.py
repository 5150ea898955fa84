"""What the book's scripts and style sheets do on a page, by keyboard and by touch, in headless Chromium."""

import re

import looked_at
import pytest
import torch
from playwright.sync_api import expect, sync_playwright

from liegg.plots import Live, Motion
from liegg.reproduce import browser, claims, first_page
from liegg.reproduce.project import find_root
from liegg.reproduce.verdicts import Verdict

STATIC = find_root() / "book" / "_static"
THEME = "<style>[hidden] { display: none !important }</style>"  # of which it takes more, but nothing asked here
PLACES = 5
pytestmark = looked_at.needs_chromium


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser.chromium(), args=list(browser.OPTIONS))
        yield started
        started.close()


@pytest.fixture
def show(chromium, tmp_path):
    """Opens a page of the book with what is given in its article, as on a phone."""
    opened = []

    def show(content: str, **how):
        styles = "".join(f"<style>{path.read_text()}</style>" for path in sorted(STATIC.glob("*.css")))
        scripts = "".join(f"<script>{path.read_text()}</script>" for path in sorted(STATIC.glob("*.js")))
        page = (
            f'<body><div class="bd-content"><div class="bd-article"><article>{content}</article></div></div>{scripts}'
        )
        (tmp_path / "page.html").write_text(
            f'<!DOCTYPE html><meta charset="utf-8">{THEME}{styles}{page}', encoding="utf-8"
        )
        opened.append(chromium.new_context(viewport=looked_at.PHONE, **how))
        shown = opened[-1].new_page()
        shown.goto((tmp_path / "page.html").as_uri())
        return shown

    yield show
    for context in opened:
        context.close()


def motion(name):
    said = [f"{name} said {i}" for i in range(PLACES)]
    frames, change = torch.rand(PLACES, 3, 3, generator=torch.Generator().manual_seed(0)), torch.ones(2, PLACES)
    return Motion(name, "about", ("-1", "1"), [f"at {i}" for i in range(PLACES)], frames, change[0], change, said)


def live(*names):
    motions = {title: [motion(f"{title} {name}") for name in ("turn", "shift")] for title in names}
    return Live(motions, "a digit", ("kind", "direction"), "change", ("one", "all"), (1.4, "level"), 2)._repr_html_()


def test_a_picture_is_carried_by_the_arrow_keys_and_another_stands_still(show):
    page = show(live("up", "down") + live("left", "right"))
    first, second = page.locator("form.live").all()
    said, frame = first.locator(".live-said"), first.locator(".live-frame")
    expect(said).to_have_text("up turn said 2")
    first.locator("[type=range]").focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text("up turn said 3")
    expect(frame).to_have_attribute("aria-label", "a digit, at 3")
    expect(first.locator("[type=range]")).to_have_attribute("aria-valuetext", "at 3")
    page.keyboard.press("Home")
    expect(said).to_have_text("up turn said 0")
    expect(second.locator(".live-said")).to_have_text("left turn said 2")


def test_another_motion_is_chosen_by_a_tap(show):
    page = show(live("up", "down"), has_touch=True)
    frame = page.locator(".live-frame")
    before = frame.evaluate("e => e.style.backgroundPosition")
    page.get_by_label("2 up shift").tap()
    expect(page.locator(".live-said")).to_have_text("up shift said 2")
    assert frame.evaluate("e => e.style.backgroundPosition") != before
    page.get_by_label("down", exact=True).tap()
    expect(page.locator(".live-said")).to_have_text("down turn said 2")
    expect(page.get_by_label("2 up shift")).to_be_hidden()


def test_without_a_script_the_picture_stands_still(show):
    page = show(live("up", "down"), java_script_enabled=False)
    expect(page.locator(".live-still")).to_be_visible()
    expect(page.locator(".live-parts")).to_be_hidden()


def test_a_square_says_which_claim_it_is_below_them_all(show):
    listed = claims.load()[:30]
    verdicts = {c.id: Verdict("holds", "yes", "1") for c in listed}
    page = show(first_page.wall(listed, verdicts))
    squares = page.locator(".wall li a")
    squares.last.focus()
    page.keyboard.press("Shift+Tab")  # as by keyboard, the focus is to be seen
    square = squares.nth(len(listed) - 2)
    expect(square).to_be_focused()
    words = square.evaluate("e => getComputedStyle(e, '::after').content")
    assert re.sub(r'^"|"$', "", words) == square.get_attribute("aria-label")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= looked_at.PHONE["width"]


def test_points_of_a_picture_are_one_stop_of_the_keyboard(show):
    spots = "".join(
        f'<button type="button" class="spot" style="--left:{left}%;--top:50%" data-words="{name}"></button>'
        for left, name in ((2, "first"), (98, "second " * 20))
    )
    picture = f'<svg width="300" height="200"></svg><div class="spots">{spots}</div>'
    page = show(f'<figure><div class="picture" style="width: 300px">{picture}</div></figure><a href="#x">after</a>')
    first, second = page.locator(".spot").all()
    words = lambda spot: spot.evaluate("e => getComputedStyle(e, '::after').content")
    assert words(first) == "none"
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    assert words(first) == '"first"'
    page.keyboard.press("Escape")
    assert words(first) == "none"
    page.keyboard.press("ArrowRight")
    expect(second).to_be_focused()
    box, around = second.bounding_box(), page.locator(".picture").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert middle == pytest.approx((around["x"] + 0.98 * 300, around["y"] + 0.5 * around["height"]), abs=1)
    assert words(second).startswith('"second') and words(first) == "none"
    assert page.evaluate("document.scrollingElement.scrollWidth") <= looked_at.PHONE["width"]
    page.keyboard.press("Tab")
    expect(page.get_by_text("after")).to_be_focused()
