"""Chromium is found by name or by a variable, and what looks at pages with it sees what is wrong with one."""

import looked_at
import pytest

from liegg.reproduce import browser
from liegg.reproduce.errors import UserError

PAGE = """<!DOCTYPE html><html lang="en"><head><title>page</title></head><body><article>
<h1>Fit to be seen</h1><h2>A picture</h2>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="A dot.">
<div style="overflow-x: auto"><div style="width: 900px">wide, in a box that scrolls</div></div>
<button>Named</button> {} </article></body></html>"""
FAULTS = {
    "<script>nothing.here</script>": "error: nothing is not defined",
    "<script>console.warn('mind')</script>": "warning: mind",
    '<img alt="A picture." src="https://liegg.invalid/a.png">': "asks for https://liegg.invalid/a.png",
    '<img alt="A picture." src="none.png">': "cannot get ",
    '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="_images/a.svg">': 'alt "_images/a.svg"',
    '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">': 'alt ""',
    '<div style="width: 900px">wide</div>': "sticks out (light)",
    f"<p>{'long' * 100}</p>": "px wide (dark)",
    "<button></button>": "has no name",
    '<div class="picture"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="A dot." style="display: block">'
    '<div class="spots" style="padding: 8px"></div></div>': "points are not where they are drawn (dark)",
    "<h4>Too deep</h4>": 'H4 "Too deep" skips a level',
}


@looked_at.needs_chromium
def test_what_is_wrong_with_a_page_is_seen(tmp_path):
    for number, fault in enumerate(["", *FAULTS]):
        (tmp_path / f"{number:02}.html").write_text(PAGE.format(fault))
    found = looked_at.complaints(tmp_path)
    assert list(found) == [f"{number:02}.html" for number in range(1, len(FAULTS) + 1)]
    for said, expected in zip(found.values(), FAULTS.values(), strict=True):
        assert any(expected in what for what in said), (said, expected)


def test_chromium_is_what_the_variable_names_or_the_first_on_the_path(tmp_path, monkeypatch):
    for name in ("chrome", "chromium"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    assert browser.chromium() == str(tmp_path / "chromium")
    monkeypatch.setenv(browser.VARIABLE, str(tmp_path / "chrome"))
    assert browser.chromium() == str(tmp_path / "chrome")
    monkeypatch.setenv(browser.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(UserError, match=f"{browser.VARIABLE} names .*none, and that cannot be run"):
        browser.chromium()
    monkeypatch.delenv(browser.VARIABLE)
    monkeypatch.setattr(browser, "NAMES", ())
    monkeypatch.setattr(browser, "PLACES", ())
    with pytest.raises(UserError, match="there is no Chromium: install it"):
        browser.chromium()
