"""Parameters as they are typed: name=value, several with spaces between."""

import ast
import re

from liegg.reproduce.project import UserError

WORD = re.compile(r"""([A-Za-z_]\w*)=(\[[^]]*]|'[^']*'|"[^"]*"|[^\s'"[]\S*)(?=\s|$)""")
ENTRY = re.compile(r"""(?:'[^']*'|"[^"]*"|\([^()]*\)|[^,])+""")
"""of a list whose words lack their quotes: commas in quotes and brackets do not end it"""
BRIEF = 80  # characters of a value in an error


def parse(words: str) -> dict[str, object]:
    """Parameters written as "seed=3 widths=[8, 16] name='two words'".

    Values are Python literals, anything else is a string; entries of a list may lack their quotes: [so(1,3), CNN].
    """
    values, rest = {}, words.strip()
    while rest:
        match = WORD.match(rest)
        if not match:
            raise UserError(
                f"cannot read the parameters from {brief(rest)} on: write name=value, several with spaces between"
            )
        if match[1] in values:
            raise UserError(f"parameter {match[1]} is given twice")
        values[match[1]] = _value(match[2])
        rest = rest[match.end() :].strip()
    return values


def _value(text: str) -> object:
    text = text[1:-1] if re.fullmatch(r"(['\"])\[.*\]\1", text) else text  # a list in quotes
    if text.startswith("["):
        return _literal(text, [_word(part.strip()) for part in ENTRY.findall(text[1:-1])])
    return _word(text)


def _word(text: str) -> object:
    return _literal({"true": "True", "false": "False"}.get(text, text), text)


def _literal(text: str, otherwise: object) -> object:
    """What a Python literal says, or `otherwise` where it is none, or one that is no value of a parameter."""
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):  # all that literal_eval raises
        return otherwise


def brief(value: object) -> str:
    """A value as Python writes it, the beginning of a long one."""
    words = repr(value)
    return words if len(words) <= BRIEF else f"{words[:BRIEF]}…"


def typed(value: object) -> str:
    """A value as it is typed in a list: words that are empty or have a comma need their quotes."""
    return repr(value) if value == "" or "," in str(value) else str(value)
