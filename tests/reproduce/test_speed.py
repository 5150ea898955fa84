"""The page on speed, from what a few made-up benchmarks measured."""

import importlib.util
import json
import re
import shutil

import pytest

from liegg.reproduce import book, speed
from liegg.reproduce.project import Run, find_root

SPEC = importlib.util.spec_from_file_location("report", find_root() / "benchmarks" / "report.py")
report = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(report)

MACHINE = {"machine": "x86_64", "system": "Linux", "python_version": "3.11", "torch": "2.9", "cores": 2, "gpu": None}
MACHINE |= {"node": "someones-laptop", "cpu": {"brand_raw": "A Fast(TM) CPU @ 3 GHz"}}
SIZES = [{"method": "one pass", "samples": n, "directions": 9, "seconds": 2.0 * n, "megabytes": 5} for n in (10, 100)]
SIZES += [
    {"method": "an SVD", "samples": n, "directions": 9, "seconds": 0.1 * n * n, "megabytes": n} for n in (10, 100)
]
PARTS = [{"networks": n, "part": part, "seconds": n} for n in (1, 8) for part in ("forward", "backward")]


def timed(name, group, data=(1.0, 1.1, 1.2, 1.3, 1.4), **told):
    """A benchmark as pytest-benchmark's JSON has it."""
    return {"fullname": f"benchmarks/test_{name}.py::test_{name}", "name": f"test_{name}", "group": group} | {
        "stats": {"data": list(data)},
        "extra_info": {"threads": 2, **told},
    }


ALL = [
    timed("met", "extraction", case="a | wide network", seconds={"the floor": [1.0] * 5}, goal=1.5, count=100),
    timed("open", "ensembles", case="eight networks", seconds={"one by one": [5.0] * 5}, faster=4.5),
    timed("late", "start-up", case="start", limit=0.5),
    timed("sizes", "direct", (30.0,), case="sizes", rows=SIZES),
    timed("parts", "ensembles", (3.0,), case="parts", rows=PARTS),
    timed("told", "whole", (0.1,), case="told", rows=[{"what": "all pages", "seconds": 360.0}]),
]


@pytest.fixture
def run(tmp_path):
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    return Run("quick", root=tmp_path)


def measured(run, benchmarks, words="", **machine):
    """Report on benchmarks as `make bench` does."""
    path = run.build / "bench" / "measured.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    commit = {"id": "0123456789abcdef", "dirty": False}
    found = {"machine_info": MACHINE | machine, "commit_info": commit, "datetime": "2026-01-02T03:04:05+00:00"}
    path.write_text(json.dumps(found | {"benchmarks": benchmarks}))
    return report.report(path, words, stored=run.root / speed.STORED)


def page(run):
    stage = run.folder / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    return speed.page(run, stage)


def rows(said):
    return [[cell.strip() for cell in line.split(" | ")] for line in said.splitlines() if line.startswith("| ")]


def test_every_benchmark_is_told_with_its_verdict(run):
    measured(run, ALL)
    said = page(run)
    head, _, extraction, *_ = rows(said)
    assert head[0] == "| what is done" and "a \\| wide network" in said
    time, other = extraction[1:3]
    assert (time, other) == ("1.2 s [1 s, 1.4 s], 12 ms each of 100", "the floor, 1 s")
    assert extraction[3:] == ["1.20 [1.00, 1.40]", "at most 1.5", "met", "5 |"]
    assert (
        "| eight networks | 1.2 s [1 s, 1.4 s] | one by one, 5 s | 4.17 [3.57, 5.00] times as fast | at least 4.5 |"
        in said
    )
    assert re.search(r"\| start \|.*\| at most 500 ms \| not met \|", said)
    assert "| all pages | 360 s |" in said
    assert "Of 3 goals: 1 met, 1 not met, 1 undecided." in said and "probability 0.94 or more" in said
    assert "A Fast(TM) CPU @ 3 GHz, 2 cores" in said and "commit 0123456789," in said and "2026-01-02" in said
    assert "someones-laptop" not in said + (run.build / "bench" / "a-fast-3-ghz-2-cores" / "summary.json").read_text()


def test_crossings_are_computed(run):
    measured(run, ALL)
    said = page(run)
    assert "One pass takes less time than an SVD from about 20 samples on (at 9 directions)." in said
    assert "One pass needs less memory at its peak than an SVD at every number of samples measured, 10 to 100" in said


def test_pictures_have_words_captions_and_a_drawing_for_each_column(run):
    measured(run, ALL)
    said = page(run)
    images = re.findall(r"\{image\} (\S+)\n:class: (\S+)\n:alt: (.*)\n", said)
    names = ["floor", "faster", "sizes-direct", "parts-ensembles"]
    assert sorted(path.rsplit("/", 1)[1] for path, _, _ in images) == sorted(
        f"{name}{width}.svg" for name in names for width in ("", "-narrow")
    )
    for path, column, alt in images:
        assert column == ("for-narrow" if "-narrow" in path else "for-wide")
        assert (run.folder / "stage" / path).read_text().startswith("<?xml") and re.search(r"\. .*\d", json.loads(alt))
    assert sum(said.count(caption) for caption in speed.CAPTIONS.values()) == len(names)


def test_ones_own_numbers_stand_above_the_stored_ones_and_each_once(run):
    place = measured(run, ALL)
    shutil.copytree(place, run.root / speed.STORED / place.name)
    assert re.findall("^## (.*):", page(run), re.M) == ["Stored"]
    measured(run, ALL[:2])
    measured(run, ALL[:1], gpu="A GPU")
    said = page(run)
    assert re.findall("^## (.*):", said, re.M) == ["Yours", "Yours", "Stored"] and "2 cores, A GPU" in said
    assert said.index("Measured by `make bench` in this copy") < said.index("Measured for the project")


def test_what_was_not_measured_again_stays_as_it_was(run):
    place = measured(run, ALL)
    measured(run, [timed("met", "extraction", case="a new name", seconds={"the floor": [2.0] * 5}, goal=1.5)], "met")
    found = json.loads((place / speed.NAME).read_text())["benchmarks"]
    assert len(found) == len(ALL) and found[0]["case"] == "a new name"
    place.rename(run.root / speed.STORED / place.name)
    measured(run, ALL[:1], "met")
    assert len(json.loads((place / speed.NAME).read_text())["benchmarks"]) == len(ALL)
    measured(run, ALL[:1])
    assert len(json.loads((place / speed.NAME).read_text())["benchmarks"]) == 1


def test_without_results_the_page_says_how_to_get_them(run):
    assert "`make bench`" in page(run)
    damaged = run.build / "bench" / "a-machine" / speed.NAME
    damaged.parent.mkdir(parents=True)
    for content in ("{", "[]", '{"machine": {}, "benchmarks": []}'):
        damaged.write_text(content)
        assert page(run).startswith("Nothing has been measured yet")


def test_new_numbers_make_the_book_anew(run):
    for folder in ("book", "liegg", "notebooks", "data"):
        (run.root / folder).mkdir(exist_ok=True)
    before = book._inputs(run)
    measured(run, ALL[:1])
    assert book._inputs(run) != before
