"""Training: stopped and resumed it is the same; diverging it says where; priors rise where they should."""

import math

import pytest
import torch

from liegg.studies.layerwise import images, schedule
from liegg.studies.layerwise.curvature import Diverged
from liegg.studies.layerwise.evidence import Evidence
from liegg.studies.layerwise.networks import Network
from liegg.studies.layerwise.schedule import Schedule, train

FEW = Schedule(epochs=4, batch_size=32, learning_rate=0.05, burn_in=1, every=1, samples=2)


@pytest.fixture(scope="module")
def data():
    return images.in_quadrants("digits", "digit", images=120, held_out=50, side=16, seed=0)


def network(kind="FC+CONV", seed=1):
    return Network(kind, 10, channels=1, width=1, shape="digits", grid="fixed", seed=seed)


@pytest.mark.parametrize("rule", ["adam", "mackay"])
def test_a_stopped_training_goes_on_to_the_same_result(data, tmp_path, monkeypatch, rule):
    settings = Schedule(**{**vars(FEW), "rule": rule})
    whole = train(network(), data, settings, method="Laplace", seed=3, augment=images.flipped_and_cropped)
    keep, path = schedule._keep, tmp_path / "stopped"

    def stopped(path, what, parts, order, draws, epoch, history):
        keep(path, what, parts, order, draws, epoch, history)
        if epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(schedule, "_keep", stopped)
    arguments = {"method": "Laplace", "seed": 3, "augment": images.flipped_and_cropped, "checkpoint": path}
    with pytest.raises(KeyboardInterrupt):
        train(network(), data, settings, **arguments)
    monkeypatch.setattr(schedule, "_keep", keep)
    # whatever the new network begins with, the file decides
    resumed = train(network(seed=9), data, settings, **arguments)
    assert resumed["precision"] == whole["precision"] and resumed["accuracy"] == whole["accuracy"]
    assert resumed["log_evidence"] == whole["log_evidence"]
    assert torch.equal(resumed["history"], whole["history"]) and len(whole["history"]) == 4


def test_a_checkpoint_holds_tensors_and_numbers_only(data, tmp_path):
    path = tmp_path / "kept"
    train(network(), data, FEW, method="MAP", seed=3, checkpoint=path)
    assert set(torch.load(path, weights_only=True)) >= {"net", "priors", "epoch", "order"}

    with pytest.raises(ValueError, match="checkpoint of a training with another seed"):
        train(network(), data, FEW, method="MAP", seed=4, checkpoint=path)


def test_priors_are_updated_after_the_burn_in_and_at_intervals(data):
    settings = Schedule(epochs=7, batch_size=64, burn_in=3, every=2, samples=1)
    history = train(network(), data, settings, method="Laplace", seed=3)["history"]
    assert history[:, 0].tolist() == [4, 6]


def test_weights_without_a_gradient_follow_the_prior_alone(data):
    """Of an image that is 0 the first layer's filters have no gradient; rates along the cosine, N = 100, δ = 1."""
    x, y = torch.zeros(100, 1, 16, 16), torch.arange(100) % 10
    net = network("CONV")
    before = net.layers[0].paths["CONV"].weight.detach().clone()
    settings = Schedule(epochs=2, batch_size=50, learning_rate=0.2)
    schedule.descend(net, (x, y, x, y), settings, method="MAP", seed=0)
    rates = [1e-6 + (0.2 - 1e-6) * (1 + math.cos(math.pi * step / 4)) / 2 for step in range(4)]
    shrunk = math.prod(1 + rate / (1 - 0.9) / 100 for rate in rates)
    assert torch.allclose(net.layers[0].paths["CONV"].weight, before / shrunk, rtol=1e-5)


def test_fixed_priors_stay_and_learned_ones_move(data):
    fixed = train(network(), data, FEW, method="MAP", seed=3)
    learned = train(network(), data, FEW, method="Laplace", seed=3)
    assert set(fixed["precision"].values()) == {1.0} and not fixed["history"].numel()
    assert all(abs(δ - 1) > 0.1 for name, δ in learned["precision"].items() if "weight" in name)
    assert fixed["effective"].keys() == fixed["size"].keys() == learned["precision"].keys()
    assert all(0 <= fixed["effective"][name] <= fixed["size"][name] for name in fixed["size"])


def test_the_prior_shrinks_as_implicit_weight_decay_does(data):
    """Two steps with a zero gradient: θ / (1 + η δ/N) twice."""
    net = network()
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    weights = dict(net.named_parameters())
    for _ in range(2):
        schedule._shrink(weights, dict.fromkeys(weights, 3.0), 0.5)
    for name, p in net.named_parameters():
        assert torch.allclose(p, before[name] / 2.5**2)


def test_huge_precisions_do_not_diverge(data):
    net, weights = network(), None
    weights = dict(net.named_parameters())
    schedule._shrink(weights, dict.fromkeys(weights, 1e12), 0.5)
    assert all(p.isfinite().all() and p.abs().max() < 1e-9 for p in weights.values())


def test_a_diverging_run_names_epoch_tensor_and_precision(data):
    x, *rest = data
    with pytest.raises(Diverged, match=r"diverged in epoch 1: .* layers\.\d.* precision 1\); give a smaller"):
        train(network(), (x * 1e25, *rest), FEW, method="MAP", seed=0)


@pytest.mark.parametrize(
    ("settings", "method", "words"),
    [(FEW, "VI", 'unknown method "VI"'), (Schedule(epochs=1, rule="newton"), "MAP", 'unknown rule "newton"')],
)
def test_unknown_methods_and_rules(data, settings, method, words):
    with pytest.raises(ValueError, match=words):
        train(network(), data, settings, method=method, seed=0)


def test_what_is_reported_has_the_exact_curvature(data):
    net = network()
    found = train(net, data, FEW, method="Laplace", seed=3)
    exact = schedule.curvature.fit(net, *data[:2])
    assert found["log_evidence"] == pytest.approx(Evidence.of(exact, found["precision"]).log_evidence)
