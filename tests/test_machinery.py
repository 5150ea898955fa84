"""Parameters, content keys, results, claims and verdicts: everything around a run that needs no run."""

import json
import math
import shutil

import pytest
import torch

from liegg.reproduce import claims, keys, results, table
from liegg.reproduce.project import ROOT, Run, UserError

EXPERIMENTS = table.load()
O5 = EXPERIMENTS["01_o5_regression"]


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("profile", table.PROFILES)
def test_every_profile_of_every_notebook_is_valid(name, profile):
    experiment = EXPERIMENTS[name]
    values = experiment.values(profile, {})
    assert set(values) == set(experiment.parameters()) and set(experiment.profiles) == set(experiment.seconds)
    assert set(experiment.allowed) <= set(values)
    assert all(p.help and p.type in table.TYPES for p in experiment.parameters().values())


def test_the_authors_settings():
    values = O5.values("paper", {})
    assert values == O5.values("quick", {})
    assert values["epochs"] == 900000 // values["samples"] and values["learning_rate"] == 3e-3
    assert EXPERIMENTS["02_rotated_digits"].values("paper", {})["epochs"] == 200


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("", {}),
        ("seed=3 hidden_width=64", {"seed": 3, "hidden_width": 64}),
        ("lr=1e-3 name=mnist on=true off=False", {"lr": 1e-3, "name": "mnist", "on": True, "off": False}),
        ("widths='[8, 16]' title='two words'", {"widths": [8, 16], "title": "two words"}),
        (
            "tasks=['none: steep', 'so(3)'] a=[CNN, ViT] b=[]",
            {"tasks": ["none: steep", "so(3)"], "a": ["CNN", "ViT"], "b": []},
        ),
    ],
)
def test_parameters_as_they_are_typed(words, values):
    assert table.parse(words) == values


@pytest.mark.parametrize("words", ["seed", "seed=", "=3", "seed = 3", "seed='3", "widths=[8, 16", "a=1 b"])
def test_parameters_that_cannot_be_read(words):
    with pytest.raises(UserError, match="cannot read"):
        table.parse(words)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"width": 3}, "no parameter width: it has seed"),
        ({"seed": "3"}, "seed must be int, not str"),
        ({"seed": True}, "seed must be int, not bool"),
        ({"seed": 1.5}, "seed must be int, not float"),
        ({"learning_rate": "fast"}, "learning_rate must be float"),
        ({"learning_rate": math.inf}, "learning_rate must be finite"),
        ({"seed": 10**20}, "seed must be from 0 to 1000000"),
        ({"networks": 0}, "networks must be from 1 to 64, not 0"),
    ],
)
def test_parameters_that_are_wrong(overrides, words):
    with pytest.raises(UserError, match=words):
        O5.values("quick", overrides)


def test_choices_and_whole_numbers_for_floats():
    with pytest.raises(UserError, match="dataset must be one of digits, mnist, not 'svhn'"):
        EXPERIMENTS["02_rotated_digits"].values("quick", {"dataset": "svhn"})
    assert O5.values("quick", {"weight_decay": 0})["weight_decay"] == 0.0


@pytest.mark.parametrize(
    ("name", "overrides", "words"),
    [
        ("03_data_size", {"sizes": 600}, "sizes must be a list, not 600"),
        ("03_data_size", {"sizes": [600]}, "sizes must have at least 2 entries, all different"),
        ("03_data_size", {"sizes": [600, 600]}, "all different"),
        ("03_data_size", {"sizes": [300, 1200]}, "sizes, each entry of it, must be from 520 to inf, not 300"),
        ("04_width_depth", {"widths": []}, "widths must have at least 1 entries"),
        ("04_width_depth", {"widths": [1.5]}, "widths, each entry of it, must be int, not float"),
        ("05_architectures", {"architectures": ["RNN"]}, "must be one of MLP, Swish, .*, not 'RNN'"),
        ("07_discovery_methods", {"tasks": ["images, so(2)"]}, "must be one of so"),
    ],
)
def test_lists_are_checked_entry_by_entry(name, overrides, words):
    with pytest.raises(UserError, match=words):
        EXPERIMENTS[name].values("quick", overrides)
    assert EXPERIMENTS["08_symmetry_zoo"].values("quick", {"noises": [0, 1]})["noises"] == [0.0, 1.0]


def test_unknown_profile_and_notebook():
    with pytest.raises(UserError, match="unknown profile 'fast': there are smoke, quick, paper"):
        table.select(EXPERIMENTS, "", "fast")
    with pytest.raises(UserError, match="unknown notebook '09_none'"):
        table.select(EXPERIMENTS, "09_none", "quick")
    chosen = table.select(EXPERIMENTS, "notebooks/01_o5_regression.ipynb", "quick")
    assert [e.name for e in chosen] == ["01_o5_regression"]


def test_own_parameters_are_kept_apart():
    own = Run("quick", (("hidden_width", 64), ("seed", 3)))
    assert own.folder != Run("quick").folder and own.html != Run("quick").html
    assert own.command("01_o5_regression") == (
        'make reproduce PROFILE=quick NOTEBOOK=01_o5_regression PARAMS="hidden_width=64 seed=3"'
    )
    lists = Run("quick", (("tasks", ["none: steep"]), ("widths", [8, 16])))
    command = lists.command("07_discovery_methods")
    assert command.endswith("""PARAMS="tasks=['none: steep'] widths=[8, 16]\"""")
    assert table.parse(command.split('PARAMS="')[1][:-1]) == dict(lists.overrides)
    assert Run("quick", (("path", "../../x y"),)).folder.parent == Run("quick").build


# content keys


@pytest.fixture
def project(tmp_path):
    """A small project: a package of four modules, one of them a folder, with a lazy name."""
    package = tmp_path / "liegg"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").write_text('_NAMES = {"find": "b"}\n')
    (package / "a.py").write_text("import numpy\n")
    (package / "b.py").write_text("from liegg import a\n")
    (package / "c.py").write_text("x = 1\n")
    (package / "deep" / "__init__.py").write_text("")
    (package / "deep" / "d.py").write_text("from liegg.c import x\n")
    return tmp_path


@pytest.mark.parametrize(
    ("code", "reached"),
    [
        ("import torch", set()),
        ("from liegg import c", {"__init__", "c"}),
        ("from liegg import find", {"__init__", "b", "a"}),
        ("import liegg\nliegg.find(1)", {"__init__", "b", "a"}),
        ("import liegg.deep.d", {"__init__", "deep/__init__", "deep/d", "c"}),
        ("from liegg.deep import d as e", {"__init__", "deep/__init__", "deep/d", "c"}),
    ],
)
def test_modules_that_code_reaches(project, code, reached):
    found = {str(p.relative_to(project / "liegg").with_suffix("")) for p in keys.modules(code, project)}
    assert found == reached


def test_a_notebook_depends_on_what_it_uses_and_no_more():
    reached = set(keys.key(O5, O5.values("quick", {}), ROOT)["modules"])
    assert {"liegg/symmetry.py", "liegg/polarization.py", "liegg/ensemble.py", "liegg/plots/studies.py"} <= reached
    assert "liegg/reproduce/book.py" not in reached and "liegg/reproduce/runner.py" not in reached


def test_the_reason_to_run_again(tmp_path):
    run = Run("quick", root=tmp_path)
    now = {"parameters": {"seed": 0}, "notebook": "n", "modules": {"liegg/a.py": "1"}, "versions": {"torch": "2"}}
    assert keys.stale(run, O5, now) == "it has not been run"
    results.write_json(run.result(O5.name), {"provenance": {"key": now}})
    run.executed(O5.name).parent.mkdir(parents=True)
    run.executed(O5.name).write_text("")
    assert keys.stale(run, O5, now) == ""
    for part, value, reason in (
        ("parameters", {"seed": 1}, "parameter seed: 0 → 1"),
        ("notebook", "m", "the notebook changed"),
        ("modules", {"liegg/a.py": "2"}, "liegg/a.py changed"),
        ("versions", {"torch": "3"}, "torch: 2 → 3"),
    ):
        assert keys.stale(run, O5, {**now, part: value}) == reason


# results and claims


def test_a_result_holds_values_spread_parameters_and_origin(tmp_path, monkeypatch):
    monkeypatch.setenv("LIEGG_RESULT", str(tmp_path / "r.json"))
    scope = O5.values("smoke", {}) | {"unrelated": object()}
    measured = {"a": torch.tensor([1.0, 3.0]), "b": 2, "c": [None, 0.5], "d": [math.nan], "e": [torch.tensor(4)]}
    results.record(O5.name, scope, measured)
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["parameters"] == O5.values("smoke", {})
    assert result["metrics"]["a"] == {"values": [1, 3], "mean": 2, "min": 1, "max": 3, "sd": pytest.approx(2**0.5)}
    assert result["metrics"]["b"] == {"values": [2], "mean": 2, "min": 2, "max": 2}
    assert result["metrics"]["c"]["values"] == [None, 0.5] and result["metrics"]["d"] == {"values": [None]}
    assert {"finished", "commit", "versions", "machine"} <= set(result["provenance"])
    with pytest.raises(ValueError, match="metric a is not finite"):
        results.record(O5.name, scope, {"a": math.inf})


def test_a_table_stands_beside_its_result(tmp_path, monkeypatch):
    monkeypatch.setenv("LIEGG_RESULT", str(tmp_path / "r.json"))
    rows = [{"seed": 0, "angle": 1 / 3}, {"seed": 1, "angle": math.nan, "name": "so(3), twice"}]
    results.record(O5.name, O5.values("smoke", {}), {}, rows)
    assert (tmp_path / "r.csv").read_text() == 'seed,angle,name\n0,0.333333,\n1,,"so(3), twice"\n'


def test_a_stopped_sweep_goes_on_where_it_was(tmp_path, monkeypatch):
    cases = [{"n": n} for n in (1, 2, 3)]
    measured = []

    def measure(case, last=3):
        if case["n"] > last:
            raise KeyboardInterrupt
        measured.append(case["n"])
        return [{"seed": s, "value": case["n"] + s} for s in (0, 1)]

    wanted = [{"n": n, "seed": s, "value": n + s} for n in (1, 2, 3) for s in (0, 1)]
    assert results.sweep(cases, measure) == wanted and list(tmp_path.iterdir()) == []
    monkeypatch.setenv("LIEGG_RESULT", str(tmp_path / "r.json"))
    monkeypatch.setenv("LIEGG_KEY", "one")
    measured.clear()
    with pytest.raises(KeyboardInterrupt):
        results.sweep(cases, lambda case: measure(case, last=2))
    with (tmp_path / "r.rows").open("a") as file:
        file.write('["{\\"n\\": 3}", [{"se')  # a line that was not written to its end
    assert results.sweep(cases, measure) == wanted and measured == [1, 2, 3]
    assert results.sweep(cases, measure) == wanted and measured == [1, 2, 3]
    monkeypatch.setenv("LIEGG_KEY", "two")
    assert results.sweep(cases, measure) == wanted and measured == [1, 2, 3, 1, 2, 3]


def claim(**changes):
    fields = {"id": "c", "experiment": "e", "source": "s", "statement": "t", "metric": "m", "paper": "1", "reason": "r"}
    return claims.Claim(**{**fields, "accept": (1.0, 2.0), "when": {"n": [5, 7]}, **changes})


def result_of(values, n=5):
    return {"parameters": {"n": n}, "metrics": {"m": results._summary("m", values)}}


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (None, "not tested"),
        (result_of([1.5], n=6), "not tested"),
        (result_of([1.5], n=7), "reproduced"),
        ({"parameters": {"n": 5}, "metrics": {}}, "not tested"),
        (result_of([1.0, 1.5, 2.0]), "reproduced"),
        (result_of([1.0, 2.5]), "partly"),
        (result_of([1.0, None]), "partly"),
        (result_of([0.5, 2.5]), "not reproduced"),
        (result_of([None]), "not reproduced"),
        (result_of([]), "not tested"),
    ],
)
def test_verdicts(result, word):
    verdict = claims.judge(claim(), result)
    assert verdict.word == word and verdict.why


def test_values_with_their_spread():
    assert results.spread([240.0, 320.0, 305.0]) == "288 ± 43"
    assert results.spread([0.0052, 0.0061]) == "0.00565 ± 0.00064"
    assert results.spread([10, 10]) == "10" and results.spread([None]) == "none"


def test_every_claim_is_about_something_that_is_measured():
    listed = claims.load()
    assert len({c.id for c in listed}) == len(listed)
    for c in listed:
        source = EXPERIMENTS[c.experiment].path.read_text()
        stem = c.metric.removesuffix("_untrained").removesuffix("_upright")
        assert f'\\"{stem}\\"' in source or f'\\"{c.metric}\\"' in source, f"{c.id}: no metric {c.metric}"
        assert set(c.when) <= set(EXPERIMENTS[c.experiment].parameters()), c.id
        assert c.accept[0] <= c.accept[1] and c.reason and c.paper


def test_stored_reference_results_are_whole():
    stored = sorted((ROOT / "data" / "reference").rglob("*.json"))
    assert stored
    for path in stored:
        result = json.loads(path.read_text())
        assert result["experiment"] == path.stem and path.parent.name == result["provenance"]["profile"]
        assert result["parameters"] == EXPERIMENTS[path.stem].values(path.parent.name, {})


def test_results_are_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "r.json"
    results.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        results.write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}
    shutil.rmtree(tmp_path)
