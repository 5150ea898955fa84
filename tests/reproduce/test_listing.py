"""`make list`: what there is, how long it takes, and how it stands."""

import pytest

from liegg.reproduce import table
from liegg.reproduce.__main__ import main
from liegg.reproduce.listing import clock, lines
from liegg.reproduce.project import Run

EXPERIMENTS = table.load()


def test_every_notebook_with_its_part_its_times_and_how_it_stands():
    shown = "\n".join(lines(Run("quick", aside="nothing"), list(EXPERIMENTS.values()), parameters=False))
    assert [line[5:] for line in shown.splitlines() if line.startswith("part ")] == list(table.PARTS)
    for e in EXPERIMENTS.values():
        assert f"  {e.name}: {e.title}\n    on two cores: smoke {clock(e.seconds['smoke'])}, quick " in shown
    assert [e.name for e in EXPERIMENTS.values() if e.alone] == ["17_discovery_methods", "55_beyond_one_machine"]
    assert shown.count(", after all others and alone\n") == 2
    assert shown.count("at profile quick: it has not been run") == len(EXPERIMENTS)


def test_what_is_up_to_date_is_said_to_be(monkeypatch):
    monkeypatch.setattr("liegg.reproduce.listing.plan", lambda *_: ("", ""))
    assert [*lines(Run("smoke"), [EXPERIMENTS["31_toy"]], parameters=False)] == [
        "part III",
        f"  31_toy: {EXPERIMENTS['31_toy'].title}",
        "    on two cores: smoke 25 s, quick 3 min, paper 7 min, full 2 d",
        "    at profile smoke: up to date",
    ]


def test_one_part_and_the_parameters_of_one_notebook(capsys):
    assert main(["list", "--part", "II"]) == 0
    part = capsys.readouterr().out
    assert part.startswith("part II\n  21_correlators: ") and "part I\n" not in part and "(int)" not in part
    assert main(["list", "--notebook", "11_o5_regression"]) == 0
    assert "      seed (int) = 0 [0 to 1000000]: " in capsys.readouterr().out
    assert main(["list", "--part", "VI"]) == 2
    assert capsys.readouterr().err == "liegg: unknown part 'VI': there are I, II, III, IV, V\n"


@pytest.mark.parametrize(
    ("seconds", "words"), [(8, "8 s"), (119, "119 s"), (120, "2 min"), (6000, "100 min"), (7200, "2 h"), (1e6, "12 d")]
)
def test_times_in_words(seconds, words):
    assert clock(seconds) == words
