"""Claims and experiments as they are written: what is wrong with a row is one line that names it."""

import ast
import re

import pytest

from liegg.reproduce import claims, results, rows, table
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run, find_root

EXPERIMENTS = table.load()
ROW = """
- id: {id}
  experiment: 11_o5_regression
  source: "LieGG, somewhere"
  statement: It is so
  origin: value
  metric: gap
  paper: "1 (one run)"
  accept: [1, 2]
  reason: it must be
  judged: mean
  profiles: [paper]
"""
GOOD = ROW.format(id="it-is-so")


@pytest.fixture
def project(tmp_path):
    """A folder with the project's experiments, and a function that loads claims written there."""
    for name in ("book", "notebooks"):
        (tmp_path / name).mkdir()
    (tmp_path / table.TABLE).write_text((find_root() / table.TABLE).read_text())
    return tmp_path


def load(project, text):
    (project / claims.FILE).write_text(text)
    return claims.load(project)


def test_a_claim_as_it_is_written(project):
    (claim,) = load(project, GOOD)
    assert claim.accept == (1, 2) and claim.over == "networks" and claim.least is None
    assert claim.command == "make reproduce PROFILE=paper NOTEBOOK=11_o5_regression"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("metric: gap", "metrik: gap", "claims.yml, it-is-so, metric: Field required (and 1 more in this row)"),
        ("reason: it must be", "reason: it must be\n  when: {}", "claims.yml, it-is-so, when: Extra inputs"),
        ("origin: value", "origin: guess", "claims.yml, it-is-so, origin: Input should be 'value'"),
        (
            "accept: [1, 2]",
            "accept: [2, 1]",
            "claims.yml, it-is-so, the row: accept must be [low, high], not [2, 1]",
        ),
        ("accept: [1, 2]", "accept: [a, 2]", "claims.yml, it-is-so, accept.0: Input should be a valid number"),
        ("judged: mean", "judged: share", "claims.yml, it-is-so, the row: least belongs to"),
        ("judged: mean", "judged: mean\n  least: 0.8", "claims.yml, it-is-so, the row: least belongs to"),
        ("origin: value", "origin: ours", 'claims.yml, it-is-so, the row: a source begins with "ours: "'),
        ("origin: value", "origin: reported", 'claims.yml, it-is-so, the row: a source begins with "third party: "'),
        ('source: "LieGG', 'source: "third party: a summary', "claims.yml, it-is-so, the row: a source begins with"),
        ("profiles: [paper]", "profiles: [fast]", "claims.yml, it-is-so, profiles.0: Input should be 'smoke'"),
        ("profiles: [paper]", "profiles: []", "claims.yml, it-is-so, profiles: List should have"),
        ("11_o5_regression", "09_none", "claims.yml, it-is-so, experiment: 09_none is not in"),
        ("id: it-is-so", "id: It is so", "claims.yml, It is so, id: String should match"),
        ("- id: it-is-so\n ", "-", "claims.yml, row 1, id: Field required"),
        ("metric: gap", "metric: gap\n  metric: angle", "claims.yml, line 8: the key metric stands here twice"),
        ("accept: [1, 2]", "accept: [1, 2", "claims.yml, line 10: "),
        (GOOD, "- just words", "claims.yml, row 1: a row must be keys and their values, not 'just words'"),
        (GOOD, GOOD + GOOD, "claims.yml, it-is-so, id: another claim has this id"),
    ],
)
def test_what_is_wrong_with_a_claim_is_one_line(project, old, new, message):
    assert old in GOOD
    with pytest.raises(UserError, match=re.escape(message)) as refused:
        load(project, GOOD.replace(old, new))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("accept", "words"),
    [([1, 1], "= 1"), ([1, 2], "1 to 2"), ([1, float("inf")], "≥ 1"), ([float("-inf"), 0.5], "≤ 0.5")],
)
def test_accepted_intervals_in_words(project, accept, words):
    (claim,) = load(project, GOOD)
    assert claim.model_copy(update={"accept": tuple(accept)}).accepted == words


SAMPLES = "samples: {min: 600, max: 10000000}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("quick: {}  # the paper's settings fit", "quik: {}  #", "11_o5_regression, profiles.quik.[key]: Input"),
        ("seconds: {smoke: 10, quick: 15,", "seconds: {quick: 60,", "11_o5_regression, seconds: smoke is missing"),
        (SAMPLES, "samples: {mim: 600}", "11_o5_regression, allowed: samples may have min, max and"),
        (SAMPLES, "samples: 600", "11_o5_regression, allowed: samples must be a list of values or bounds"),
        (SAMPLES, "samples: {min: 600}", "11_o5_regression, allowed: samples must have a min and a max"),
        (SAMPLES, "samples: {min: 600, max: .inf}", "both finite numbers, not {'min': 600, 'max': inf}"),
        (SAMPLES, "samples: {min: 600, max: 60}", "a max that is no smaller"),
        ("  title: A function of two", "  titel: A function of two", "11_o5_regression, title: Field required"),
        ("12_rotated_digits:", "11_o5_regression:", "the key 11_o5_regression stands here twice"),
        (
            "replicates: [seed, repeats]",
            "replicates: seed",
            "17_discovery_methods, replicates: Input should be a valid",
        ),
    ],
)
def test_what_is_wrong_with_an_experiment_is_one_line(project, old, new, message):
    path = project / table.TABLE
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(UserError, match=f"experiments.yml, .*{re.escape(message)}") as refused:
        table.load(project)
    assert "\n" not in str(refused.value)


def test_a_table_of_experiments_that_is_none(project):
    (project / table.TABLE).write_text("- 11_o5_regression\n")
    with pytest.raises(UserError, match="it must have a key for each experiment"):
        table.load(project)


def test_rows_do_not_change_once_read(project):
    (claim,) = load(project, GOOD)
    with pytest.raises(ValueError, match="frozen"):
        claim.accept = (0, 9)
    assert isinstance(claim, rows.Row)


def test_replicates_are_parameters():
    for experiment in EXPERIMENTS.values():
        assert set(experiment.replicates) <= set(experiment.parameters()), experiment.name
    assert EXPERIMENTS["51_symmetry_zoo"].replicates == ["seed", "bases", "functions", "hold_out_seed"]


def test_every_claim_on_pairs_is_a_test():
    pairs = [c for c in claims.load() if c.metric.endswith("_fall") or "_over_" in c.metric]
    assert pairs and all(c.judged == "test" and c.accept[0] >= 1 for c in pairs)
    assert len(pairs) == sum(c.judged == "test" and c.unit in claims.RATIOS for c in claims.load())


def named(experiment):
    """The strings in a notebook's code, and patterns of those that are put together there."""
    code = [cell.source for cell in experiment.notebook().cells if cell.cell_type == "code"]
    nodes = [node for source in code for node in ast.walk(ast.parse(source))]
    literal = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    parts = [node.values for node in nodes if isinstance(node, ast.JoinedStr)]
    return literal, ["".join(re.escape(p.value) if isinstance(p, ast.Constant) else r"\w+" for p in ps) for ps in parts]


def test_every_claim_is_about_something_that_is_measured():
    """By its name in the notebook; where that is put together, by the stored results as well."""
    for c in claims.load():
        literal, patterns = named(EXPERIMENTS[c.experiment])
        stem = c.metric.removesuffix("_untrained").removesuffix("_upright")
        if not {stem, c.metric} & literal:
            stored = results.read_json(Run("paper").stored(c.experiment))
            built = any(re.fullmatch(pattern, c.metric) for pattern in patterns if pattern != r"\w+")
            assert built and c.metric in stored["metrics"], f"{c.id}: no metric {c.metric}"


def test_what_is_stored_has_the_metric_of_every_claim():
    """Where it is missing, a page says "this run did not measure it", which no one should see of a stored one."""
    stored = {name: results.read_json(Run("paper").reference(name)) for name in EXPERIMENTS}
    missing = [
        f"{c.id}: {c.metric}" for c in claims.load() if (r := stored[c.experiment]) and c.metric not in r["metrics"]
    ]
    assert not missing
