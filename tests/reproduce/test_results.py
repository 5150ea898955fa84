"""Results: values, spread, parameters and origin; tables; sweeps that were stopped."""

import json
import math
import shutil

import pytest
import torch

from liegg.reproduce import results, table
from liegg.reproduce.project import find_root

EXPERIMENTS = table.load()
O5 = EXPERIMENTS["11_o5_regression"]


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


def test_an_estimate_is_kept_with_its_interval():
    estimate = {"value": torch.tensor(2.0), "low": 1.5, "high": 3, "n": 5, "p": 0.01, "wins": 0}
    assert results._summary("a", estimate) == {"value": 2.0, "low": 1.5, "high": 3, "n": 5, "p": 0.01, "wins": 0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": math.nan}, "metric a is not finite"),
        ({"high": math.inf}, "metric a is not finite"),
        ({"low": 2.5}, "metric a lies outside its own interval"),
        ({"mean": 2.0}, "metric a must have value, low, high and n"),
    ],
)
def test_what_is_no_estimate(change, message):
    with pytest.raises(ValueError, match=message):
        results._summary("a", {"value": 2.0, "low": 1.5, "high": 3.0, "n": 5} | change)
    with pytest.raises(ValueError, match="metric a must have"):
        results._summary("a", {"value": 2.0})


def test_a_table_stands_beside_its_result(tmp_path, monkeypatch):
    monkeypatch.setenv("LIEGG_RESULT", str(tmp_path / "r.json"))
    rows = [{"seed": 0, "angle": 1 / 3}, {"seed": 1, "angle": math.nan, "name": "so(3), twice"}]
    results.record(O5.name, O5.values("smoke", {}), {}, rows)
    assert (tmp_path / "r.csv").read_text() == 'seed,angle,name\n0,0.333333,\n1,,"so(3), twice"\n'


def test_values_with_their_spread():
    assert results.spread([240.0, 320.0, 305.0]) == "288 ± 43"
    assert results.spread([0.0052, 0.0061]) == "0.00565 ± 0.00064"
    assert results.spread([10, 10]) == "10" and results.spread([None]) == "none"


def test_stored_reference_results_are_whole():
    stored = sorted((find_root() / "data" / "reference").rglob("*.json"))
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
