"""Measuring: the same value whether measured now or kept, cases that a stopped run left, and files from elsewhere."""

import math

import numpy as np
import pytest
import torch

from liegg import actions, decide, polarize
from liegg.reproduce import kept, measured
from liegg.reproduce.errors import UserError
from liegg.reproduce.measured import checkpoint, once, sweep
from liegg.symmetry.factors import Factors

CASES = [{"n": n} for n in (1, 2, 3)]


@pytest.fixture
def runner(tmp_path, monkeypatch):
    """What the runner tells a kernel; returns a function that changes it."""

    def tell(key="one", source=""):
        measured._asked.clear()  # as in a kernel of its own
        monkeypatch.setenv("LIEGG_CASES", str(tmp_path / "cases"))
        monkeypatch.setenv("LIEGG_KEY", key)
        monkeypatch.setenv("LIEGG_KEPT", str(source))
        return tmp_path / "cases"

    return tell


def factors(n=0):
    x = torch.randn(60, 6, generator=torch.Generator().manual_seed(n))
    return polarize(lambda p: (p[:, :3] * p[:, 3:]).sum(1).sin(), x, actions.Linear(3, copies=2))


def test_every_kind_of_value_is_the_same_whether_kept_or_new(runner, tmp_path):
    runner()
    value = {
        "tensor": torch.arange(3.0), "whole": torch.tensor([1, 2]), "single": torch.tensor(2.5), "none": None,
        "pair": (1, "b"), "numpy": np.float32(0.5), "factors": [factors()], 7: math.inf,
    }  # fmt: skip
    for measure in (lambda: value, lambda: 1 / 0):  # measured, then read
        runner()
        said = once(measure)
        assert torch.equal(said["tensor"], value["tensor"]) and torch.equal(said["whole"], value["whole"])
        assert said["single"].item() == 2.5 and said["none"] is None and said["pair"] == [1, "b"]
        assert said["numpy"] == 0.5 and said["7"] == math.inf
        (read,) = said["factors"]
        assert isinstance(read, Factors)
        action = actions.Linear(3, copies=2)
        assert decide(read, action).dimension == decide(factors(), action).dimension == 3


def test_a_sweep_without_a_runner_keeps_nothing(tmp_path, monkeypatch):
    for name in ("LIEGG_CASES", "LIEGG_KEPT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert sweep(CASES, lambda case: case["n"]) == [1, 2, 3] and list(tmp_path.iterdir()) == []


def test_a_stopped_sweep_goes_on_where_it_was(runner):
    folder, seen = runner(), []

    def measure(case, last=3):
        if case["n"] > last:
            raise KeyboardInterrupt
        seen.append(case["n"])
        return [{"seed": s, "value": case["n"] + s} for s in (0, 1)]

    wanted = [measure(case) for case in CASES]
    seen.clear()
    with pytest.raises(KeyboardInterrupt):
        sweep(CASES, lambda case: measure(case, last=2))
    for _ in range(2):
        runner()
        assert sweep(CASES, measure) == wanted and seen == [1, 2, 3]
    broken = sorted(folder.iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:50])  # a case that was not written to its end
    runner()
    assert sweep(CASES, measure) == wanted and len(seen) == 4
    runner(key="two")
    assert sweep(CASES, measure) == wanted and seen[4:] == [1, 2, 3]


def test_what_was_kept_is_read_in_any_order_and_nothing_is_measured(runner, tmp_path):
    source = tmp_path / "a.npz"
    kept.write(source, {"key": {}}, [(case, 10 * case["n"]) for case in CASES])
    runner(source=source)
    assert sweep(CASES[::-1], lambda case: 1 / 0) == [30, 20, 10]
    runner(source=source)
    with pytest.raises(UserError, match=r"nothing of \{'n': 4\}"):
        sweep([{"n": 4}], lambda case: 4)


def test_a_file_cannot_name_code_outside_the_project(runner, tmp_path):
    source = tmp_path / "a.npz"
    kept.write(source, {}, [({}, {"object": "os:system", "state": {}})])
    runner(source=source)
    with pytest.raises(UserError, match="no part of liegg"):
        once(lambda: None)


def test_two_measurements_cannot_have_one_case(runner):
    """One would be read in place of the other."""
    runner()
    assert once(lambda: "a") == "a"
    with pytest.raises(UserError, match=r"two measurements have the case \{\}"):
        once(lambda: "b")
    sweep(CASES, lambda case: "a")
    with pytest.raises(UserError, match=r"two measurements have the case \{'n': 2\}"):
        sweep([{"n": 4}, {"n": 2}], lambda case: "b")


@pytest.mark.parametrize("value", [{"array": 0}, [{"object": "a:b", "state": 1}]])
def test_what_would_be_read_as_something_else_is_refused(runner, value):
    runner()
    with pytest.raises(UserError, match="arrays are kept so"):
        once(lambda: value)


def test_cases_of_any_kind_are_found_again(runner):
    cases, seen = [{"pair": (1, 2), "x": math.nan}, {"n": None}], []
    for _ in range(2):
        runner()
        sweep(cases, seen.append)
    assert len(seen) == 2


def test_a_stopped_case_finds_its_checkpoint_and_a_finished_one_removes_it(runner):
    folder = runner()

    def stopped(case):
        torch.save({"place": torch.ones(3)}, checkpoint())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(CASES[:1], stopped)
    assert checkpoint() is None
    runner()
    assert once(lambda: checkpoint().is_file()) is False  # another case
    runner(key="two")
    assert sweep(CASES[:1], lambda case: checkpoint().is_file()) == [False]  # other code
    runner()
    assert sweep(CASES[:1], lambda case: len(torch.load(checkpoint())["place"])) == [3]
    runner()
    measured._place(folder, CASES[0]).unlink()
    assert sweep(CASES[:1], lambda case: checkpoint().is_file()) == [False]
    runner()
    assert len(list(folder.glob("*.checkpoint"))) == 0


def test_there_is_no_checkpoint_without_a_runner(monkeypatch):
    for name in ("LIEGG_CASES", "LIEGG_KEPT"):
        monkeypatch.delenv(name, raising=False)
    assert once(lambda: checkpoint() is None) is True


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b[:-1], lambda b: b"", lambda b: b"a" * len(b)]
)
def test_a_damaged_checkpoint_is_as_if_there_were_none(runner, damage):
    """Cut, or with a bit that is another anywhere among its numbers."""
    folder = runner()
    path = measured._beside(measured._place(folder, CASES[0]))
    folder.mkdir()
    torch.save({"place": torch.arange(100.0)}, path)
    saved = path.read_bytes()
    seen = []
    look = lambda case: seen.append(checkpoint().is_file())
    for content in (saved, damage(saved), saved.replace(torch.arange(100.0).numpy().tobytes()[8:12], b"\0\0\0\1", 1)):
        runner()
        path.write_bytes(content)
        sweep(CASES[:1], look)
        measured._place(folder, CASES[0]).unlink()
    assert seen == [True, False, False]
