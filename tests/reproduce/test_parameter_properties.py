"""Parameters of any value: typed and read again they are the same; what is no value of theirs is refused."""

import math
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liegg.reproduce import words
from liegg.reproduce.errors import UserError
from liegg.reproduce.parameters import TYPES, Parameter
from liegg.reproduce.project import Run, find_root

ROOT = find_root()
any_examples = settings(max_examples=150, derandomize=True, deadline=None, database=None)

WHOLE = st.integers(1 - 10**words.DIGITS, 10**words.DIGITS - 1)
LINES = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=20)
MARKS = st.text("ab '\"[](),=\\;$#1.", max_size=12)
SCALARS = {"int": WHOLE, "float": st.floats(allow_nan=False, allow_infinity=False), "bool": st.booleans()}
SCALARS["str"] = LINES | MARKS | st.sampled_from(["True", "false", "1", "1e3", "None", "nan", "[1, 2]", "['a']", ""])
LISTS = st.sampled_from(sorted(SCALARS)).flatmap(lambda kind: st.lists(SCALARS[kind], max_size=4))
VALUES = st.one_of(*SCALARS.values(), LISTS)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
TYPED = st.text(max_size=60) | st.text("ab=[]'\"() ,1-.e\\{}\n", max_size=60)


@any_examples
@given(st.dictionaries(NAMES, VALUES, max_size=4))
@example({"a": "[1, 2]", "b": "['a']", "c": "don't", "d": 'a"b', "e": ["so(1", "a]", "", " x "], "f": "\\"})
def test_what_is_written_is_read_again(values):
    read = words.parse(words.written(values))
    assert read == values and [type(v) for v in read.values()] == [type(v) for v in values.values()]


@any_examples
@given(st.lists(SCALARS["str"] | WHOLE, max_size=4))
@example(["true", "1", "so(1,3)", "none: steep", "don't", "a b", "x]", "(", "so(1", "'a'"])
def test_a_list_is_typed_as_errors_show_it(entries):
    assert words.parse(f"a=[{', '.join(map(words.typed, entries))}]") == {"a": entries}


@any_examples
@given(st.dictionaries(NAMES, TYPED, max_size=3))
def test_any_text_is_parameters_or_refused_in_one_line(typed):
    for text in (" ".join(typed.values()), " ".join(f"{name}={value}" for name, value in typed.items())):
        try:
            found = words.parse(text)
        except UserError as error:
            assert str(error).isprintable() and len(str(error)) < 200
            continue
        for name, value in found.items():
            entries = value if type(value) is list else [value]
            assert name.isidentifier() and name.isascii()
            assert all(type(entry) in (int, float, bool, str) for entry in entries)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a=" + "[" * 3000, "no parameter has lists in a list"),
        ("a=" + "[" * 3000 + "]" * 3000, "no parameter has lists in a list"),
        ("a=[[1, 2], [3]]", "no parameter has lists in a list"),
        ("a=[1, [2]]", "no parameter has lists in a list"),
        ("a=" + "9" * 5000, "a whole number has at most 18 digits, not '999"),
        ("a=0x" + "f" * 5000, "a whole number has at most 18 digits"),
        ("a=[1, 0x" + "f" * 5000 + "]", "a whole number has at most 18 digits"),
        ("a=" + "x" * 10_000, "longer than 10000 characters"),
        ("a=b\0c", r"a character that cannot be typed, '\x00'"),
        ("a='\x1b[31m'", r"a character that cannot be typed, '\x1b'"),
        ("a=1 b=2 a=3", "parameter a is given twice"),
        ("٣=1", "cannot read the parameters from '٣=1' on: write name=value"),
        ("é=1", "cannot read"),
        ("a='b' c", "cannot read the parameters from 'c' on"),
        ("a='b'c", "cannot read"),
        ("a='b", "cannot read"),
        ("a=[b, 'c]", "cannot read"),
        ("a=[1,,2]", "cannot read"),
    ],
)
def test_what_cannot_be_parameters(text, said):
    with pytest.raises(UserError) as error:
        words.parse(text)
    assert said in str(error.value) and len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("don't", "don't"),
        ("b=c", "b=c"),
        ("٣", "٣"),
        ("nan", "nan"),
        ("None", "None"),
        ("(1,2)", "(1,2)"),
        ("{1:2}", "{1:2}"),
        ("b'x'", "b'x'"),
        ("1j", "1j"),
        ("1e999", math.inf),
        ("[don't, x]", ["don't", "x"]),
        ("'[1, 2]'", [1, 2]),
        ("[1, 2, ]", [1, 2]),
        ("'a \\'b\\' c'", "a 'b' c"),
    ],
)
def test_words_that_are_no_literals_of_a_parameter(text, value):
    assert words.parse(f"a={text} z=1") == {"a": value, "z": 1}


@pytest.mark.parametrize(
    "text", ["[" + "'" * 9000, "[" + "(" * 9000, "['a'" * 2000, "[" + "(a" * 4000, "[" + "a," * 4900]
)
def test_no_text_takes_long(text):
    start = time.process_time()
    with pytest.raises(UserError):
        words.parse(f"a={text}")
    assert time.process_time() - start < 2


@st.composite
def parameters(draw):
    """A parameter of any type, with what its values may be."""
    kind = draw(st.sampled_from(sorted(SCALARS)))
    of_list = draw(st.booleans())
    default = draw(SCALARS[kind])
    allowed = draw(st.lists(SCALARS[kind], min_size=1, max_size=4, unique=True)) if kind in ("str", "bool") else None
    if kind in ("int", "float"):
        low, high = sorted(draw(st.tuples(SCALARS[kind], SCALARS[kind])))
        allowed = {"min": low, "max": high} | ({"least": draw(st.integers(1, 3))} if of_list else {})
    elif draw(st.booleans()):
        allowed = None
    return Parameter("p", "list" if of_list else kind, [default] if of_list else default, "", allowed)


STRANGE = st.sampled_from(
    [10**400, -(10**5000), math.nan, math.inf, None, (1,), {}, b"a", 1j, [[1]], [None], "a\nb", "\0"]
)


@any_examples
@given(parameters(), VALUES | STRANGE, st.data())
def test_a_checked_value_has_its_type_and_lies_within_bounds(parameter, anything, data):
    near = st.sampled_from(parameter.allowed) if isinstance(parameter.allowed, list) else SCALARS[parameter.kind]
    for value in (anything, data.draw(near), data.draw(st.lists(near, max_size=4))):
        try:
            checked = parameter.check(value)
        except UserError as error:
            assert str(error).isprintable() and str(error).startswith("parameter p")
            continue
        assert type(checked) is TYPES[parameter.type] and checked == value
        entries = checked if parameter.type == "list" else [checked]
        assert all(type(entry) is TYPES[parameter.kind] for entry in entries)
        if isinstance(parameter.allowed, list):
            assert all(entry in parameter.allowed for entry in entries)
        elif parameter.allowed:
            assert all(parameter.allowed["min"] <= entry <= parameter.allowed["max"] for entry in entries)
            assert parameter.type != "list" or len(entries) >= parameter.allowed["least"]


def name(**overrides):
    return Run("quick", tuple(sorted(overrides.items())), root=ROOT).name


@any_examples
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3), st.dictionaries(NAMES, VALUES, min_size=1, max_size=3))
@example({"a": "\N{CJK UNIFIED IDEOGRAPH-20000}" * 100}, {"a": 1})
@example({"a": "b c"}, {"a": "b_c"})
@example({"a": [1, 2]}, {"a": "[1, 2]"})
def test_runs_of_other_parameters_lie_in_other_folders(one, other):
    for values in (one, other):
        assert len(name(**values).encode()) <= 200 and "/" not in name(**values) and name(**values) not in (".", "..")
    assert (name(**one) == name(**other)) == (repr(sorted(one.items())) == repr(sorted(other.items())))
