"""Parameters as they are typed: any of them can be said, and any words are understood or refused in one line."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liegg.reproduce import words
from liegg.reproduce.project import Run, UserError, find_root
from liegg.reproduce.table import Parameter

ROOT = find_root()
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(string.ascii_letters + string.digits + "()+-.,: _", max_size=12)
VALUES = st.one_of(st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), st.booleans())
LISTS = st.lists(VALUES, min_size=1, max_size=4) | st.lists(TEXTS, min_size=1, max_size=4)


def said(value):
    """As one types it who quotes every word."""
    return repr(value).replace("\n", " ")


@given(st.dictionaries(NAMES, VALUES | TEXTS | LISTS, max_size=4))
def test_every_value_can_be_typed(values):
    assert words.parse(" ".join(f"{name}={said(value)}" for name, value in values.items())) == values


@given(st.text(max_size=40) | st.text("ab=[]'\"() ,1-", max_size=40))
def test_any_words_are_parameters_or_refused(text):
    try:
        found = words.parse(text)
    except UserError as error:
        assert "\n" not in str(error) and len(str(error)) < 200
    else:
        assert all(name.isidentifier() for name in found)


@pytest.mark.parametrize(
    "many", ["[" * 3000 + "]" * 3000, "(" * 3000, "-" * 3000 + "1", "9" * 5000, "[" + "(" * 3000 + "]"]
)
def test_long_and_deep_words_are_no_recursion(many):
    try:
        found = words.parse(f"a={many}")
    except UserError as error:
        assert len(str(error)) < 200
    else:
        with pytest.raises(UserError) as error:
            Parameter("a", "int", 1, "", {"min": 0, "max": 10}).check(found["a"])
        assert len(str(error.value)) < 200


def test_a_name_that_is_given_twice():
    with pytest.raises(UserError, match="parameter a is given twice"):
        words.parse("a=1 b=2 a=3")


PARAMETERS = st.sampled_from(
    [
        Parameter("n", "int", 1, "", {"min": 0, "max": 10}),
        Parameter("x", "float", 1.0, "", {"min": -1, "max": 1}),
        Parameter("b", "bool", True, "", None),
        Parameter("w", "str", "a", "", ["a", "b"]),
        Parameter("l", "list", [1], "", {"min": 0, "max": 10, "least": 2}),
        Parameter("v", "list", ["a"], "", ["a", "b"]),
    ]
)
ANYTHING = VALUES | TEXTS | LISTS | st.none() | st.floats() | st.tuples(VALUES) | st.dictionaries(TEXTS, VALUES)


@given(PARAMETERS, ANYTHING)
def test_a_value_has_the_declared_type_and_is_allowed_or_refused(parameter, value):
    try:
        checked = parameter.check(value)
    except UserError as error:
        assert parameter.name in str(error) and "\n" not in str(error)
        return
    assert type(checked).__name__ == parameter.type and checked == value
    for entry in checked if parameter.type == "list" else [checked]:
        assert type(entry).__name__ == parameter.kind
        if isinstance(parameter.allowed, dict):
            assert parameter.allowed["min"] <= entry <= parameter.allowed["max"]
        elif parameter.allowed:
            assert entry in parameter.allowed


@given(st.dictionaries(NAMES, VALUES | st.text(max_size=200) | LISTS, min_size=1, max_size=3))
def test_results_with_parameters_of_ones_own_lie_in_one_folder_of_their_own(values):
    run = Run("quick", tuple(sorted(values.items())), root=ROOT)
    assert run.folder.parent == run.build and len(run.name.encode()) <= 200
    other = Run("quick", tuple(sorted((values | {"another": 1}).items())), root=ROOT)
    assert other.name != run.name
