"""What it takes until something can be done: processes of their own, from their start to their end."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "scipy", "matplotlib", "sphinx", "nbformat", "pydantic")

pytestmark = pytest.mark.benchmark(group="start-up")


def python(*words: str) -> str:
    """What Python prints when it is called so."""
    return subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True).stdout


def test_startup_of_the_library(race):
    race(
        lambda: python("-c", "from liegg import find_symmetry"),
        {"import torch": lambda: python("-c", "import torch")},
        rounds=7,
        case="from liegg import find_symmetry",
        goal=1.2,
    )


def test_startup_of_the_command(race):
    loaded = f"import sys, liegg.reproduce.__main__; print({{*sys.modules}} & {{*{HEAVY}}})"
    assert python("-c", loaded) == "set()\n"
    race(
        lambda: python("-m", "liegg.reproduce", "--help"),
        {},
        rounds=7,
        case="python -m liegg.reproduce --help",
        limit=0.5,
    )
