"""verify: what counts as moved, and what it makes of stored results, good and bad."""

import math
import re

import pytest

from liegg.reproduce import kept, keys, results, stored, table, verify
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run, find_root

O5 = table.load()["11_o5_regression"]
KEY = keys.key(O5, O5.values("paper", {}), find_root())


def metric(*values):
    return results._summary("m", list(values))


def estimate(value, half, n=9, **more):
    return {"value": value, "low": value - half, "high": value + half, "n": n} | more


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
        (estimate(0.9, 0.01, p=0.01), estimate(0.9, 0.01, p=0.9), True, False),
        (estimate(0.9, 0.01, n=9), estimate(0.9, 0.01, n=99), True, False),
        (metric(math.pi, 1.0), estimate(2.0, 0.1), True, False),
    ],
)
def test_what_moved_and_whether_it_counts(before, after, decided, rerun):
    for again, counts in ((False, decided), (True, rerun)):
        moved = verify.compare({"m": before}, {"m": after}, rerun=again)
        assert [m.counts for m in moved] == ([] if counts is None else [counts]), again
        assert all(str(m).startswith("m: ") for m in moved)


def test_numbers_that_come_or_go_count():
    moved = verify.compare({"old": metric(1.0)}, {"new": metric(2.0)}, rerun=True)
    assert [(m.name, m.before, m.after, m.counts) for m in moved] == [
        ("new", "none", "2", True),
        ("old", "1", "none", True),
    ]


def test_a_move_by_chance_is_told_in_standard_errors():
    """(2 - 1) / sqrt(2 × 0.1² / 3) = 12.2."""
    (moved,) = verify.compare({"m": metric(0.9, 1.0, 1.1)}, {"m": metric(1.9, 2.0, 2.1)}, rerun=True)
    assert moved.errors == pytest.approx(-12.247, abs=1e-3) and "by 12 standard errors" in str(moved)


def test_rows_that_moved(tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("seed,found,name\n0,3,so(3)\n1,3.5,\n")
    assert verify.compare_tables(one, one) == [] and verify.compare_tables(tmp_path / "no", tmp_path / "no") == []
    other.write_text("seed,found,name\n0,3,so(3)\n1,3.5000001,\n")
    assert verify.compare_tables(one, other) == []
    other.write_text("seed,found,name\n0,3,so(4)\n1,4,\n")
    (moved,) = verify.compare_tables(one, other)
    assert str(moved) == "2 of 2 rows, first: 0, 3, so(3) → 0, 3, so(4)"
    other.write_text("seed,found,name\n0,3,so(3)\n")
    (moved,) = verify.compare_tables(one, other)
    assert str(moved) == "1 of 2 rows, first: 1, 3.5,  → none"
    (moved,) = verify.compare_tables(tmp_path / "no", one)
    assert moved.before == "none" and moved.counts


@pytest.fixture
def run(tmp_path):
    """A project of one page, measured, drawn and stored."""
    for name in ("liegg", "notebooks"):
        (tmp_path / name).symlink_to(find_root() / name)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "claims.yml").symlink_to(find_root() / "book" / "claims.yml")
    run = Run("paper", root=tmp_path)
    write(run.stored(O5.name), {"a": metric(1.0, 2.0)})
    return run


HEADER = {"finished": "2026", "commit": "abc", "versions": {}, "machine": "", "seconds": 1}


def write(place, metrics, commit="abc", key=KEY, parameters=None):
    header = HEADER | {"key": key["measure"], "commit": commit}
    parameters = parameters or O5.values("paper", {})
    content = {"experiment": O5.name, "parameters": parameters, "metrics": metrics, "provenance": header}
    results.write_json(place, content)
    kept.write(place.with_suffix(".npz"), header, [])


@pytest.fixture
def drawn(monkeypatch):
    """Notebooks that say what they are told to say, without being run; returns the jobs asked for, and what is said."""
    jobs, said = [], {"a": metric(1.0, 2.0)}

    def execute(asked):
        jobs.extend(asked)
        for job in asked:
            values = job.key["measure"]["parameters"]
            content = {"experiment": job.name, "metrics": said, "parameters": values, "provenance": HEADER}
            results.write_json(job.run.result(job.name), content)
        return []

    monkeypatch.setattr(verify, "execute", execute)
    return jobs, said


def verified(run, *, again=(), strict=False):
    aside = Run("paper", root=run.root, aside="verify")
    return verify.verify(aside, {O5.name: O5}, list(again), strict)


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
    assert re.search(r"1 number moved\n  a: 1, 2 → 1, 3  \(!\)\n", capsys.readouterr().out)
    assert verified(run, again=[O5.name])  # within three standard errors


def test_a_verdict_that_turned_round(run, drawn, capsys):
    """The angle of three networks, which two degrees bound: a wide interval may be chance, one beyond the bound not."""
    write(run.stored(O5.name), {"angle": metric(1.0, 1.1, 1.2)})
    drawn[1].clear()
    drawn[1]["angle"] = metric(1.0, 1.1, 1.2, 9.0)
    assert verified(run, again=[O5.name]) and "o5-angle: holds → undecided\n" in capsys.readouterr().out
    drawn[1]["angle"] = metric(3.0, 3.0001)
    assert not verified(run, again=[O5.name]) and "holds → does not hold  (!)" in capsys.readouterr().out


def test_code_that_has_changed_since(run, drawn, capsys):
    older = {**KEY["measure"], "modules": {**KEY["measure"]["modules"], "liegg/studies/fit.py": "other"}}
    write(run.stored(O5.name), {"a": metric(1.0, 2.0)}, key={"measure": older})
    assert verified(run) and "not rerun since abc: liegg/studies/fit.py changed\n" in capsys.readouterr().out
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


def test_files_that_do_not_belong_together(run, drawn, capsys):
    content = results.read_json(run.stored(O5.name))
    content["provenance"]["commit"] = "forged"
    results.write_json(run.stored(O5.name), content)
    assert not verified(run) and "not of one measurement  (!)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda place: place.with_suffix(".npz").unlink(), "11_o5_regression.npz is missing or broken"),
        (lambda place: place.with_suffix(".npz").write_bytes(b"cut"), "11_o5_regression.npz is missing or broken"),
        (lambda place: place.write_text("{"), "11_o5_regression.json cannot be read: git checkout"),
        (lambda place: write(place, {}, parameters={"gone": 1}), "11_o5_regression has no parameter gone"),
    ],
)
def test_what_cannot_be_read_is_a_line_and_stops_no_other(run, drawn, capsys, spoil, line):
    spoil(run.stored(O5.name))
    assert not verified(run)
    assert line in capsys.readouterr().out and drawn[0] == []
    verified(run, again=[O5.name])  # a rerun needs no file of what was measured before
    assert len(drawn[0]) == ("json cannot" not in line)


def test_what_is_not_stored_and_what_no_notebook_makes(run, drawn, capsys):
    aside = Run("paper", root=run.root, aside="verify")
    both = {O5.name: O5, "52_equivariance": table.load()["52_equivariance"]}
    for strict in (False, True):
        assert verify.verify(aside, both, [], strict) != strict
        assert "52_equivariance: nothing is stored" in capsys.readouterr().out
    with pytest.raises(UserError, match="nothing is stored of 52_equivariance at profile paper"):
        verify.verify(aside, both, ["52_equivariance"], False)
    results.write_json(run.stored("99_gone"), {})
    for strict in (False, True):
        assert verified(run, strict=strict) != strict
        assert "99_gone: is stored, and no notebook has this name" in capsys.readouterr().out
    for path in run.stored("").parent.glob("*.json"):
        path.unlink()
    with pytest.raises(UserError, match="nothing is stored at profile paper"):
        verified(run)
