"""The fit of the decision's weights: it finds what the odds were made with."""

import pytest
import torch

from liegg import find_symmetry
from liegg.actions import Linear
from liegg.studies.lens.fitting import TERMS, Lesson, fit, groups_of, of_result, table
from liegg.symmetry.odds import WEIGHTS

MADE_WITH = {"any": -0.5, "count": 0.2, "told step": 1.0, "sure sum": -0.6, "paid beyond": 2.0}


def drawn(number, seed=0, kind="one, labels"):
    """Lessons whose true dimensions are drawn from the odds that known weights give."""
    g = torch.Generator().manual_seed(seed)
    lessons = []
    for i in range(number):
        K = int(torch.randint(2, 6, (), generator=g))
        seen = {name: torch.randn(K + 1, generator=g).double() for name in TERMS[kind]}
        seen["count"] = torch.arange(K + 1).double()
        seen["any"] = (seen["count"] > 0).double()
        odds = sum(MADE_WITH.get(name, 0.0) * seen[name] for name in TERMS[kind]).softmax(0)
        lessons.append(Lesson(f"function {i}", kind, int(odds.multinomial(1, generator=g)), seen))
    return lessons


def test_the_weights_that_odds_were_made_with_are_found():
    """But for "any", which says how many functions have no symmetry: these are held to be as many as the others."""
    found = fit(drawn(4000))
    for name in ("told step", "sure sum", "paid beyond", "count"):
        assert found[name] == pytest.approx(MADE_WITH[name], abs=0.2)


def test_functions_without_symmetries_weigh_as_much_as_those_with():
    """However many there are: odds for none are even where nothing else is told."""
    lessons = drawn(3000, seed=3)
    fewer = [lesson for i, lesson in enumerate(lessons) if lesson.true or i % 3 == 0]
    assert len(fewer) < len(lessons) - 100
    assert fit(fewer)["any"] == pytest.approx(fit(lessons)["any"], abs=0.25)


def test_of_one_network_by_itself_they_weigh_more():
    alone = drawn(500, kind="one")
    even = [
        lesson._replace(kind="several", seen=lesson.seen | dict.fromkeys(TERMS["several"], lesson.seen["any"]))
        for lesson in alone
    ]
    assert fit(alone)["any"] < -1.5 < fit(even)["any"]


def test_lessons_that_are_repeated_weigh_as_their_root():
    one, other = drawn(2)[0], drawn(300, seed=1)
    twice, often = [one, one._replace(function="another"), *other], [one] * 4 + other
    assert fit(twice) == pytest.approx(fit(often), rel=0.01)


def test_groups_are_of_every_size_and_each_network_once_by_threes():
    *several, one, other, third = groups_of(8)
    assert several == [[0, 1, 2], [3, 4, 5], [0, 1, 2, 3], [4, 5, 6, 7], list(range(6)), list(range(8))]
    assert [one, other, third] == [[0], [1], [2]]
    assert groups_of(12)[-4] == list(range(12))


def test_a_result_gives_two_lessons_and_a_table_the_weights_of_all_kinds():
    x = torch.randn(300, 3, generator=torch.Generator().manual_seed(0)).double()
    nets = [lambda z, k=k: z.norm(dim=1).sin() + 0.1 * (k * z[:, 0]).sin() for k in (1, 2, 3)]
    lessons = []
    for functions in (nets, nets[0]):
        found = find_symmetry(functions, x, Linear(3), targets=x.norm(dim=1).sin())
        lessons += of_result("radius", found, 3)
    assert {lesson.kind for lesson in lessons} == set(TERMS)
    scope = {}
    exec(table(lessons, made="a day"), scope)
    assert {kind: list(weights) for kind, weights in scope["WEIGHTS"].items()} == TERMS
    assert {kind: list(weights) for kind, weights in WEIGHTS.items()} == TERMS


def test_without_labels_a_result_gives_one_lesson():
    x = torch.randn(300, 3, generator=torch.Generator().manual_seed(0)).double()
    found = find_symmetry(lambda x: x.norm(dim=1).sin() + 0.1 * x[:, 0].sin(), x, Linear(3))
    assert [lesson.kind for lesson in of_result("radius", found, 3)] == ["one"]
