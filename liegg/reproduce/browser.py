"""Where Chromium is: it prints the book, and the tests look at its pages with it."""

import os
import shutil

from liegg.reproduce.errors import UserError

VARIABLE = "LIEGG_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
PLACES = tuple(
    f"/Applications/{name}.app/Contents/MacOS/{name}" for name in ("Chromium", "Google Chrome", "Microsoft Edge")
)
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run")
"""how it shows pages of our own without a screen; as root, and in a container, it starts only without a sandbox"""


def chromium() -> str:
    """The program that LIEGG_CHROMIUM names, or the first that is installed. Raises UserError if there is none."""
    if named := os.environ.get(VARIABLE):
        if found := shutil.which(named):
            return found
        raise UserError(f"{VARIABLE} names {named}, and that cannot be run")
    for name in (*NAMES, *PLACES):
        if found := shutil.which(name):
            return found
    raise UserError(
        "there is no Chromium: install it (on Debian and Ubuntu: apt install chromium), or name Chrome or Edge in "
        f"{VARIABLE}"
    )
