"""The stored run beside a quick one: what is doubled, what is not, and what a page says of a stored run it lacks."""

import re
import shutil

import mini
import pytest

from liegg.reproduce import executed, results, side_by_side, table
from liegg.reproduce.project import Run

NAME = mini.NAMES[0]
ONE = ("--notebook", NAME)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project after a quick run of one page of which there is a stored run, and what the run said."""
    project = mini.make(tmp_path_factory.mktemp("beside") / "p")
    done = mini.reproduce(project, "run", "--profile", "paper", *ONE)
    assert done.returncode == 0, done.stdout + done.stderr
    paper = Run("paper", root=project)
    place = paper.stored(NAME)
    place.parent.mkdir(parents=True)
    for file in (paper.result(NAME), paper.measured(NAME), paper.table(NAME)):
        shutil.copy(file, place.with_suffix(file.suffix))
    done = mini.reproduce(project, "run", "--profile", "quick", *ONE)
    assert done.returncode == 0, done.stdout + done.stderr
    return project, done.stdout


@pytest.fixture
def page(made):
    """What puts the stored run into the page of a run: the page's cells, after the stored run was spoilt."""
    run, stored = (Run(profile, root=made[0]) for profile in ("quick", "paper"))
    experiment = table.load(made[0])[NAME]
    kept = {p: p.read_bytes() for p in (*stored.stored("").parent.glob("*"), side_by_side.of_stored(run).result(NAME))}

    def put(of=run, spoil=lambda _: None):
        spoil(stored.stored(NAME))
        notebook = executed.read(run.executed(NAME))
        side_by_side.put(of, experiment, results.read_json(run.result(NAME)), notebook)
        return notebook.cells

    yield put
    for path, content in kept.items():
        path.write_bytes(content)


def test_what_differs_is_shown_of_both_runs_and_each_says_whose_it_is(made, page):
    assert re.search("drawing 1 stored results?, ", made[1])
    cells = page()
    assert cells[1].source.startswith('<fieldset class="whose-run" hidden>') and "`cases` 4 → 3" in cells[1].source
    (own,) = [i for i, cell in enumerate(cells) if "this-run" in cell.metadata.get("tags", [])]
    words = [cells[i].outputs[0].data["text/html"] for i in (own, own + 1)]
    assert "This run, profile quick (cases 4)" in words[0] and "Stored run, profile paper (cases 3)" in words[1]
    assert cells[own + 1].metadata["tags"] == ["remove-input", "stored-run"]
    shown = ["".join(cells[i].outputs[1]["text"]).count(",") + 1 for i in (own, own + 1)]
    assert shown == [4, 3]
    html = (made[0] / "book" / "_build" / "html" / "notebooks" / f"{NAME}.html").read_text()
    assert html.count("<fieldset") == 1 and html.index("This run, profile") < html.index("Stored run, profile")


def test_nothing_is_drawn_twice(made):
    run, experiments = Run("quick", root=made[0]), table.load(made[0])
    drawn = side_by_side.of_stored(run).executed(NAME)
    before = drawn.stat().st_mtime_ns
    side_by_side.draw(run, experiments)
    assert drawn.stat().st_mtime_ns == before


def test_other_runs_show_themselves_alone(made, page):
    count = len(executed.read(Run("quick", root=made[0]).executed(NAME)).cells)
    for run in (Run("smoke", root=made[0]), Run("paper", root=made[0]), Run("quick", (("seed", 1),), root=made[0])):
        assert len(page(run)) == count


def forged(place):
    results.write_json(place, results.read_json(place) | {"metrics": {"drawn": {"values": [9.0, 9.0, 9.0]}}})


def of_other_parameters(place):
    content = results.read_json(place)
    results.write_json(place, content | {"parameters": content["parameters"] | {"word": "b"}})


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda place: place.with_suffix(".npz").unlink(), "is missing or broken"),
        (forged, "decides otherwise"),
        (of_other_parameters, "cannot draw it"),
    ],
)
def test_a_stored_run_that_does_not_fit_is_a_line_on_the_page(page, spoil, line):
    cells = page(spoil=spoil)
    assert (
        cells[1].source.startswith(":::{note}\nNot shown beside this run is the stored run") and line in cells[1].source
    )
    assert not [cell for cell in cells if "stored-run" in cell.metadata.get("tags", [])]


def test_what_is_the_same_stands_once(made, page):
    run = Run("quick", root=made[0])
    shutil.copy(side_by_side.of_stored(run).executed(NAME), run.executed(NAME))
    cells = page()
    assert cells[1].source.startswith("Figures and tables are the same in the stored run")
    assert not [cell for cell in cells if "stored-run" in cell.metadata.get("tags", [])]
