"""What headless Chromium has to say of the pages of a built book, opened from the disk on a phone."""

import subprocess
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright

from liegg.reproduce import browser
from liegg.reproduce.errors import UserError


def _missing() -> str:
    """What it lacks here; "" if nothing."""
    try:
        browser.chromium()
    except UserError as error:
        return str(error)
    node, *_ = compute_driver_executable()
    if subprocess.run([node, "--version"], capture_output=True).returncode:
        return "Playwright's Node.js does not start here: on Debian it needs the package libatomic1"
    return ""


MISSING = _missing()
needs_chromium = pytest.mark.skipif(bool(MISSING), reason=MISSING)
PHONE = {"width": 390, "height": 844}
HERE = ("file:", "data:", "blob:")
SEARCHED = {"search.html": "?q=orbit"}
STICKS_OUT = """
() => {
  const width = document.documentElement.clientWidth, found = [];
  const apart = (element) => {  // it scrolls by itself, or is a drawer that is shut
    for (let e = element; e && e !== document.body; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.visibility === "hidden" || style.position === "fixed") return true;
      if (e !== element && style.overflowX !== "visible") return true;
    }
    return false;
  };
  if (document.scrollingElement.scrollWidth > width) found.push(`is ${document.scrollingElement.scrollWidth} px wide`);
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (box.width && box.height && (box.right > width + 1 || box.left < -1) && !apart(element))
      found.push(`<${element.tagName.toLowerCase()} class="${element.className}"> sticks out`);
  }
  return found.slice(0, 3);
}
"""
MISPLACED = """
() => [...document.querySelectorAll(".picture:has(.spots)")].filter((picture) => {
  const image = [...picture.querySelectorAll("img")].find((one) => one.checkVisibility());
  const drawn = image && image.clientHeight - 2 * parseFloat(getComputedStyle(image).paddingTop);
  return image && Math.abs(drawn - picture.clientHeight) > 1;
}).map(() => "points are not where they are drawn")
"""
SAYS_TOO_LITTLE = """
() => {
  const found = [];
  for (const image of document.querySelectorAll("article img"))
    if (!image.alt.trim() || /\\.(svg|png|jpe?g|gif)\\b/i.test(image.alt))
      found.push(`${image.src}: alt "${image.alt}"`);
  for (const control of document.querySelectorAll("button, select, textarea, input:not([type=hidden])")) {
    const named = control.ariaLabel || control.title || control.textContent.trim() || control.labels?.length;
    if (!named && control.checkVisibility({ visibilityProperty: true })) found.push(`${control.outerHTML} has no name`);
  }
  let level = 0;
  for (const heading of document.querySelectorAll(":is(h1, h2, h3, h4, h5, h6)")) {
    if (!heading.closest("article")) continue;
    if (heading.tagName[1] > level + 1) found.push(`${heading.tagName} "${heading.textContent}" skips a level`);
    level = +heading.tagName[1];
  }
  return found;
}
"""


def complaints(html: Path) -> dict[str, list[str]]:
    """Page by page, where there is any: errors and warnings, requests that leave the machine, what sticks out in light
    and in dark, points beside their places, pictures and controls without words."""
    found: dict[str, list[str]] = {}
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=browser.chromium(), args=list(browser.OPTIONS)) as chromium,
    ):
        page = chromium.new_page(viewport=PHONE)
        said: list[str] = []
        _listen(page, said)
        for path in sorted(set(html.rglob("*.html")) - set((html / "_static").rglob("*"))):
            said.clear()
            page.goto(path.as_uri() + SEARCHED.get(path.name, ""))
            for theme in ("light", "dark"):
                page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
                said += [f"{what} ({theme})" for what in page.evaluate(STICKS_OUT) + page.evaluate(MISPLACED)]
            said += page.evaluate(SAYS_TOO_LITTLE)
            if said:
                found[str(path.relative_to(html))] = list(said)
    return found


def _listen(page: Page, said: list[str]) -> None:
    """Write down what goes wrong while a page is open."""

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(f"{message.type}: {message.text}")

    def request(asked: Request) -> None:
        if not asked.url.startswith(HERE):
            said.append(f"asks for {asked.url}")

    page.on("console", console)
    page.on("request", request)
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("requestfailed", lambda failed: said.append(f"cannot get {failed.url}"))
