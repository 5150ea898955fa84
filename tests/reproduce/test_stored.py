"""Stored results: how old they are, what counts as moved, and what verify makes of them."""

import json
import math

import pytest

from liegg.reproduce import kept, keys, results, stored, table
from liegg.reproduce.project import Run, UserError, find_root

O5 = table.load()["11_o5_regression"]
KEY = keys.key(O5, O5.values("paper", {}), find_root())


def metric(*values):
    return results._summary("m", list(values))


def estimate(value, half, n=9):
    return {"value": value, "low": value - half, "high": value + half, "n": n}


@pytest.mark.parametrize(
    ("before", "after", "decided", "rerun"),
    [
        (metric(1.0, 2.0), metric(1.0, 2.0 + 1e-9), None, None),
        (metric(1.0, 2.0), metric(1.0, 2.1), True, False),
        (metric(1.0, 1.1, 0.9), metric(3.0, 3.1, 2.9), True, True),
        (metric(10, 10, 10), metric(10, 10, 9), True, False),  # 1 standard error: the networks differ
        (metric(10, 10), metric(9, 9), True, True),  # neither varies
        (metric(1), metric(0), True, True),  # a whole number has no chance
        (metric(0.5), metric(0.6), True, False),  # a single value has no standard error
        (metric(None), metric(0.6), True, False),
        (metric(None), metric(2), True, True),
        (metric(1.0, 2.0), metric(1.0, 2.0, 2.0), True, False),
        (estimate(0.9, 0.05), estimate(0.95, 0.05), True, False),
        (estimate(0.9, 0.01), estimate(0.95, 0.01), True, True),
        (metric(math.pi, 1.0), estimate(2.0, 0.1), True, False),
    ],
)
def test_what_moved_and_whether_it_counts(before, after, decided, rerun):
    for again, counts in ((False, decided), (True, rerun)):
        moved = stored.compare({"m": before}, {"m": after}, rerun=again)
        assert [m.counts for m in moved] == ([] if counts is None else [counts]), again
        assert all(str(m).startswith("m: ") and str(m).endswith("(!)") == m.counts for m in moved)


def test_numbers_that_come_or_go_count():
    moved = stored.compare({"old": metric(1.0)}, {"new": metric(2.0)}, rerun=True)
    assert [(m.name, m.before, m.after, m.counts) for m in moved] == [
        ("new", "none", "2", True),
        ("old", "1", "none", True),
    ]


def test_a_move_by_chance_is_told_in_standard_errors():
    """(2 - 1) / sqrt(2 × 0.1² / 3) = 12.2."""
    (moved,) = stored.compare({"m": metric(0.9, 1.0, 1.1)}, {"m": metric(1.9, 2.0, 2.1)}, rerun=True)
    assert moved.errors == pytest.approx(-12.247, abs=1e-3) and "by 12 standard errors" in str(moved)


def test_rows_that_moved(tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("seed,found,name\n0,3,so(3)\n1,3.5,\n")
    assert stored.compare_tables(one, one) == [] and stored.compare_tables(tmp_path / "no", tmp_path / "no") == []
    other.write_text("seed,found,name\n0,3,so(3)\n1,3.5000001,\n")
    assert stored.compare_tables(one, other) == []
    other.write_text("seed,found,name\n0,3,so(4)\n1,4,\n")
    (moved,) = stored.compare_tables(one, other)
    assert str(moved) == "2 of 2 rows, first: 0, 3, so(3) → 0, 3, so(4)  (!)"
    other.write_text("seed,found,name\n0,3,so(3)\n")
    (moved,) = stored.compare_tables(one, other)
    assert str(moved) == "1 of 2 rows, first: 1, 3.5,  → none  (!)"
    (moved,) = stored.compare_tables(tmp_path / "no", one)
    assert moved.before == "none" and moved.counts


@pytest.fixture
def run(tmp_path):
    """A project of one page, measured, drawn and stored."""
    for name in ("liegg", "notebooks"):
        (tmp_path / name).symlink_to(find_root() / name)
    run = Run("paper", root=tmp_path)
    place = run.stored(O5.name)
    write(place, {"a": metric(1.0, 2.0)})
    return run


def write(place, metrics, commit="abc", key=KEY, parameters=None):
    header = {"key": key["measure"], "finished": "2026", "commit": commit, "versions": {}, "machine": "", "seconds": 1}
    parameters = parameters or O5.values("paper", {})
    content = {"experiment": O5.name, "parameters": parameters, "metrics": metrics, "provenance": header}
    results.write_json(place, content)
    kept.write(place.with_suffix(".npz"), header, [])


@pytest.fixture
def drawn(run, monkeypatch):
    """Notebooks that say what they are told to say, without being run; returns the jobs that were asked for."""
    jobs, said = [], {"a": metric(1.0, 2.0)}

    def execute(asked):
        jobs.extend(asked)
        results.write_json(asked[0].run.result(O5.name), {"metrics": said})
        return []

    monkeypatch.setattr(stored, "execute", execute)
    return jobs, said


def verified(run, *, again=(), strict=False):
    aside = Run("paper", root=run.root, aside="verify")
    return stored.verify(aside, [O5], list(again), strict)


def test_what_stands(run, drawn, capsys):
    assert verified(run, strict=True)
    assert capsys.readouterr().out == f"{O5.name}: stored at commit abc; decided and drawn again, no number moved\n"
    (job,) = drawn[0]
    assert job.source == run.stored(O5.name).with_suffix(".npz")
    assert verified(run, again=[O5.name]) and drawn[0][1].source is None
    assert "measured again" in capsys.readouterr().out


def test_a_decision_that_says_something_else(run, drawn, capsys):
    drawn[1]["a"] = metric(1.0, 3.0)
    assert not verified(run)
    assert "1 numbers moved\n  a: 1, 2 → 1, 3  (!)" in capsys.readouterr().out
    assert verified(run, again=[O5.name])  # within three standard errors


def test_code_that_has_changed_since(run, drawn, capsys):
    older = {**KEY["measure"], "modules": {**KEY["measure"]["modules"], "liegg/studies/fit.py": "other"}}
    write(run.stored(O5.name), {"a": metric(1.0, 2.0)}, key={"measure": older})
    assert str(stored.age(run, O5)) == "stored at commit abc, code since changed: liegg/studies/fit.py"
    assert verified(run) and "not rerun since abc: liegg/studies/fit.py changed" in capsys.readouterr().out
    assert not verified(run, strict=True)
    assert verified(run, again=[O5.name], strict=True)


def test_parameters_of_a_profile_that_changed_draw_what_was_measured(run, drawn):
    used = {**O5.values("paper", {}), "networks": 5}
    older = {"measure": {**KEY["measure"], "parameters": used}}
    write(run.stored(O5.name), {"a": metric(1.0, 2.0)}, key=older, parameters=used)
    assert verified(run) and drawn[0][0].key["measure"]["parameters"]["networks"] == 5
    assert stored.age(run, O5).since == ["parameter networks: 5 → 16"]


def test_code_under_no_commit_is_no_release(run, drawn):
    write(run.stored(O5.name), {"a": metric(1.0, 2.0)}, commit="abc with local changes")
    assert verified(run) and not verified(run, strict=True)


def test_what_is_missing_gets_one_line(run, drawn):
    run.stored(O5.name).with_suffix(".npz").unlink()
    with pytest.raises(UserError, match=r"11_o5_regression\.npz is missing: make verify NOTEBOOK=11_o5_regression"):
        verified(run)
    run.stored(O5.name).unlink()
    assert stored.age(run, O5) is None
    with pytest.raises(UserError, match="nothing is stored at profile paper"):
        verified(run)


def test_only_what_is_up_to_date_is_stored(tmp_path, monkeypatch):
    run = Run("paper", root=tmp_path)
    with pytest.raises(UserError, match="not up to date, so it is not stored: it has not been run"):
        monkeypatch.setattr(stored, "key", lambda *_: KEY)
        stored.store(run, [O5])
    monkeypatch.setattr(stored, "plan", lambda *_: ("", ""))
    results.write_json(run.result(O5.name), {"n": 1})
    kept.write(run.measured(O5.name), {"n": 1}, [])
    run.stored(O5.name).parent.mkdir(parents=True)
    run.stored(O5.name).with_suffix(".csv").write_text("of an older run")
    assert stored.store(run, [O5]) == [O5.name]
    assert json.loads(run.stored(O5.name).read_text()) == {"n": 1}
    assert kept.header(run.stored(O5.name).with_suffix(".npz")) == {"n": 1}
    assert not run.stored(O5.name).with_suffix(".csv").exists()
