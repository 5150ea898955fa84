"""Stored results: how old they are, and what is stored."""

import json

import pytest

from liegg.reproduce import kept, keys, results, stored, table
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run, find_root

O5 = table.load()["11_o5_regression"]
KEY = keys.key(O5, O5.values("paper", {}), find_root())


def test_how_old_a_result_is(tmp_path):
    run = Run("paper", root=tmp_path)
    for name in ("liegg", "notebooks"):
        (tmp_path / name).symlink_to(find_root() / name)
    assert stored.age(run, O5) is None
    made = {"finished": "t", "commit": "abc", "versions": {}, "machine": "", "key": KEY["measure"]}
    result = {"experiment": O5.name, "parameters": {}, "metrics": {}, "provenance": made}
    results.write_json(run.stored(O5.name), result)
    assert str(stored.age(run, O5)) == "stored at commit abc"
    other = dict.fromkeys(KEY["measure"]["modules"], "other")
    made["key"] = {**KEY["measure"], "modules": {**KEY["measure"]["modules"], "liegg/studies/fit.py": "other"}}
    results.write_json(run.stored(O5.name), result)
    assert str(stored.age(run, O5)) == "stored at commit abc, code since changed: liegg/studies/fit.py"
    made["key"] = {**KEY["measure"], "modules": other}
    results.write_json(run.stored(O5.name), result)
    last = sorted(other)[keys.FEW - 1]
    assert str(stored.age(run, O5)).endswith(f"{last}; and {len(other) - keys.FEW} more")


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
