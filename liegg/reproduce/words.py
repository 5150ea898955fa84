"""Parameters as they are typed: name=value, several with spaces between."""

import ast
import re
import warnings

from liegg.reproduce.errors import UserError

QUOTED = r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+\""""
ENTRY = rf"""\s*+(?:(?:{QUOTED})\s*+(?=[],])|[^\s'",\[\]](?>\([^()\[\]]*\)|[^,\[\]])*+)"""
"""of a list, whose words may lack their quotes: a comma in brackets, as in so(1,3), does not end them"""
LIST = re.compile(rf"\[(?:{ENTRY}(?:,{ENTRY})*+)?(?:,?\s*+\])")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+=")
VALUE = re.compile(rf"""(?:{LIST.pattern}|{QUOTED}|[^\s'"\[]\S*)(?=\s|$)""")
LONGEST = 10_000  # characters of all that is typed
DIGITS = 18  # of a whole number
MANY = re.compile(rf"[-+]?[0-9_]{{{DIGITS + 1},}}")  # which Python may refuse to read
BRIEF = 80  # characters of a value in an error


def parse(words: str) -> dict[str, object]:
    """Parameters written as "seed=3 widths=[8, 16] name='two words'".

    Numbers, True, False and what stands in quotes are read as Python does, all else is a word; entries of a list may
    lack their quotes: [so(1,3), CNN]. Raises UserError for what cannot be read.
    """
    values: dict[str, object] = {}
    rest = words.strip()
    if len(rest) > LONGEST:
        raise UserError(f"the parameters are longer than {LONGEST} characters")
    if strange := next((c for c in rest if not (c.isprintable() or c.isspace())), ""):
        raise UserError(f"the parameters hold a character that cannot be typed, {strange!a}")
    while rest:
        name = NAME.match(rest)
        value = VALUE.match(rest, name.end()) if name else None
        if name is None or value is None:
            nested = name and re.match(r"""\[[^]'"]*\[""", rest[name.end() :])
            fix = "no parameter has lists in a list" if nested else "write name=value, several with spaces between"
            raise UserError(f"cannot read the parameters from {brief(rest)} on: {fix}")
        key = name[0][:-1]
        if key in values:
            raise UserError(f"parameter {key} is given twice")
        values[key] = _value(value[0])
        rest = rest[value.end() :].strip()
    return values


def _value(text: str) -> object:
    inner = text[1:-1] if text[0] in "'\"" and LIST.fullmatch(text[1:-1]) else text  # a list in quotes
    if not inner.startswith("["):
        return _word(inner)
    return [_word(entry[0].strip()) for entry in re.finditer(ENTRY, inner[1:-1] + "]") if entry[0].strip()]


def _word(text: str) -> object:
    """A number, True, False or a quoted word as Python reads it; anything else is the word itself."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes that Python does not know
            value = ast.literal_eval({"true": "True", "false": "False"}.get(text, text))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):  # all that literal_eval raises
        value = text
    if (type(value) is int and abs(value) >= 10**DIGITS) or MANY.fullmatch(text):
        raise UserError(f"a whole number has at most {DIGITS} digits, not {brief(text)}")
    return value if type(value) in (int, float, bool, str) else text


def brief(value: object) -> str:
    """A value as Python writes it, the beginning of a long one."""
    try:
        words = repr(value)
    except ValueError:  # Python does not print a number of many digits
        return "a number of thousands of digits"
    return words if len(words) <= BRIEF else f"{words[:BRIEF]}…"


def typed(value: object) -> str:
    """A value as it is typed in a list: in quotes where it has a comma or would be read otherwise without them."""
    plain = str(value)
    bare = plain and "," not in plain and LIST.fullmatch(f"[{plain}]") and _value(f"[{plain}]") == [value]
    return plain if bare else repr(value)


def written(values: dict[str, object]) -> str:
    """Parameters in the words that `parse` reads as these; a word that looks like a list begins with a code."""
    said = {name: repr(value) for name, value in values.items()}
    for name, value in values.items():
        if isinstance(value, str) and LIST.fullmatch(said[name][1:-1]):
            said[name] = said[name].replace("[", "\\x5b", 1)
    return " ".join(f"{name}={value}" for name, value in said.items())


def elapsed(seconds: float) -> str:
    """A time as minutes and seconds, 1:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
