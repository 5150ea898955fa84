"""Readings: the paper's shares on numbers small enough to count by hand."""

import pytest
import torch

from liegg.studies.cases import select
from liegg.studies.layerwise import readings

NAMES = [
    "layers.0.paths.F-FC.U",
    "layers.0.paths.F-FC.V",
    "layers.0.paths.F-FC.bias_U",
    "layers.0.paths.CONV.weight",
    "layers.0.paths.CONV.bias",
    "out.weight",
]
FOUND = {
    "precision": dict(zip(NAMES, [100.0, 10.0, 7.0, 2.0, 7.0, 7.0])),
    "effective": dict(zip(NAMES, [10.0, 30.0, 5.0, 4.0, 5.0, 5.0])),
    "size": dict(zip(NAMES, [1000, 100, 5, 10, 5, 5])),
    "shares": [{"F-FC": 0.8, "CONV": 0.2}],
    "errors": torch.tensor([0.25]),
    "history": torch.tensor([[5.0, -1, 0, 9, 1, 9, 9], [10.0, -2, -3, 9, 2, 9, 9]]),
    "accuracy": 90.0,
    "nll": 0.5,
    "log_evidence": -1.0,
    "kept": 0.9,
}


def test_a_layer_s_rows_and_shares():
    free, conv = readings.layers(FOUND)
    assert (free["path"], free["precisions"], free["effective"], free["size"]) == ("F-FC", [100.0, 10.0], 40.0, 1100)
    assert free["normalised"] == pytest.approx((0.01 + 0.3) / 2) and conv["normalised"] == pytest.approx(0.4)
    assert free["relative"] == pytest.approx(0.155 / 0.555) and free["error"] == 0.25
    assert readings.shares(FOUND, "effective") == {"F-FC": [pytest.approx(40 / 44)], "CONV": [pytest.approx(4 / 44)]}
    assert [readings.types(FOUND, m) for m in readings.MEASURES] == [["CONV"], ["F-FC"], ["F-FC"]]
    assert readings.disagreements(FOUND) == [(1, {"relative": "CONV", "effective": "F-FC", "energy": "F-FC"})]
    assert readings.overall(FOUND, "CONV", "energy") == pytest.approx((20, 20, 20), rel=1e-5)


def test_the_history_of_a_factored_pathway_is_that_of_its_smaller_variance():
    epochs, lines = readings.histories(FOUND)
    assert epochs == [5, 10] and lines["F-FC"].tolist() == [[-1, -3]] and lines["CONV"].tolist() == [[1, 2]]
    assert readings.histories(FOUND | {"history": torch.tensor([])}) == ([], {})


def test_gains_are_of_cases_that_have_both():
    cases = [{"kind": k, "method": m} for k, m in [("a", "MAP"), ("a", "Laplace"), ("b", "MAP")]]
    found = [FOUND, FOUND | {"accuracy": 92.5}, FOUND]
    assert readings.gains(cases, found, "accuracy") == {"a": 2.5}
    assert select(cases, found, kind="a", method="Laplace") == [found[1]]
    assert len(readings.rows(cases, found)) == 6
    assert readings.ranking({"x": 1.0, "y": 3.0}) == "y > x"
