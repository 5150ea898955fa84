"""The fit of the decision's weights: it finds what the odds were made with."""

import pytest
import torch

from liegg import find_symmetry
from liegg.actions import Linear
from liegg.studies.lens.fitting import NOTHING, Lesson, fit, of_result, table
from liegg.symmetry.odds import WEIGHTS

MADE_WITH = {"a": 2.0, "b": -1.0, "any": -0.5}


def drawn(number, seed=0):
    """Lessons whose true dimensions are drawn from the odds that known weights give."""
    g = torch.Generator().manual_seed(seed)
    lessons = []
    for i in range(number):
        K = int(torch.randint(2, 6, (), generator=g))
        seen = {name: torch.randn(K + 1, generator=g).double() for name in ("a", "b")}
        seen["any"] = (torch.arange(K + 1) > 0).double()
        odds = sum(weight * seen[name] for name, weight in MADE_WITH.items()).softmax(0)
        lessons.append(Lesson(f"function {i}", "one", int(odds.multinomial(1, generator=g)), seen))
    return lessons


def test_the_weights_that_odds_were_made_with_are_found():
    assert fit(drawn(4000), nothing=1.0) == pytest.approx(MADE_WITH, abs=0.2)


def test_functions_without_symmetries_may_weigh_more():
    """Then any symmetry needs more to be likely."""
    careful, even = (fit(drawn(500), nothing=weight)["any"] for weight in (10.0, 1.0))
    assert careful < even - 0.5


def test_lessons_that_are_repeated_weigh_as_their_root():
    one, other = drawn(2)[0], drawn(300, seed=1)
    twice, often = [one, one._replace(function="another"), *other], [one] * 4 + other
    assert fit(twice, nothing=1.0) == pytest.approx(fit(often, nothing=1.0), rel=0.01)


def test_a_result_gives_two_lessons_and_a_table_the_weights_of_all_kinds():
    x = torch.randn(300, 3, generator=torch.Generator().manual_seed(0)).double()
    nets = [lambda z, k=k: z.norm(dim=1).sin() + 0.1 * (k * z[:, 0]).sin() for k in (1, 2, 3)]
    lessons = []
    for functions in (nets, nets[0]):
        found = find_symmetry(functions, x, Linear(3), targets=x.norm(dim=1).sin())
        lessons += of_result("radius", found, 3)
    assert {lesson.kind for lesson in lessons} == set(NOTHING) == set(WEIGHTS)
    scope = {}
    exec(table(lessons), scope)
    assert {kind: set(weights) for kind, weights in scope["WEIGHTS"].items()} == {k: set(w) for k, w in WEIGHTS.items()}
