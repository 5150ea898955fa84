"""What two runs differ in, case by case, and what a reader must know of where results came from."""

import numpy as np
import pytest

from liegg.reproduce import environment, kept, results, twice
from liegg.reproduce.project import Run, find_root

NAME = "11_o5_regression"
HEADER = {"finished": "t", "commit": "abc", "versions": {"numpy": "1"}, "machine": "", "seconds": 1}


@pytest.fixture
def pair(tmp_path):
    """Two runs, and what writes one: its cases and its metrics."""
    runs = Run("quick", root=tmp_path), Run("quick", root=tmp_path, aside="twice")

    def write(run, cases, values=(1.0,)):
        metrics = {"a": {"values": list(values)}}
        kept.write(run.measured(NAME), HEADER, cases)
        content = {"experiment": NAME, "parameters": {}, "metrics": metrics, "provenance": HEADER}
        results.write_json(run.result(NAME), content)

    return *runs, write


def case(i=0, **value):
    return ({"i": i}, {"x": np.arange(3.0), "list": [1, {"b": 2.0}], **value})


ULP = np.nextafter(np.arange(3.0), 9)


@pytest.mark.parametrize(
    ("other", "places"),
    [
        ([case()], []),
        ([case(x=ULP)], ['{"i": 0}.x']),
        ([case(x=np.arange(3.0, dtype="f4"))], ['{"i": 0}.x']),
        ([case(list=[1, {"b": 3.0}])], ['{"i": 0}.list.1.b']),
        ([case(list=[1])], ['{"i": 0}.list']),
        ([case(more=1)], ['{"i": 0}']),
        ([case(), case(1)], ['case {"i": 1}: measured once']),
    ],
)
def test_every_bit_counts_and_its_place_is_named(pair, other, places):
    run, again, write = pair
    write(run, [case()])
    write(again, other)
    assert twice.differences(run, again, NAME) == {"costs": [], "others": places}


def test_times_differ_and_what_follows_from_them(pair):
    run, again, write = pair
    write(run, [case(seconds=1.0)], [1.0])
    write(again, [case(seconds=2.0)], [2.0])
    found = twice.differences(run, again, NAME)
    assert found == {"costs": ['{"i": 0}.seconds'], "others": []}
    assert twice.in_words(found) == "two runs are the same, bit for bit, but for times and memory"


def test_the_same_measurement_must_say_the_same(pair):
    run, again, write = pair
    write(run, [case()], [1.0])
    write(again, [case()], [1.0000001])
    run.table(NAME).write_text("i\n1\n")
    found = twice.differences(run, again, NAME)
    assert found["others"] == ["metric a (1.0 and 1.0000001)", "its table"]
    assert twice.in_words(found) == "two runs differ in metric a (1.0 and 1.0000001), its table"


def test_a_page_says_so_of_the_run_that_was_repeated_alone(pair):
    run, *_ = pair
    assert twice.of_page(run, NAME, "t") == ""
    results.write_json(run.twice(NAME), {"measured": "t", "again": "u", "costs": [], "others": ["metric a"]})
    assert twice.of_page(run, NAME, "t") == "two runs differ in metric a" and twice.of_page(run, NAME, "later") == ""
    run.twice(NAME).write_text("{")
    assert twice.of_page(run, NAME, "t") == ""


def test_versions_other_than_locked_changed_files_and_other_commits_are_told(monkeypatch):
    run, locked = Run("quick"), environment.locked(find_root())
    assert {"torch", "numpy", "papermill"} <= set(locked) and "pywinpty" not in locked
    versions = {name: f"{locked[name]}+cpu" for name in ("torch", "numpy")}
    page = {"commit": "abc", "versions": versions, "drawn": {"commit": "abc"}}
    installed = lambda **other: monkeypatch.setattr(
        environment, "_installed", lambda name: other.get(name, locked[name])
    )
    at = lambda commit: monkeypatch.setattr(environment, "commit", lambda: commit)
    told = lambda **made: list(environment.warnings(run, {"page": page | made}))
    installed()
    at("abc")
    assert told() == []
    assert told(versions={"numpy": "1.0"}) == ["Made with other versions than are locked: page."]
    assert told(commit="old") == ["Made by another commit than this book (abc), whatever that changed: page."]
    at("abc with local changes")
    assert "under no commit (abc with local changes)" in told()[0]
    installed(numpy="1.0")
    assert told()[0] == f"Packages here are not of the locked versions (in brackets): numpy 1.0 ({locked['numpy']})."
