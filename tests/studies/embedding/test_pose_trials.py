"""Trials of poses: metrics of exact embeddings are known, and trials follow their seed."""

import math

import pytest
import torch
from torch import nn

from liegg.studies.embedding import latent_trials, pose_trials
from liegg.studies.embedding.latent_readings import closure_errors, named
from liegg.studies.embedding.learning import Settings
from liegg.studies.embedding.pose import MatrixProduct, PoseModel
from liegg.studies.embedding.rotations import random_rotations
from liegg.studies.embedding.teapot import Teapot, Turntable

ASK = {"episodes": 150, "horizons": (1, 4), "seed": 0}


class Known(Teapot):
    """A world whose picture is the pose itself."""

    def render(self, state):
        return state


def test_an_exact_embedding_has_no_errors():
    exact = PoseModel(nn.Identity(), MatrixProduct())
    found = pose_trials.evaluate(exact, Known(8), "arbitrary", **ASK)
    assert found["EE"] < 1e-5 and found["DIE (1)"] < 1e-5
    assert found["HH@1"] == found["H@1 (1)"] == found["MRR (4)"] == 100


def test_an_embedding_turned_from_the_right_is_exact_too_and_one_from_the_left_is_not():
    h = random_rotations(1, generator=torch.Generator().manual_seed(3))[0]

    class Turned(nn.Module):
        def __init__(self, side):
            super().__init__()
            self.side = side

        def forward(self, x):
            return x @ h if self.side == "right" else h @ x

    right, left = (
        pose_trials.evaluate(PoseModel(Turned(s), MatrixProduct()), Known(8), "arbitrary", **ASK)
        for s in ("right", "left")
    )
    assert right["EE"] < 1e-5 < 0.3 < left["EE"]


def test_unrelated_embeddings_have_the_error_of_chance():
    class Unrelated(nn.Module):
        def forward(self, x):
            return random_rotations(len(x), generator=torch.Generator().manual_seed(int(1e4 * x.sum().abs())))

    found = pose_trials.evaluate(
        PoseModel(Unrelated(), MatrixProduct()), Known(8), "arbitrary", episodes=2000, horizons=(1,), seed=0
    )
    assert found["EE"] == pytest.approx(pose_trials.CHANCE, abs=0.05)
    assert found["HH@1"] == pytest.approx(100 / 7, abs=3)


def test_chance_is_that_of_random_rotations():
    a, b = (random_rotations(40_000, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    assert (a - b).flatten(1).norm(dim=1).mean() == pytest.approx(pose_trials.CHANCE, abs=0.01)


def test_an_empty_set_is_refused():
    with pytest.raises(ValueError, match="no episode to evaluate on"):
        pose_trials.evaluate(PoseModel(nn.Identity(), MatrixProduct()), Known(8), "small", **(ASK | {"episodes": 0}))


def test_a_trial_follows_its_seed():
    run = lambda seed: pose_trials.pose_trial(
        Teapot(8), "free", "small", Settings(40, 1, 20), width=2, convolutions=1, seed=seed, episodes=20, horizons=(1,)
    )[1]["metrics"]
    assert run(0) == run(0) != run(1)


def test_a_turn_is_one_about_a_fixed_axis():
    seen = pose_trials.spun(PoseModel(lambda x: torch.eye(3).expand(len(x), 3, 3), MatrixProduct()), Teapot(8))
    assert seen["pictures"].shape == (pose_trials.FRAMES, 1, 8, 8) and seen["pictures"].dtype == torch.uint8
    angle = 2 * math.pi / pose_trials.FRAMES
    traces = seen["expected"].diagonal(dim1=1, dim2=2).sum(1)
    expected = torch.tensor([1 + 2 * math.cos(angle * i) for i in range(pose_trials.FRAMES)])
    torch.testing.assert_close(traces, expected, rtol=0, atol=1e-5)


def test_true_poses_have_the_algebra_of_rotations():
    """After little fitting already, so that what other latents lack is not the fit's."""
    found = latent_trials.pose_generators(
        Teapot(8), latent_trials.TRUE, Settings(1, 1), width=2, convolutions=1, samples=2000, fit_epochs=15, seed=0
    )
    assert found["metrics"] == {} and found["error"] < 0.05
    assert closure_errors(found["L"]).max() < 0.3 and named(found["L"]).name == "so(3)"


def test_actions_have_a_third_of_small_ones():
    action = latent_trials._actions(Teapot(8), 300, torch.Generator().manual_seed(0))
    angle = ((action.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2).clamp(-1, 1).acos()
    assert angle[:100].max() <= latent_trials.SMALL + 1e-3 < 1 < angle[100:].mean()


def test_a_turntable_trial_says_all_that_the_page_reads():
    found = latent_trials.turntable_trial(
        Turntable(8), "free linear", Settings(60, 1, 20), width=2, convolutions=1, seed=0
    )
    assert found["latent"].shape == (latent_trials.SEEN, 2) and found["values"].shape == (8,)
    assert (found["values"].diff() >= 0).all()
    assert found["L"].shape == found["A"].shape == found["B"].shape == (2, 2)
