"""Regressors of scikit-learn: what they say of an invariant function, and what is refused."""

import pytest
import torch

from liegg.actions import Linear
from liegg.studies.lens import regressors


def test_no_rotation_changes_the_target():
    x = torch.randn(20, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turn, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64))
    turned = (x.unflatten(1, (2, 3)) @ turn.T).flatten(1)
    assert torch.allclose(regressors.target(turned), regressors.target(x))
    assert Linear(3, copies=2).size == regressors.ACTION.size


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_regressor_is_fitted_and_asked_or_refused():
    cases = regressors.cases(seed=0)
    measured = [regressors.measure(case, samples=200, points=150) for case in cases]
    rows = regressors.rows(cases, measured)
    assert [row["asked"] for row in rows] == 3 * ["one", "three", "one, labels"] + ["refused"]
    assert "smooth" in measured[-1]["refused"] and rows[-1]["dimension"] is None
    for row in rows[:-1]:
        assert 0 < row["error"] < 1e-6 and row["low"] <= row["dimension"] <= row["high"] <= 9
    of = {(row["regressor"], row["asked"]): row for row in rows}
    assert of["kernel ridge", "one"]["r2"] > 0.7 and of["kernel ridge", "three"]["angle"] < 15
    assert of["kernel ridge", "three"]["angle"] < of["kernel ridge", "one"]["angle"]


def test_a_case_can_be_repeated():
    (case,) = regressors.cases(["support vectors"], seed=3)
    one, two = (regressors.measure(case, samples=100, points=100) for _ in range(2))
    for said in (one, two):
        for answer in said["answers"].values():
            answer.pop("seconds")
    assert one == two
