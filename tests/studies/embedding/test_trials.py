"""A trial from end to end, what is kept of it, and how it is read."""

import math

import pytest
import torch

from liegg.studies.cases import select
from liegg.studies.embedding import readings, trials
from liegg.studies.embedding.decoder import fit_decoder
from liegg.studies.embedding.grids import Shapes
from liegg.studies.embedding.learning import Settings
from liegg.studies.embedding.models import WorldModel

WORLD = Shapes(2)


def tried(**changes):
    sizes = {"channels": 4, "width": 8, "seed": 0, "episodes": 20, "horizons": (1, 2)}
    return trials.trial(WORLD, "ours", "up", Settings(60, 2, 20), **(sizes | changes))


def test_a_trial_is_determined_by_its_seed():
    (one, first), (two, second), (_, third) = tried(), tried(), tried(seed=1)
    assert first["metrics"] == second["metrics"] != third["metrics"]
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters()))
    assert set(first["metrics"]) == {
        *(f"{m} ({p})" for m in ("H@1", "H@10", "MRR", "DIE") for p in (1, 2)), "EE", "DIE (S)"
    }  # fmt: skip
    assert first["collapsed"] is None and first["parameters"] == sum(p.numel() for p in one.parameters())


def test_a_collapsed_trial_has_no_metrics(monkeypatch):
    monkeypatch.setattr(trials, "train", lambda *_, **__: {"history": torch.zeros(0, 3), "collapsed": 150})
    _, found = tried()
    assert found["metrics"] == {}
    assert math.isnan(readings.values([found], "H@1 (1)"))
    assert readings.shown([found], "H@1 (1)") == "–"
    assert readings.gain([found], [found], "H@1 (1)") == [None]
    assert readings.collapses([{"world": "Shapes", "seed": 3}], [found]) == ["Shapes, 3: at step 150"]


def test_the_numbers_that_turn_do_turn():
    """Those of a turned board are those of the board, turned by 90 degrees in the plane."""
    model = WorldModel(WORLD, "ours", channels=4, width=8, seed=0).eval()
    state = WORLD.draw_states(30, generator=torch.Generator().manual_seed(0))
    two = lambda s: (lambda z: (z[:, :2] - z[:, 2:])[..., 0])(model(WORLD.render(s))[:, 0])
    with torch.no_grad():
        before, after = two(state), two(WORLD.turn(1, state))
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    torch.testing.assert_close(after, before @ turn.T, rtol=0, atol=1e-5)
    assert before.norm(dim=1).min() > 0


@pytest.mark.parametrize(("kind", "names"), (("none", 2), ("ours", 4)))
def test_what_is_imagined_are_pictures_of_four_moments(kind, names):
    model = WorldModel(WORLD, kind, channels=4, width=8, seed=0).eval()
    seen = trials.imagined(model, WORLD, seed=0, n=40, epochs=1)
    assert len(seen) == names
    assert all(v.shape == (4, 3, 25, 25) and v.dtype == torch.uint8 for v in seen.values())
    assert len({tuple(picture.flatten().tolist()) for picture in seen["true"]}) == 4
    place = trials.first_object(model, WORLD, seed=0, n=50)
    assert place["latent"].shape == place["place"].shape == (50, 2)


def test_a_decoder_learns_what_determines_the_picture():
    generator = torch.Generator().manual_seed(0)
    state = Shapes(1).draw_states(200, generator=generator)
    z = torch.nn.functional.one_hot(5 * state[:, 0, 0] + state[:, 0, 1], 25).float()
    decoder = fit_decoder(z, Shapes(1).render, state, epochs=80, seed=0, batch_size=20)
    with torch.no_grad():
        error = (decoder(z) - Shapes(1).render(state)).square().mean()
    assert error < 0.1 * Shapes(1).render(state).var(0).mean()


def test_readings_of_several_runs():
    cases = [{"model": m, "seed": s} for m in ("none", "ours") for s in (0, 1)]
    found = [{"metrics": {"H@1": v}, "parameters": 5, "collapsed": None} for v in (10.0, 20.0, 90.0, 96.0)]
    none, ours = (select(cases, found, model=m) for m in ("none", "ours"))
    assert readings.gain(ours, none, "H@1") == [80.0, 76.0]
    assert readings.shown(ours, "H@1") == "93.0 ± 4.2"
    assert readings.rows(cases, found)[3] == {
        "model": "ours", "seed": 1, "parameters": 5, "collapsed": None, "H@1": 96.0
    }  # fmt: skip
