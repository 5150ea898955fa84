"""Tables that are damaged: one line names the file, the row and the key, before anything runs."""

import re
import shutil

import mini
import pytest

from liegg.reproduce import claims, table
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import TABLE

GOOD = "\n".join(mini.ROW.format(name=name) for name in mini.NAMES)
CLAIM = """- id: one
  experiment: 11_first
  source: "ours: a test"
  statement: A statement
  origin: ours
  metric: drawn
  paper: not available
  accept: [0, 1]
  reason: because
  judged: mean
  profiles: [quick]
"""
DEEP = "[" * 3000
CONTROL = "\x07"
NO_TABLE = {
    "": "must ",
    "a": "must ",
    "3": "must ",
    DEEP: "nested too deeply",
    "&a [*a]": "line 1: it holds itself",
    "a: &a {b: *a}": "line 1: it holds itself",
    "a: &a [x]\n<<: *a": "line 2: a key must be a word",
    "a: 2020-01-01": "line 1: what stands here is read as timestamp: put words in quotes (a)",
    CONTROL: "special characters",
    "a: !!python/object/apply:os.system [ls]": "is read as python/object/apply:os.system",
    "a: 1\na: 2": "line 2: the key a stands here twice",
    "? [a]\n: 2": "line 1: a key must be a word",
    "1: 2": "line 1: a key must be a word",
    "a: [": "line 1",
}
EXPERIMENTS = [
    ("title: The page 11_first", 'title: "a\\nb"', "11_first, title: must be one line"),
    ("title: The page 11_first", "title: ''", "11_first, title"),
    ("  title: The page 11_first\n", "", "11_first, title"),
    ("  regenerates", "  regenerated: x\n  regenerates", "11_first, regenerated"),
    ("smoke: 3", "smoke: -3", "11_first, seconds.smoke"),
    ("smoke: 3", "smoke: 0", "11_first, seconds.smoke"),
    ("smoke: 3", "smoke: true", "11_first, seconds.smoke"),
    ("smoke: 3", "smoke: '3'", "11_first, seconds.smoke"),
    ("smoke: 3", "smoke: .inf", "11_first, seconds.smoke"),
    ("smoke: 3, ", "", "11_first, seconds: smoke is missing"),
    ("  replicates: [seed]", "  replicates: [seed]\n  alone: 1", "11_first, alone"),
    ("11_first:", "1/../x:", "1/../x, name"),
    ("11_first:", "/etc/1:", "/etc/1, name"),
    ("11_first:", "1 first:", "1 first, name"),
    ("11_first:", "61_first:", "61_first, name"),
    ("11_first:", "11_none:", "11_none.ipynb: there is no such file"),
    ("word: [a, b]", "wort: [a, b]", "11_first, allowed: the notebook has no parameter wort"),
    ("word: [a, b]", "word: [1, 2]", "11_first, allowed: word must have values of its type, str"),
    ("word: [a, b]", "word: {min: 0, max: 2}", "11_first, allowed: word is no number"),
    ("word: [a, b]", "word: []", "11_first, allowed: word must have a value"),
    ("word: [a, b]", "word: a", "11_first, allowed: word must be a list"),
    (
        "word: [a, b]",
        "word: [b]",
        "11_first, allowed: the notebook's default does not fit: parameter word must be one of b",
    ),
    ("{min: 0, max: 1000}", "[a]", "11_first, allowed: seed must have values of its type, int"),
    ("{min: 0, max: 1000}", "{min: 10, max: 1}", "11_first, allowed: seed must have a min and a max"),
    ("{min: 0, max: 1000}", "{min: .nan, max: 1}", "11_first, allowed: seed must have a min and a max"),
    ("{min: 0, max: 1000}", "{min: 0, max: 1000, least: 2}", "11_first, allowed: seed is no list"),
    ("{min: 0, max: 1000}", "{min: 0, max: 1000, least: x}", "11_first, allowed: seed must have a whole number"),
    ("{min: 0, max: 1000}", "{min: 0, maxx: 1000}", "11_first, allowed: seed may have min, max and least, not maxx"),
    ("    seed: {min: 0, max: 1000}\n", "", "11_first, allowed: seed is a number and needs a min and a max"),
    ("quick: {cases: 4}", "quick: {case: 4}", "11_first, profiles.quick: the notebook has no parameter case"),
    ("quick: {cases: 4}", "quick: {cases: x}", "11_first, profiles.quick: parameter cases must be int"),
    ("quick: {cases: 4}", "quick: {cases: 4000}", "11_first, profiles.quick: parameter cases must be from 1 to 1000"),
    ("quick: {cases: 4}", "quick: {cases: null}", "11_first, profiles.quick: parameter cases must be int"),
    ("quick: {cases: 4}", "quick: {pause: .nan}", "11_first, profiles.quick: parameter pause must be from 0 to 60"),
    ("quick: 3", "quick: 3, full: 3", "11_first, the row: full must stand in seconds and in profiles, or in neither"),
    ("word: [a, b]", "word: [a, a]", "11_first, allowed: word must have values that are all different"),
    ("word: [a, b]", "word: [[a], b]", "11_first, allowed: word may have words, finite numbers, true and false"),
    ("word: [a, b]", 'word: [a, "a\\nb"]', "11_first, allowed: word may have words of one short line"),
    ("quick: {cases: 4}", "quick: [1]", "11_first, profiles.quick"),
    ("quick: {cases: 4}", "quik: {cases: 4}", "11_first, profiles.quik"),
    ("replicates: [seed]", "replicates: [sed]", "11_first, replicates: the notebook has no parameter sed"),
    ("replicates: [seed]", "replicates: sed", "11_first, replicates"),
    ("replicates: [seed]", "packages: [E 3]", "11_first, packages: must be names of packages, such as e3nn, not 'E 3'"),
    ("replicates: [seed]", "packages: e3nn", "11_first, packages"),
    ("11_first:", "11_first: 3\n99_x:", "99_x, name"),
]
CLAIMS = [
    ("[0, 1]", "[1, 0]", "one, the row: accept must be [low, high]"),
    ("[0, 1]", "[.nan, 1]", "one, the row: accept must be [low, high]"),
    ("[0, 1]", "[-.inf, .inf]", "one, the row: accept must have an end that is finite"),
    ("[0, 1]", "[0]", "one, accept"),
    ("[0, 1]", "[a, 1]", "one, accept.0"),
    ("[0, 1]", "[true, 1]", "one, accept.0"),
    ("11_first", "11_fist", "one, experiment: 11_fist is not in"),
    ("metric: drawn", "metric: ''", "one, metric"),
    ("origin: ours", "origin: our", "one, origin"),
    ("judged: mean", "judged: men", "one, judged"),
    ("judged: mean", "judged: share", "one, the row: least belongs to a claim that is judged by a share"),
    ("judged: mean", "judged: mean\n  extra: 1", "one, extra"),
    ("[quick]", "[quik]", "one, profiles.0"),
    ("[quick]", "[]", "one, profiles"),
    ("[quick]", "[quick, quick]", "one, the row: a profile stands here twice"),
    ("[quick]", "[full]", "one, profiles: 11_first has no profile full"),
    ("id: one", "id: '<b>'", "<b>, id"),
    ("id: one", "id: 1", "1, id"),
    ("metric: drawn", "metric: '<b>'", "one, metric"),
    ("statement: A statement", 'statement: "a\\nb"', "one, statement: must be one line"),
    ("reason:", "reasn:", "one, reason"),
    ("ours: a test", "LieGG", "one, the row: a source begins"),
    ("- id: one", "- one\n- id: one", "row 1: a row must be keys and their values"),
    (CLAIM, CLAIM + CLAIM, "one, id: another claim has this id"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return mini.make(tmp_path_factory.mktemp("tables") / "p")


def read(project):
    """All that the two tables say, checked against the notebooks; then as they were."""
    try:
        for e in table.load(project).values():
            for profile in e.profiles:
                e.values(profile, {})
        return claims.load(project)
    finally:
        for path, text in ((project / TABLE, GOOD), (project / claims.FILE, CLAIM)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            path.write_text(text)


def refusal(project):
    with pytest.raises(UserError) as error:
        read(project)
    assert "\n" not in str(error.value) and len(str(error.value)) < 500
    return str(error.value)


@pytest.mark.parametrize(("old", "new", "said"), EXPERIMENTS, ids=[new or old for old, new, _ in EXPERIMENTS])
def test_a_row_of_experiments_that_is_wrong(project, old, new, said):
    assert old in GOOD
    (project / TABLE).write_text(GOOD.replace(old, new, 1))
    assert refusal(project).startswith(said if said.startswith("11_none") else f"experiments.yml, {said}")


@pytest.mark.parametrize(("old", "new", "said"), CLAIMS, ids=[new[:30] for _, new, _ in CLAIMS])
def test_a_claim_that_is_wrong(project, old, new, said):
    (project / claims.FILE).write_text(CLAIM.replace(old, new, 1))
    assert refusal(project).startswith(f"claims.yml, {said}")


@pytest.mark.parametrize("file", [TABLE, claims.FILE], ids=lambda file: file.name)
@pytest.mark.parametrize(("content", "said"), NO_TABLE.items(), ids=[f"damage{i}" for i in range(len(NO_TABLE))])
def test_what_is_no_table(project, file, content, said):
    (project / file).write_text(content)
    shown = refusal(project)
    assert shown.startswith(file.name) and said in shown


@pytest.mark.parametrize("file", [TABLE, claims.FILE], ids=lambda file: file.name)
def test_a_table_that_cannot_be_read(project, file):
    path = project / file
    path.unlink()
    assert refusal(project) == f"{path}: No such file or directory"
    path.unlink()
    path.mkdir()
    assert refusal(project).startswith(f"{path}: Is a directory")
    path.write_bytes(b"\xff\xfe")
    assert refusal(project) == f"{file.name}: it is no text in UTF-8, from byte 0 on"


@pytest.mark.parametrize("number", ["010", "0x10", "1_000", "1:30", "1.0e+400", "9" * 19, "!!int a"])
def test_a_number_that_yaml_reads_as_another(project, number):
    (project / TABLE).write_text(GOOD.replace("smoke: 3", f"smoke: {number}", 1))
    assert re.match(r"experiments.yml, line 4: .* is not written as .*\(11_first, seconds, smoke\)$", refusal(project))


def test_a_value_that_aliases_make_long(project):
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 30)}]\n" for i in range(1, 7))
    (project / TABLE).write_text(bomb)
    assert "more than 100000 values" in refusal(project)


@pytest.mark.parametrize("mark", ["\ufeff", "# a comment\n", "\n"])
def test_what_is_no_damage(project, mark):
    (project / TABLE).write_text((mark + GOOD).replace("\n", "\r\n"), encoding="utf-8")
    (project / claims.FILE).write_text(CLAIM.replace("[0, 1]", "[-.inf, 1]"))
    assert [c.id for c in read(project)] == ["one"]
