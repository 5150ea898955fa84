"""What the first page says first: true whatever was measured; a square for each claim."""

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from liegg.reproduce import claims, first_page, results, table
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run, find_root
from liegg.reproduce.results import read_json
from liegg.reproduce.verdicts import Verdict, judge

ROOT = find_root()
EXPERIMENTS = table.load()
LISTED = claims.load()
STORED = {name: read_json(Run("paper").stored(name)) for name in EXPERIMENTS}
STANDS = judge(LISTED, STORED, EXPERIMENTS)


def said(verdicts, listed=LISTED):
    return first_page.sentences(ROOT, listed, verdicts, EXPERIMENTS, lambda claim, words: words)


def answered(**answers):
    """Verdicts on the claims of the authors in turn: so many of each answer."""
    theirs = [c for c in LISTED if c.origin in first_page.AUTHORS]
    given = [answer for answer, number in answers.items() for _ in range(number)]
    given += ["not tested"] * (len(theirs) - len(given))
    verdicts = {c.id: Verdict("not tested") for c in LISTED}
    return verdicts | {c.id: Verdict("w", answer, "1.5 [1.0, 2.0]") for c, answer in zip(theirs, given)}


@settings(max_examples=20)
@given(st.lists(st.integers(8, 12), min_size=16, max_size=16), st.floats(0.1, 30))
def test_the_sentences_say_what_another_seed_gives(dimensions, angle):
    """By a count of one's own: networks that have ten, and the mean angle to three digits at most."""
    metrics = {"dimension": dimensions, "angle": [0.99 * angle, angle, 1.01 * angle] * 4}
    metrics = {name: results._summary(name, values) for name, values in metrics.items()}
    another = STORED["11_o5_regression"] | {"metrics": STORED["11_o5_regression"]["metrics"] | metrics}
    first, *_ = said(judge(LISTED, STORED | {"11_o5_regression": another}, EXPERIMENTS))
    assert f"found in {dimensions.count(10)} of 16 networks that" in first
    mean = re.search(r"to ([\d.]+) \[[\d.]+, [\d.]+\] degrees\.", first)
    assert float(mean[1]) == pytest.approx(angle, rel=0.06)


def test_what_was_not_measured_is_not_said():
    assert len(said(STANDS)) == 3
    (alone,) = said(STANDS | {name: Verdict("not tested") for name in ("o5-angle", "unseen-several-right")})
    assert alone == said(STANDS)[-1]


def test_a_sentence_names_claims_that_there_are():
    with pytest.raises(UserError, match=r"summary\.yml.*there is no claim o5-nothing"):
        first_page.filled("To {o5-nothing}.", LISTED, STANDS, first_page.in_book)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            {"yes": 3},
            "Of the authors' 3 claims that were tested, 3 came out as they say, 0 undecided, and none otherwise.",
        ),
        (
            {"yes": 2, "partly": 1, "undecided": 4},
            "2 came out as they say, 1 in part, 4 undecided, and none otherwise.",
        ),
        (
            {"no": 2},
            "0 came out as they say, 0 undecided, and 2 otherwise, 2 of them in *LieGG*, such as “",
        ),
        ({"no": 1}, "0 undecided, and 1 otherwise, in *LieGG*: “"),
        ({}, "Of the authors' 0 claims that were tested"),
    ],
)
def test_what_came_out_otherwise_is_said(answers, words):
    assert words in said(answered(**answers))[-1]


def test_the_example_is_from_the_part_with_most():
    of_part = {part: [c for c in LISTED if EXPERIMENTS[c.experiment].part == part] for part in ("I", "IV")}
    theirs = {part: [c for c in listed if c.origin in first_page.AUTHORS] for part, listed in of_part.items()}
    verdicts = {c.id: Verdict("not tested") for c in LISTED}
    verdicts |= {c.id: Verdict("not confirmed", "no", "2 to 3 times") for c in [theirs["I"][0], *theirs["IV"][:2]]}
    assert f"“{theirs['IV'][0].statement}” (theirs: {theirs['IV'][0].paper}; here: 2 to 3 times)" in said(verdicts)[-1]


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        ("16 of 16 networks, share [0.81, 1.00]", "16 of 16 networks"),
        ("0.75 [0.68, 0.82] degrees, 16 networks", "0.75 [0.68, 0.82] degrees"),
        ("0 of 2 data sets; -3 to -0.759 points", "0 of 2 data sets"),
        ("", "not tested"),
    ],
)
def test_what_was_measured_in_brief(measured, words):
    assert first_page.brief(Verdict("not tested", measured=measured)) == words


def test_a_square_for_each_claim():
    wall = BeautifulSoup(first_page.wall(LISTED, STANDS), "html.parser")
    squares = {a["href"]: a for a in wall.select("li a")}
    assert set(squares) == {f"notebooks/{c.experiment}.html#{c.id}" for c in LISTED} and len(wall.select("ul")) == 4
    for c in LISTED:
        square, verdict = squares[f"notebooks/{c.experiment}.html#{c.id}"], STANDS[c.id]
        assert square["aria-label"] == f"{c.statement}: {verdict.word}"
        assert (square["class"], square.text) == ([verdict.answer.replace(" ", "-")], first_page.MARKS[verdict.answer])
    counted = sum(int(n) for p in wall.select("p:not(.legend)") for n in re.findall(r" (\d+)(?=,|$)", p.text))
    assert counted == len(LISTED)


def test_what_leads_past_the_squares_leads_to_what_follows_them():
    (past,) = BeautifulSoup(first_page.wall(LISTED, STANDS), "html.parser").select("a.past")
    _, after = (ROOT / "book" / "index.md").read_text(encoding="utf-8").split("% generated: answer")
    heading = re.search(r"^## (.*)$", after, re.M)[1]
    assert past["href"] == f"#{heading.lower().replace(' ', '-')}"


def test_a_statement_cannot_end_its_square():
    claim = LISTED[0].model_copy(update={"statement": '"><b>x</b>'})
    (square,) = BeautifulSoup(first_page.wall([claim], STANDS), "html.parser").select("li a")
    assert square["aria-label"].startswith('"><b>x</b>: ')


def test_the_parts_have_titles():
    assert set(first_page.titles(ROOT)) >= {e.part for e in EXPERIMENTS.values()}
