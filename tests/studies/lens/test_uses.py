"""Found symmetries used for new tasks: the tasks, what each way is, and the page's examples as a reader runs them."""

import re

import nbformat
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from liegg import algebra, decide, penalty
from liegg.reproduce.project import find_root
from liegg.studies.lens import uses
from liegg.training.networks import mlp

FOUND = {kind: decide(uses.learned(kind, 600, seed=5), uses.ACTIONS[kind]) for kind in uses.WAYS}
SMALL = {"points": 100, "seeds": [3, 4], "hidden": [16], "turn": 180.0, "copies": 2, "weights": [0.1], "epochs": 8}
SMALL |= {"batch_size": 50, "lr": 1e-2}


def test_the_networks_have_the_symmetries_of_the_new_tasks():
    assert FOUND["vectors"].dimension == 10 and FOUND["vectors"].angles(algebra.so(5))[-1] < 3
    assert FOUND["digits"].dimension == 1
    assert algebra.principal_angles(FOUND["digits"].generators, uses.ROTATION)[-1] < 3


def test_no_rotation_changes_the_new_task_of_vectors():
    (x, y), (fresh, labels) = uses.draw("vectors", 300, seed=1)
    assert x.shape == (300, 10) and len(fresh) == uses.FRESH and abs(labels.double().mean() - 0.5) < 0.03
    turn = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(0))).Q
    a, b = (x.unflatten(1, (2, 5)) @ turn.T).unbind(1)
    assert torch.equal((2 * nn.functional.cosine_similarity(a, b) + a.norm(dim=1) > b.norm(dim=1)).long(), y)


def test_every_digit_is_a_training_or_a_test_point():
    (x, y), (rest, labels) = uses.draw("digits", 300, seed=1)
    assert x.shape == (300, 1, 28, 28) and len(rest) == 1497 and set(y.tolist()) == set(range(10))
    assert len(torch.cat([x, rest]).flatten(1).unique(dim=0)) > 1790
    assert torch.cat([y, labels]).bincount().min() > 170
    other, _ = uses.draw("digits", 300, seed=2)
    assert not torch.equal(other[0], x)


@pytest.mark.parametrize(
    ("generators", "form"),
    [
        (algebra.so(5), torch.eye(5)),
        (algebra.so(1, 3), torch.diag(torch.tensor([1.0, -1, -1, -1]))),
        (algebra.sp(1), torch.tensor([[0.0, 1], [-1, 0]])),
        (algebra.gl(3), None),
    ],
)
def test_the_forms_that_known_algebras_leave_alone(generators, form):
    forms = uses.quadratic_forms(generators.numpy())
    assert len(forms) == (form is not None)
    if form is not None:
        cosine = nn.functional.cosine_similarity(forms.flatten(1), form.double().flatten()[None])
        assert abs(cosine.item()) == pytest.approx(1, abs=1e-12)


def test_invariants_are_the_products_of_all_pairs():
    x = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    a, b = x.unflatten(1, (2, 3)).unbind(1)
    expected = torch.stack([(a * a).sum(1), (a * b).sum(1), (b * b).sum(1)], 1)
    assert torch.allclose(uses.invariants(x, torch.eye(3, dtype=torch.float64)[None]), expected)


@pytest.mark.parametrize("kind", uses.WAYS)
def test_the_control_has_other_generators_of_the_same_norm(kind):
    other = uses.others(kind, FOUND[kind], seed=0)
    assert other.dimension == FOUND[kind].dimension
    assert torch.allclose(other.generators.flatten(1).norm(dim=1), torch.ones(other.dimension, dtype=torch.float64))
    assert algebra.principal_angles(other.generators, FOUND[kind].generators)[-1] > 30


@pytest.mark.parametrize("kind", uses.WAYS)
def test_every_way_has_an_accuracy_a_network(kind):
    for way in uses.WAYS[kind]:
        result = uses.used(kind, way, FOUND[kind], **SMALL)
        assert len(result["accuracy"]) == 2 and all(0 <= right <= 1 for right in result["accuracy"])
        assert result["weights"] == ([0.1, 0.1] if way == "penalty" else None)
        assert uses.used(kind, way, FOUND[kind], **SMALL) == result


def test_what_does_next_to_nothing_changes_nothing():
    """The same training points, order, start and steps: only what is used differs."""
    without = uses.used("vectors", "without", FOUND["vectors"], **SMALL)["accuracy"]
    for way, nothing in {
        "augmentation": {"turn": 1e-7},
        "control": {"turn": 1e-7},
        "penalty": {"weights": [0.0]},
    }.items():
        near = uses.used("vectors", way, FOUND["vectors"], **SMALL | nothing)["accuracy"]
        assert near == pytest.approx(without, abs=2e-3)


def test_the_penalty_stands_beside_the_outputs():
    net, x = mlp([10, 8, 2], seed=0), torch.randn(20, 10, generator=torch.Generator().manual_seed(0))
    outputs = uses.Penalized(net, FOUND["vectors"])(x)
    assert torch.allclose(outputs[:, :2], net(x)) and torch.allclose(outputs[:, 2], penalty(FOUND["vectors"], net, x))
    labels = torch.arange(20) % 2
    loss = uses.penalized(outputs, torch.stack([labels, torch.full((20,), 0.5)], 1))
    assert torch.allclose(loss, nn.functional.cross_entropy(net(x), labels) + 0.5 * outputs[0, 2])


def test_the_weight_is_one_that_was_offered():
    result = uses.used("vectors", "penalty", FOUND["vectors"], **SMALL | {"weights": [1e-3, 1e5]})
    assert result["weights"] == [1e-3, 1e-3]  # with the other a network is constant


def test_the_examples_of_the_page_run():
    page = nbformat.read(find_root() / "notebooks" / "57_use.ipynb", as_version=4)
    words = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    find, augmented, penalised, exported = re.findall(r"```python\n(.*?)```", words, re.S)
    x, y = uses.draw("vectors", 200, seed=0)[0]
    scope = {"dataset": TensorDataset(x, y), "x": x, "y": y, "model": mlp([10, 8, 2], seed=0)}
    scope["loss_of"] = nn.functional.cross_entropy
    for example in (find, augmented, penalised):
        exec(example, scope)
    assert scope["found"].dimension == 10 and scope["loss"].requires_grad
    assert [len(batch) for batch, _ in scope["loader"]] == [100, 100]
    pytest.importorskip("emlp")
    exec(exported, scope)
    assert scope["forms"].shape == (25, 1)
