"""The stored run beside a quick one: what is doubled, what is not, and what a page says of a stored run it lacks."""

import re
import shutil

import mini
import nbformat
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


LACKING = "no-such-package"
SKIPPING = mini.MEASURING.replace("return {", 'return {"needs": word} if word == "b" else {')
SAYING = """from IPython.display import Markdown

from liegg.reproduce.results import record

told = [m for m in measured if "needs" not in m]
drawn = [float(m["drawn"].sum()) for m in told] or None
Markdown(f"In this run: {drawn}")"""


@pytest.fixture(scope="module")
def skipped(tmp_path_factory):
    """A project with a page that needs a package, its stored run made with it, and a run that measured nothing."""
    project = mini.make(tmp_path_factory.mktemp("skipped") / "p")
    recording = 'record("NAME", globals(), {"drawn": drawn}, [{"i": m["i"]} for m in told])'.replace("NAME", NAME)
    notebook = mini.notebook(NAME, measuring=SKIPPING, saying=SAYING)
    notebook.cells[-1].source = recording
    nbformat.write(notebook, project / "notebooks" / f"{NAME}.ipynb")
    rows = project / "notebooks" / "experiments.yml"
    rows.write_text(
        rows.read_text().replace("  regenerates: nothing\n", f"  regenerates: nothing\n  packages: [{LACKING}]\n", 1)
    )
    assert mini.reproduce(project, "run", "--profile", "paper", *ONE).returncode == 0
    paper = Run("paper", root=project)
    refused = mini.reproduce(project, "store", "--profile", "paper", *ONE)
    assert refused.returncode and f"was measured without {LACKING}, so it is not stored: make others" in refused.stderr
    paper.stored(NAME).parent.mkdir(parents=True)
    for file in (paper.result(NAME), paper.measured(NAME), paper.table(NAME)):
        shutil.copy(file, paper.stored(NAME).with_suffix(file.suffix))
    again = mini.reproduce(project, "verify", "--profile", "paper", *ONE)
    assert again.returncode and f"cannot be measured anew without {LACKING}: make others" in again.stdout
    done = mini.reproduce(project, "run", "--profile", "smoke", "--params", "word=b", *ONE)
    assert done.returncode == 0 and "drawing 1 stored results" in done.stdout, done.stdout + done.stderr
    return Run("smoke", (("word", "b"),), root=project)


def in_its_place(run):
    """The page of a run, with what is shown in its place."""
    notebook = executed.read(run.executed(NAME))
    side_by_side.instead(run, table.load(run.root)[NAME], results.read_json(run.result(NAME)), notebook)
    return notebook.cells


def test_where_nothing_could_be_measured_the_stored_run_stands_in_its_place(skipped):
    assert results.read_json(skipped.result(NAME))["metrics"] == {"drawn": {"values": [None]}}
    cells = in_its_place(skipped)
    assert cells[1].source.startswith(f":::{{note}}\nNothing was measured in this run, for want of `{LACKING}`")
    assert "are those of the stored run, profile `paper`" in cells[1].source
    shown = "".join(str(output.get("data", "")) for cell in cells for output in cell.get("outputs", []))
    assert "In the stored run: [" in shown and "None" not in shown
    page = (skipped.html / "notebooks" / f"{NAME}.html").read_text()
    assert "In the stored run: [" in page and "Nothing was measured in this run" in page


def test_a_stored_run_that_cannot_stand_there_leaves_no_figure_behind(skipped):
    stored = Run("paper", root=skipped.root).stored(NAME).with_suffix(".npz")
    kept = stored.read_bytes()
    stored.unlink()
    cells = in_its_place(skipped)
    stored.write_bytes(kept)
    assert len(cells) == 2 and "cannot be shown in its place" in cells[1].source
    assert "is missing or broken" in cells[1].source


def test_a_run_with_numbers_is_left_alone(made):
    run = Run("quick", root=made[0])
    assert in_its_place(run) == executed.read(run.executed(NAME)).cells
