"""Training world models: it learns, it resumes to the same result, and it notices a collapse."""

import pytest
import torch

from liegg.studies import checkpoints
from liegg.studies.embedding import learning, metrics
from liegg.studies.embedding.arm import Arm
from liegg.studies.embedding.grids import RushHour, Shapes
from liegg.studies.embedding.learning import Settings, energy, train
from liegg.studies.embedding.models import WorldModel
from liegg.studies.embedding.teapot import Teapot

WORLD = Shapes(2)


def model_of(kind="ours", seed=0):
    return WorldModel(WORLD, kind, channels=8, width=16, seed=seed)


def test_energies():
    x, y = torch.zeros(2, 3, 4), torch.ones(2, 3, 4)
    torch.testing.assert_close(energy(x, y, 3), torch.full((2,), 2 * 12 / 3))


def test_up_alone_is_enough_for_all_directions():
    settings = Settings(2000, epochs=12, batch_size=64, learning_rate=5e-3)
    found = {}
    for kind in ("none", "ours"):
        model = model_of(kind)
        assert train(model, WORLD, "up", settings, seed=0)["collapsed"] is None
        found[kind] = metrics.evaluate(model, WORLD, "all", episodes=200, horizons=(1,), seed=1)
    assert found["ours"]["H@10 (1)"] > 95 > 85 > found["none"]["H@10 (1)"]
    assert found["ours"]["DIE (1)"] < 1e-5 < 0.1 < found["none"]["DIE (1)"]


def test_a_stopped_training_goes_on_to_the_same_result(tmp_path, monkeypatch):
    settings = Settings(300, epochs=4, batch_size=20, learning_rate=1e-3)
    whole = model_of()
    expected = train(whole, WORLD, "all", settings, seed=0)
    keep, place = checkpoints.keep, tmp_path / "kept"

    def stop(path, what, parts, **where):
        keep(path, what, parts, **where)
        if where["epoch"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "keep", stop)
    with pytest.raises(KeyboardInterrupt):
        train(model_of(), WORLD, "all", settings, seed=0, checkpoint=place)
    monkeypatch.setattr(checkpoints, "keep", keep)
    resumed = model_of(seed=5)
    found = train(resumed, WORLD, "all", settings, seed=0, checkpoint=place)
    assert torch.equal(found["history"], expected["history"])
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values()))
    with pytest.raises(ValueError, match="training with another seed"):
        train(model_of(), WORLD, "all", settings, seed=1, checkpoint=place)


def test_a_collapse_is_noticed_with_its_step_and_ends_training(monkeypatch):
    monkeypatch.setattr(learning, "WINDOW", 5)
    monkeypatch.setattr(learning, "PATIENCE", 3)
    model = model_of()
    for p in model.E.parameters():  # latents that cannot spread
        p.data.zero_()
        p.requires_grad_(False)
    settings = Settings(200, epochs=100, batch_size=20)
    found = train(model, WORLD, "all", settings, seed=0)
    assert found["collapsed"] == 0
    assert 3 <= len(found["history"]) <= 5
    assert (found["history"][:, 2] == 0).all()


def test_a_model_at_work_has_not_collapsed():
    assert learning._flat([[50.0, 1.0, 0.0], [100.0, 0.5, 0.9]]) == 0
    assert learning._flat([[50.0, 0.5, 0.9], [100.0, 1.0, 0.0], [150.0, 0.99, 0.01]]) == 2


@pytest.mark.parametrize("world", (Shapes(5), RushHour(5), Arm(), Teapot(8)), ids=lambda w: type(w).__name__)
def test_a_hundred_thousand_transitions_are_small(world):
    parts = learning._transitions(world, "arbitrary" if isinstance(world, Teapot) else "all", 1000, seed=0)
    assert 100 * sum(part.numel() * part.element_size() for part in parts) < 200e6


def test_the_world_names_the_sets_it_has():
    with pytest.raises(ValueError, match='unknown set of actions "down"'):
        train(model_of(), WORLD, "down", Settings(50, 1), seed=0)
