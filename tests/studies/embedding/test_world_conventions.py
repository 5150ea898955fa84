"""Where text and released code of the paper differ, the code is followed; and models are asked about all actions."""

import pytest
import torch
from torch import nn

from liegg.studies.embedding import learning, metrics, pose_trials, trials
from liegg.studies.embedding.grids import Shapes
from liegg.studies.embedding.learning import Settings
from liegg.studies.embedding.pose import MatrixProduct, PoseModel
from liegg.studies.embedding.teapot import Teapot


class Two:
    """A world of two objects whose pictures are states, (n, 2, 1), that one action doubles."""

    objects = 2

    def draw_states(self, n, *, generator):
        return torch.arange(1.0, 1 + 2 * n).view(n, 2, 1)

    def draw_actions(self, n, which, *, generator):
        return torch.zeros(n)

    def step(self, state, action):
        return 2 * state

    def render(self, state):
        return state


class Scaled(nn.Module):
    """Latents are pictures, times a weight that is 1; every prediction is 5 too large in each object."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.weight * x

    def predict(self, z, action):
        return 2 * z + 5


def test_the_loss_is_that_of_the_released_code(monkeypatch):
    """Predicted against true next latents, and present latents against those of the batch in another order."""
    asked = []
    energy = learning.energy
    monkeypatch.setattr(
        learning, "energy", lambda x, y, objects: asked.append((x, y, objects)) or energy(x, y, objects)
    )
    monkeypatch.setattr(learning, "WINDOW", 1)
    history = learning.train(Scaled(), Two(), "all", Settings(6, 1, 6, 1e-9), seed=0)["history"]
    (z, other, objects), (predicted, after, _) = asked
    assert objects == 2
    assert {tuple(v.flatten().tolist()) for v in z} == {tuple(v.flatten().tolist()) for v in other}
    assert torch.equal(predicted, 2 * z + 5) and torch.equal(after, 2 * z)
    spread = ((z - other) ** 2).sum((1, 2)) / (2 * 0.5**2) / 2
    expected = 2 * 25 / (2 * 0.5**2) / 2 + (1 - spread).clamp_min(0).mean()
    assert history[0, 1] == pytest.approx(expected.item()) and history[0, 2] == pytest.approx(spread.mean().item())


def test_grid_models_are_asked_about_all_actions(monkeypatch):
    asked = []
    monkeypatch.setattr(trials, "evaluate", lambda model, world, which, **_: asked.append(which) or {})
    trials.trial(Shapes(2), "none", "up", Settings(20, 1, 10), channels=2, width=4, seed=0, episodes=5, horizons=(1,))
    assert asked == ["all"]


def test_models_of_poses_are_asked_about_the_actions_of_their_training(monkeypatch):
    asked, draw = [], Teapot.draw_actions
    monkeypatch.setattr(Teapot, "draw_actions", lambda s, n, which, **k: asked.append(which) or draw(s, n, which, **k))
    ask = {"width": 2, "convolutions": 1, "seed": 0, "episodes": 5, "horizons": (1, 2)}
    pose_trials.pose_trial(Teapot(8), "free", "small", Settings(20, 1, 10), **ask)
    assert set(asked) == {"small"} and len(asked) == 3


class Stretched(nn.Module):
    """Latents are positions on the board, rows counted double, so that a quarter turn changes distances."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([2.0, 1.0]))

    def forward(self, x):
        return self.weight * x

    embed = forward
    act = staticmethod(lambda g, y: y)
    predict = staticmethod(lambda z, action: z)


class Seen(Shapes):
    """Pictures are the states themselves."""

    def render(self, state):
        return state.float()


def test_the_invariance_error_compares_two_episodes():
    """Not a prediction with its own true state, whose distance would be far smaller here."""
    found = metrics.evaluate(Stretched(), Seen(1), "all", episodes=4000, horizons=(1,), seed=0)["DIE (1)"]
    draw = torch.Generator().manual_seed(7)
    place, other = (Shapes(1).draw_states(4000, generator=draw)[:, 0].float() for _ in range(2))
    weight = torch.tensor([2.0, 1.0])
    size = lambda v: v.norm(dim=1)
    change = size(weight * (place - other)) - size(weight * (place - other).flip(1))
    assert found == pytest.approx((change.abs().mean() / size(weight * place).mean()).item(), rel=0.1)
    assert found > 0.2


def test_the_invariance_error_of_poses_compares_two_episodes_too():
    class Columns(nn.Module):
        def forward(self, x):
            return x * torch.tensor([[3.0], [1.0], [1.0]])  # rows: not a rotation of the pose any more

    class Known(Teapot):
        def render(self, state):
            return state

    ask = {"episodes": 3000, "horizons": (1,), "seed": 0}
    found = pose_trials.evaluate(PoseModel(Columns(), MatrixProduct()), Known(8), "small", **ask)["DIE (1)"]
    assert found > 0.1
