"""What can be downloaded: tables made from results, the claims, and a zip that is the same whenever it is made."""

import csv
import io
import zipfile

import pytest

from liegg.reproduce import claims, downloads, results, table, verdicts
from liegg.reproduce.dictionary import Dictionary
from liegg.reproduce.pages import State
from liegg.reproduce.project import Run, find_root
from liegg.reproduce.results import read_json, write_json

EXPERIMENTS = table.load()
MEANINGS = Dictionary(find_root())
PAGE = "14_width_depth"


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_metric_is_one_row():
    estimate = {"value": 2.0, "low": 1.5, "high": 3.0, "n": 5, "p": 0.01, "wins": 0}
    metrics = {"width_rank": [1.0, None], "dimension_one_layer": [0, 2], "bias_fall": estimate, "mine": 1}
    found = {"experiment": PAGE, "metrics": {n: results._summary(n, v) for n, v in metrics.items()}}
    rank, dimension, fall, mine = downloads.metric_rows(found, MEANINGS)
    assert (rank["value"], rank["n"], rank["missing"], rank["values"]) == (1, 2, 1, "1 none")
    assert rank["low"] is rank["high"] is rank["sd"] is None
    assert dimension["unit"] == "generators" and dimension["low"] == pytest.approx(1 - 12.7062, abs=1e-4)
    assert {k: fall[k] for k in estimate} == estimate and fall["values"] == "" and fall["unit"] == "times lower"
    assert mine["meaning"] == mine["unit"] == "" and mine["value"] == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Downloads of a run whose only page is a stored one, with another parameter that no claim minds."""
    place = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "folder", property(lambda self: place))
        run = Run("paper")
        stored = read_json(run.reference(PAGE))
        write_json(run.result(PAGE), stored | {"parameters": stored["parameters"] | {"seed": 7}})
        states = [State(e, stored if e.name == PAGE else None, "") for e in EXPERIMENTS.values()]
        downloads.put(run, EXPERIMENTS, states, place)
    return place


def test_every_claim_has_a_row_with_both_verdicts(folder):
    listed, rows = claims.load(), read((folder / "claims.csv").read_text())
    assert [row["id"] for row in rows] == [c.id for c in listed]
    stored = verdicts.judge(listed, {n: read_json(Run("paper").reference(n)) for n in EXPERIMENTS}, EXPERIMENTS)
    assert [row["verdict_stored"] for row in rows] == [stored[c.id].word for c in listed]
    own = [row for row in rows if row["page"] == PAGE]
    assert own == read((folder / f"{PAGE}.claims.csv").read_text())
    assert {row["verdict"] for row in rows if row["page"] != PAGE} == {"not tested"} != {row["verdict"] for row in own}
    for row, claim in zip(rows, listed):
        if row["verdict_stored"] in {"reproduced", "holds", "confirmed"} and row["low_stored"]:
            least = claim.least if claim.judged == "share" else claim.accept[0]
            low, value, high = (row[f"{name}_stored"] for name in ("low", "value", "high"))
            assert least <= float(low) <= float(value or low) <= float(high)


@pytest.mark.parametrize(("of", "file"), [("NAME.metrics.csv", f"{PAGE}.metrics.csv"), ("claims.csv",) * 2])
def test_columns_are_those_of_the_dictionary(folder, of, file):
    head = (folder / file).read_text().splitlines()[0].split(",")
    assert head == [name for block in MEANINGS.blocks if block.of == of for name in block.names]


def test_the_dictionary_explains_every_name_of_the_zip(folder):
    rows = read((folder / "dictionary.csv").read_text())
    assert all(row["meaning"] for row in rows)
    known = {(row["page"], row["of"], row["name"]) for row in rows}
    with zipfile.ZipFile(folder / "liegg-results.zip") as archive:
        tables = [n for n in archive.namelist() if n.count("/") == 2 and n.endswith(".csv") and "metrics" not in n]
        for name in tables:
            page = name.split("/")[2].removesuffix(".csv")
            head = next(csv.reader(io.StringIO(archive.read(name).decode())))
            assert known >= {(page, "column", column) for column in head}, name
    assert {(PAGE, "parameter", "seed"), (PAGE, "metric", "bias_fall"), ("", "claims.csv", "id")} <= known


def test_the_zip_has_results_sources_and_how_to_read_them(folder):
    with zipfile.ZipFile(folder / "liegg-results.zip") as archive:
        names = {name.removeprefix("liegg-results/") for name in archive.namelist()}
        assert f"this-run/{PAGE}.json" in names and f"stored/{PAGE}.metrics.csv" in names
        assert {"README.txt", "claims.csv", "dictionary.csv", "dictionary.yml", "requirements.lock"} <= names
        assert {f"notebooks/{name}.ipynb" for name in EXPERIMENTS} <= names
        readme = archive.read("liegg-results/README.txt").decode()
        folders = {name.split("/")[0] for name in names}
        assert all(name in readme for name in folders - {"README.txt"}) and "{" not in readme


def test_the_same_files_give_the_same_bytes(tmp_path):
    files = {"b.csv": b"1,2\n", "a/é.txt": "é".encode()}
    downloads.pack(tmp_path / "one.zip", files)
    downloads.pack(tmp_path / "two.zip", dict(reversed(files.items())))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["liegg-results/a/é.txt", "liegg-results/b.csv"]
        assert archive.read("liegg-results/a/é.txt").decode() == "é"
