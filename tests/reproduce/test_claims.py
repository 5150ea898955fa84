"""Claims and the verdicts that results give them."""

import ast
import re

import pytest

from liegg.reproduce import claims, pages, results, table
from liegg.reproduce.project import find_root

EXPERIMENTS = table.load()


def claim(**changes):
    fields = {"id": "c", "experiment": "e", "source": "s", "statement": "t", "metric": "m", "paper": "1", "reason": "r"}
    return claims.Claim(**{**fields, "accept": (1.0, 2.0), "when": {"n": [5, 7]}, **changes})


def result_of(values, n=5):
    return {"parameters": {"n": n}, "metrics": {"m": results._summary("m", values)}}


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (None, "not tested"),
        (result_of([1.5], n=6), "not tested"),
        (result_of([1.5], n=7), "reproduced"),
        ({"parameters": {"n": 5}, "metrics": {}}, "not tested"),
        (result_of([1.0, 1.5, 2.0]), "reproduced"),
        (result_of([1.0, 2.5]), "partly"),
        (result_of([1.0, None]), "partly"),
        (result_of([0.5, 2.5]), "not reproduced"),
        (result_of([None]), "not reproduced"),
        (result_of([]), "not tested"),
    ],
)
def test_verdicts(result, word):
    verdict = claims.judge(claim(), result)
    assert verdict.word == word and verdict.why


def named(experiment):
    """The strings in a notebook's code, and patterns of those that are put together there."""
    code = [cell.source for cell in experiment.notebook().cells if cell.cell_type == "code"]
    nodes = [node for source in code for node in ast.walk(ast.parse(source))]
    literal = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    parts = [node.values for node in nodes if isinstance(node, ast.JoinedStr)]
    return literal, ["".join(re.escape(p.value) if isinstance(p, ast.Constant) else r"\w+" for p in ps) for ps in parts]


def test_every_claim_is_about_something_that_is_measured():
    """By its name in the notebook; where that is put together, by the stored results as well."""
    listed = claims.load()
    assert len({c.id for c in listed}) == len(listed)
    for c in listed:
        literal, patterns = named(EXPERIMENTS[c.experiment])
        stem = c.metric.removesuffix("_untrained").removesuffix("_upright")
        if not {stem, c.metric} & literal:
            stored = pages.reference(find_root(), c.experiment)
            built = any(re.fullmatch(pattern, c.metric) for pattern in patterns if pattern != r"\w+")
            assert built and c.metric in stored["metrics"], f"{c.id}: no metric {c.metric}"
        assert set(c.when) <= set(EXPERIMENTS[c.experiment].parameters()), c.id
        assert c.accept[0] <= c.accept[1] and c.reason and c.paper
