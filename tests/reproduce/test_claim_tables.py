"""Claims in README and book: counts, anchors and commands; a run beside the stored one."""

import re

import pytest

from liegg.reproduce import claim_tables, claims, comparison, first_page, markdown, results, table
from liegg.reproduce.project import Run, find_root
from liegg.reproduce.results import read_json, write_json

EXPERIMENTS = table.load()
O5 = EXPERIMENTS["11_o5_regression"]
LISTED = claims.load()


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of one's own with a result at hand: the stored one with other parameters and another gap."""
    folder = tmp_path / "run"
    monkeypatch.setattr(Run, "folder", property(lambda self: folder))
    run = Run("paper", (("hidden_width", 16),))
    stored = read_json(run.reference(O5.name))
    stored["parameters"] |= {"hidden_width": 16}
    stored["metrics"] |= {"gap": results._summary("gap", [1.0, 2.0, 3.0]), "new": results._summary("new", 1)}
    write_json(run.result(O5.name), stored)
    return run


def judged(run):
    return claim_tables.judged(run, EXPERIMENTS)


def test_a_cell_cannot_end_its_table():
    assert markdown.table(["a"], [["1 | 2\n3"]]) == "| a |\n| --- |\n| 1 \\| 2 3 |"


def test_every_claim_has_one_anchor_and_the_first_page_leads_to_it(run):
    verdicts = judged(run)
    first = claim_tables.all_claims(run, EXPERIMENTS, verdicts)
    for name, experiment in EXPERIMENTS.items():
        page = claim_tables.of_page(run, experiment, verdicts)
        ids = [c.id for c in LISTED if c.experiment == name]
        assert re.findall(r'<span id="([^"]*)">', page) == ids
        assert re.findall(rf'<a href="notebooks/{name}\.html#([^"]*)">', first) == ids
        assert all(f"`make reproduce PROFILE={p} NOTEBOOK={name}`" in page for p in _profiles(name))


def _profiles(name):
    return {c.profiles[-1] for c in LISTED if c.experiment == name}


def test_how_many_claims_a_run_decides_and_how_many_as_the_stored_one(run):
    """Its parameters are its own, so that no claim is tested; as they are stored, all that are stored are the same."""
    assert "tests none of the claims" in claim_tables.all_claims(run, EXPERIMENTS, judged(run))
    stored = read_json(run.reference(O5.name))
    write_json(run.result(O5.name), stored)
    decided = sum(c.experiment == O5.name for c in LISTED)
    expected = (
        f"tests {decided} of the {len(LISTED)} claims at its own settings, and its verdict is that of the stored run on"
    )
    assert f"{expected} {decided}." in claim_tables.all_claims(run, EXPERIMENTS, judged(run))


def test_tables_are_folded_by_part(run):
    first = claim_tables.all_claims(run, EXPERIMENTS, judged(run))
    heads = re.findall(r"^:::\{dropdown\} (\w+)\. ", first, flags=re.M)
    assert heads == sorted({e.part for e in EXPERIMENTS.values()}, key=["I", "II", "III", "IV", "V"].index)
    for part in first.split(":::{dropdown} ")[1:]:
        told = sum(map(int, re.findall(r" (\d+)(?=,|\n|$)", part.splitlines()[0])))
        assert told == len(re.findall(r"<a href=", part))


def test_a_page_stands_beside_the_stored_run(run):
    page = claim_tables.of_page(run, O5, judged(run))
    (row,) = [line for line in page.splitlines() if 'id="o5-gap"' in line]
    cells = row.split(" | ")
    assert "this run has hidden_width = 16, not 32" in cells[2] and "{bdg-muted}`not tested`" in cells[2]
    assert "{bdg-success}`confirmed`" in cells[3] and "≥ 100 times: two orders" in cells[4]
    (row,) = [line for line in page.splitlines() if 'id="o5-dimension"' in line]
    assert "= 10 generators in at least 80 % of networks" in row


def test_own_parameters_beside_the_stored_ones(run):
    page = comparison.beside(run, O5, read_json(run.result(O5.name)))
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    assert rows["hidden_width"] == "| `hidden_width` | **≠** `16` | `32` | `32` |"
    assert "≠" not in rows["epochs"]
    assert "2.0 [-0.5, 4.5]" in rows["gap"] and re.search(r"\*\*≠ -\d+\.\d\*\* \|$", rows["gap"])
    assert rows["bias_mean"].endswith("| the same |") and rows["new"].endswith(
        "| – | not comparable: not in the stored run |"
    )
    assert rows["dimension"].endswith("| 10 [10, 10] | 10 [10, 10] | the same |")


def test_a_run_of_a_profile_stands_alone():
    assert comparison.beside(Run("paper"), O5, read_json(Run("paper").stored(O5.name))) == ""


@pytest.mark.parametrize(
    ("here", "there", "words"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], "the same"),
        ([9.0, 9.1, 9.2], [1.0, 1.1, 1.2], "**≠ +98.0**"),
        ([5.0, 5.0], [4.0, 4.0], "**≠** (neither of them varies)"),
        ([5.0], [5.0], "the same"),
        ([5.0], [4.0], "**≠** (no interval)"),
        ([5.0, None], [4.0, 5.0], "**≠** (no interval)"),
    ],
)
def test_differences_in_standard_errors(here, there, words):
    """(9.1 - 1.1) / sqrt(2 × 0.1² / 3) = 98.0."""
    assert comparison._difference(*(results._summary("m", v) for v in (here, there))) == words


def test_the_readmes_table_is_put_between_its_marks(tmp_path):
    root = find_root()
    for name in ("notebooks", "book", "data"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "README.md").write_text(f"before\n{claim_tables.START}\nto be replaced\n{claim_tables.END}\nafter\n")
    claim_tables.write_readme(tmp_path)
    claim_tables.write_readme(tmp_path)
    written = (tmp_path / "README.md").read_text()
    assert written.startswith("before\n") and written.endswith("\nafter\n") and "to be replaced" not in written
    assert written.count(claim_tables.readme_table(tmp_path)) == 1


def test_the_readme_lists_the_authors_claims_alone():
    """Not what others say of their papers, nor what is ours: all of it is counted, and stands in the book."""
    written = claim_tables.readme_table(find_root()).partition("<details>")[2]
    listed = set(re.findall(r"\.ipynb#([a-z0-9-]+)\)", written))
    assert listed <= {c.id for c in LISTED if c.origin in ("value", "conclusion")} and len(listed) > 20
    assert {c.origin for c in LISTED} == {"value", "conclusion", "reported", "ours"} == set(first_page.ORIGINS)


def test_the_readme_says_what_came_out_in_five_lines():
    """Three sentences, the authors' claims, and all others: as many as there are."""
    lines = claim_tables.readme_table(find_root()).split("\n\n")[0].splitlines()
    assert len(lines) == 5 and all(line.startswith("- ") for line in lines)
    told = [sum(map(int, re.findall(r" (\d+)(?=[,;.])", line))) for line in lines[3:]]
    authors = sum(c.origin in first_page.AUTHORS for c in LISTED)
    assert told == [authors, len(LISTED) - authors]
