"""The main job from end to end, at the smoke profile, in a copy of the project."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys

import looked_at
import nbformat
import pytest

from liegg.reproduce import kept
from liegg.reproduce.book import errors
from liegg.reproduce.project import find_root

ROOT = find_root()
ALT = re.compile(r'<img[^>]*alt="([^"]*)"[^>]*src="\.\./_images')
NAMES = tuple(path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb")))


def reproduce(project, *words, **env):
    return subprocess.run(
        [sys.executable, "-m", "liegg.reproduce", *words],
        cwd=project,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project after `run --profile smoke`."""
    copy = tmp_path_factory.mktemp("copy") / "project"
    skip = shutil.ignore_patterns("_build", ".venv", ".git", "__pycache__", ".*_cache", "mnist", "tests")
    shutil.copytree(ROOT, copy, ignore=skip)
    done = reproduce(copy, "run", "--profile", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    (copy / "first.log").write_text(done.stdout)
    return copy


@pytest.fixture(scope="module")
def html(project):
    return project / "book" / "_build" / "html"


def result(project, name, run="smoke"):
    return json.loads((project / "book" / "_build" / run / "results" / f"{name}.json").read_text())


def told(project):
    """What all results say, and when it was measured."""
    results = {name: result(project, name) for name in NAMES}
    return {name: (r["metrics"], r["parameters"], r["provenance"]["finished"]) for name, r in results.items()}


def test_progress_tells_which_how_far_and_where_to_look(project):
    log = (project / "first.log").read_text()
    for name in NAMES:
        assert re.search(rf"{name}: runs, because it has not been run", log)
        assert re.search(rf"{name}: started, takes about \d+:\d\d", log)
        assert re.search(rf"{name}: done after \d+:\d\d", log)
    assert re.search(r"the book is built: open .*html/index.html", log)


def test_every_notebook_leaves_its_result_and_executed_copy(project):
    build = project / "book" / "_build" / "smoke"
    for name in NAMES:
        r = result(project, name)
        assert r["metrics"] and r["parameters"] and r["provenance"]["profile"] == "smoke"
        assert kept.header(build / "measured" / f"{name}.npz")["finished"] == r["provenance"]["finished"]
        executed = nbformat.read(build / "executed" / f"{name}.ipynb", as_version=4)
        code = [c for c in executed.cells if c.cell_type == "code"]
        assert all(c.execution_count for c in code)
        assert not [o for c in code for o in c.outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert list((build / "running").iterdir()) == []


def test_what_holds_at_any_size(project):
    metrics = result(project, "11_o5_regression")["metrics"]
    assert metrics["known_dimension_error"]["values"] == [0] * 11
    assert metrics["known_relative_variance"]["max"] < 1e-24 and metrics["known_angle"]["max"] < 1e-9


def test_every_picture_is_described(html):
    alts = [alt for page in (html / "notebooks").glob("*.html") for alt in ALT.findall(page.read_text())]
    assert len(alts) > len(NAMES) and all(len(alt) > 20 and ".svg" not in alt for alt in alts)


def test_the_book_is_whole(project, html):
    assert errors(html) == []
    index = (html / "index.html").read_text()
    for name in NAMES:
        page = (html / "notebooks" / f"{name}.html").read_text()
        assert f"notebooks/{name}.html" in index
        assert page.count("<figure") >= 3 and page.count("<figcaption") == page.count("<figure")
        text = re.sub(r"<[^>]+>", "", page)
        assert "How this page was made" in text and f"NOTEBOOK={name}" in text and "seed" in text
        verdict = re.search(r"sd-badge[^>]*>\s*(not tested|undecided|reproduced|confirmed|holds)", page)
        assert verdict and page.index("<figure") < page.index(verdict[0]) < page.rindex("<figure")
    assert "not tested" in index and "up to date" in (html / "making.html").read_text()


@pytest.mark.parametrize(
    ("name", "networks"),
    [("13_data_size", 6), ("14_width_depth", 18), ("15_architectures", 27), ("16_layers_and_training", 72)],
)
def test_sweeps_offer_their_table(project, html, name, networks):
    rows = (project / "book" / "_build" / "smoke" / "results" / f"{name}.csv").read_text().splitlines()
    assert len(rows) == networks + 1 and "seed" in rows[0].split(",")
    (offered,) = (html / "_downloads").rglob(f"{name}.csv")
    assert offered.read_text().splitlines() == rows
    assert f"{offered.parent.name}/{name}.csv" in (html / "notebooks" / f"{name}.html").read_text()


def test_the_book_needs_nothing_from_outside(html):
    outside = re.compile(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="(?:https?:)?//[^"]+"')
    pages = [page.read_text() for page in html.rglob("*.html")]
    assert {m[0] for page in pages for m in outside.finditer(page)} == set()
    assert not any("unpkg.com" in page for page in pages)


@looked_at.needs_chromium
def test_every_page_is_fit_for_a_phone_and_for_a_screen_reader(html):
    assert looked_at.complaints(html) == {}


@looked_at.needs_chromium
def test_the_book_is_printed_as_one_pdf(project, html):
    done = reproduce(project, "pdf", "--profile", "smoke")
    assert done.returncode == 0 and "the book is up to date" in done.stdout, done.stdout + done.stderr
    assert len(re.findall(rb"/Type /Page\b", (html / "liegg.pdf").read_bytes())) > 2 * len(NAMES)


def test_the_scan_sees_an_error(html, tmp_path):
    page = (html / "making.html").read_text()
    shown = '<div class="output traceback highlight-ipythontb"><pre>ValueError</pre></div></article>'
    (tmp_path / "bad.html").write_text(page.replace("</article>", shown))
    assert errors(tmp_path) == ["bad.html"]


def test_nothing_changed_nothing_runs(project):
    again = reproduce(project, "run", "--profile", "smoke")
    assert again.returncode == 0
    assert again.stdout.count("up to date") == len(NAMES) + 1 and "running" not in again.stdout
    part = reproduce(project, "run", "--profile", "smoke", "--part", "II")
    assert [line.split(":")[0] for line in part.stdout.splitlines()[:-1]] == [n for n in NAMES if n.startswith("2")]
    listed = reproduce(project, "list", "--profile", "smoke").stdout
    assert listed.count("at profile smoke: up to date") == len(NAMES)


LAYERS = ["31_toy", "32_mixed_groups", "33_images"]
WORLDS = ["41_grid_worlds", "42_rotations"]
NO_FACTORS = {
    "liegg/algebra/bases.py": ["22_symmetry_breaking", *LAYERS, *WORLDS],
    "liegg/symmetry/rules.py": [
        "18_depth_parameters", "21_correlators", "22_symmetry_breaking", *LAYERS, *WORLDS, "55_beyond_one_machine",
    ],
}  # fmt: skip
"""Pages that look at accuracies, correlators, layers, ranks, times, or the authors' own measures, and need none."""


COSTS = {
    "liegg/algebra/bases.py": "measure liegg/algebra/bases.py changed",
    "liegg/symmetry/rules.py": "draw liegg/symmetry/rules.py changed",
    "liegg/plots/style.py": "draw liegg/plots/style.py changed",
    "liegg/reproduce/pages.py": "up to date",
}
OTHER_STEP = {
    "liegg/algebra/bases.py": dict.fromkeys(
        ("34_layers_through_the_lens", "43_sequence_labelling"), "draw liegg/algebra/bases.py changed"
    ),
    "liegg/symmetry/rules.py": dict.fromkeys(
        ("54_published", "57_use", "58_your_model"), "measure liegg/symmetry/rules.py changed"
    ),
}
"""Pages that compare with an algebra and measure without one, and those that decide while they measure."""
EDITS = ("added = 1\n", "# a comment\n")
PLAN = """
import json, pathlib, sys
from liegg.reproduce import keys, table
from liegg.reproduce.project import Run
run, plans = Run("smoke"), []
for file, edit in json.loads(sys.argv[1]):
    path = pathlib.Path(file)
    before = path.read_text(encoding="utf-8")
    path.write_text(before + edit, encoding="utf-8")
    try:
        every = table.load().values()
        found = {e.name: keys.plan(run, e, keys.key(e, e.values("smoke", {}), run.root)) for e in every}
    finally:
        path.write_text(before, encoding="utf-8")
    plans.append({name: " ".join(plan).strip() or "up to date" for name, plan in found.items()})
print(json.dumps(plans))
"""


def test_a_changed_module_costs_what_depends_on_it(project):
    """All edits in one process, which knows the modules that did not change."""
    asked = [(file, edit) for file in COSTS for edit in EDITS]
    command = [sys.executable, "-c", PLAN, json.dumps(asked)]
    plans = json.loads(subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout)
    for (file, edit), plan in zip(asked, plans, strict=True):
        free = NAMES if edit == EDITS[1] else NO_FACTORS.get(file, ())
        costs = dict.fromkeys(NAMES, COSTS[file]) | OTHER_STEP.get(file, {}) | dict.fromkeys(free, "up to date")
        assert plan == costs, (file, edit)


def test_a_comma_runs_nothing_and_another_figure_measures_nothing(project, html):
    """The pages as they were are made again by the next run of all."""
    prose, figure = "15_architectures", "52_equivariance"
    made = told(project)
    changes = {
        prose: ("Do all become so?", "Do all, then, become so?"),
        figure: ("plots.portrait(found)", "shown = plots.portrait(found)\\nshown"),
    }
    kept_as = {name: (project / "notebooks" / f"{name}.ipynb").read_text() for name in changes}
    for name, (old, new) in changes.items():
        (project / "notebooks" / f"{name}.ipynb").write_text(kept_as[name].replace(old, new))
    again = reproduce(project, "run", "--profile", "smoke")
    for name, text in kept_as.items():
        (project / "notebooks" / f"{name}.ipynb").write_text(text)
    assert f"{prose}: is written again, because its text changed" in again.stdout
    assert f"{figure}: is drawn again, because the drawing cells changed" in again.stdout
    assert again.stdout.count("started") == 1 and f"{prose}: started" not in again.stdout
    page = (html / "notebooks" / f"{prose}.html").read_text()
    assert changes[prose][1] in page and page.count("<figure") >= 3
    executed = nbformat.read(project / "book" / "_build" / "smoke" / "executed" / f"{prose}.ipynb", as_version=4)
    code = [c for c in executed.cells if c.cell_type == "code"]
    assert all(c.execution_count for c in code) and any("injected-parameters" in c.metadata.tags for c in code)
    assert told(project) == made


def test_what_is_stored_is_verified(project):
    """As it was stored; then with a number that nobody measured, and code that has changed since."""
    name, smoke = "11_o5_regression", ["--profile", "smoke"]
    aside = (project / "data" / "reference").rename(project / "data" / "aside")
    assert reproduce(project, "verify", *smoke).stderr == (
        "liegg: nothing is stored at profile smoke: make reproduce, then make store\n"
    )
    done = reproduce(project, "store", *smoke, "--notebook", name)
    assert done.returncode == 0, done.stderr
    good = reproduce(project, "verify", *smoke)
    assert good.returncode == 0 and "decided and drawn again, no number moved" in good.stdout, good.stdout + good.stderr
    place = project / "data" / "reference" / "smoke" / f"{name}.json"
    forged, code = json.loads(place.read_text()), project / "liegg" / "studies" / "fit.py"
    forged["metrics"]["dimension"]["values"][0] = 10
    place.write_text(json.dumps(forged))
    before = code.read_text()
    code.write_text(before + "added = 1\n")
    bad = reproduce(project, "verify", *smoke)
    code.write_text(before)
    assert bad.returncode == 1 and re.search(r"dimension: 10, \d+ → \d+, \d+.*\(!\)", bad.stdout), bad.stdout
    assert "not rerun since" in bad.stdout and "liegg/studies/fit.py changed" in bad.stdout
    shutil.rmtree(project / "data" / "reference")
    aside.rename(project / "data" / "reference")  # some pages show what is stored


def test_own_parameters_make_a_result_and_a_book_of_their_own(project):
    kept = result(project, "11_o5_regression")
    own = reproduce(
        project, "run", "--profile", "smoke", "--notebook", "11_o5_regression", "--params", "seed=5 networks=1 epochs=0"
    )
    assert own.returncode == 0, own.stdout + own.stderr
    name = "smoke+epochs=0,networks=1,seed=5"
    parameters = result(project, "11_o5_regression", name)["parameters"]
    assert (parameters["seed"], parameters["networks"], parameters["epochs"]) == (5, 1, 0)
    assert result(project, "11_o5_regression") == kept
    page = project / "book" / "_build" / name / "html" / "notebooks" / "12_rotated_digits.html"
    assert "not been run" in page.read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--profile", "fast"], "unknown profile 'fast'"),
        (["--notebook", "07_none"], "unknown notebook '07_none'"),
        (["--notebook", "01_o5_regression"], "it is called 11_o5_regression now (NOTEBOOK=11_o5_regression)"),
        (["--notebook", "11_o5_regression", "--params", "width=3"], "no parameter width"),
        (["--notebook", "12_rotated_digits", "--params", "dataset=svhn"], "must be one of digits, mnist"),
        (["--params", "seed=3"], "needs NOTEBOOK"),
        (["--part", "II", "--params", "seed=3"], "needs NOTEBOOK"),
        (["--part", "2"], "unknown part '2': there are I, II, III, IV, V"),
        (["--part", "II", "--notebook", "21_correlators"], "NOTEBOOK (--notebook) or PART (--part), not both"),
        (["--notebook", "11_o5_regression", "--params", "seed"], "name=value"),
    ],
)
def test_bad_input_is_one_line_and_runs_nothing(project, words, message):
    refused = reproduce(project, "run", *words)
    assert refused.returncode == 2 and message in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1 and "running" not in refused.stdout


def test_two_runs_at_once_do_not_mix(project):
    with (project / "book" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = reproduce(project, "run", "--profile", "smoke")
    assert refused.returncode == 2 and "another run is at work" in refused.stderr


def test_a_notebook_that_fails_harms_no_other(project):
    """Rotated MNIST without its files and without a network to fetch them from; the other notebook is up to date."""
    kept = told(project)
    table = project / "notebooks" / "experiments.yml"
    before = table.read_text()
    table.write_text(
        before.replace("{networks: 3, untrained_networks: 3,", "{dataset: mnist, networks: 3, untrained_networks: 3,")
    )
    (project / "none").mkdir()
    nowhere = {"LIEGG_DATA": str(project / "none"), "HTTPS_PROXY": "http://127.0.0.1:9"}
    try:
        failed = reproduce(project, "run", "--profile", "smoke", **nowhere)
    finally:
        table.write_text(before)
    assert failed.returncode == 1 and "12_rotated_digits failed" in failed.stderr
    assert "FileNotFoundError: t10k-images-idx3-ubyte.gz is neither in" in failed.stdout
    traceback = project / "book" / "_build" / "smoke" / "executed" / "12_rotated_digits.failed.ipynb"
    shown = [o for c in nbformat.read(traceback, as_version=4).cells for o in c.get("outputs", [])]
    assert [o.ename for o in shown if o.output_type == "error"] == ["FileNotFoundError"]
    assert told(project) == kept
    assert list((project / "book" / "_build" / "smoke" / "running").iterdir()) == []
    making = (project / "book" / "_build" / "html" / "making.html").read_text()
    assert "out of date" in making
