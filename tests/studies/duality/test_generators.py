"""Correlators of ensembles as functions: values and gradients by brute force, and the algebras that must come out."""

import pytest
import torch
from torch.func import functional_call, jacrev

from liegg import algebra, decide
from liegg.studies.duality import catalogue
from liegg.studies.duality.ensembles import Density
from liegg.studies.duality.generators import Mean, Question, Unsupported, chunks, polarized, tangent_kernel


def drawn(density, networks=40, seed=0):
    return density.draw(networks, torch.Generator().manual_seed(seed))


def found(density, networks=10_000, *, seed=1, **question):
    asked = Question(density.inputs, density.dimension, **question)
    return decide(
        polarized(asked, chunks(density, networks, order=asked.order, seed=seed), seed=2), asked.action, unbiased=True
    )


@pytest.mark.parametrize("terms", ["product", "up to"])
def test_the_mean_is_that_of_products_over_networks(terms):
    networks, question = drawn(Density(2, 3, 5)), Question(2, 3, 3, "both", terms)
    samples = question.samples(4, seed=0)
    values = Mean(lambda: [networks], question)(samples)
    for sample, value in zip(samples, values):
        u, x = sample[:9].reshape(3, 3), sample[9:].reshape(3, 2)
        product = 1.0
        for s in range(3):
            f = networks(x[s : s + 1])[:, 0]
            product = product * ((terms == "up to") + f @ u[s])
        assert value.item() == pytest.approx(product.mean().item(), rel=1e-4)


def test_its_gradient_is_that_of_differences_and_blocks_do_not_matter():
    networks, question = drawn(Density(2, 3, 5)), Question(2, 3, 2, "both")
    networks = networks._replace(**{k: v.double() for k, v in networks._asdict().items() if k != "activation"})
    samples = question.samples(3, seed=0).double().requires_grad_()
    mean = Mean(lambda: [networks], question)
    assert torch.autograd.gradcheck(mean, samples)
    halves = Mean(lambda: [networks.part(slice(0, 15)), networks.part(slice(15, 40))], question)
    assert torch.allclose(mean(samples), halves(samples))


def test_the_tangent_kernel_is_the_sum_over_weights():
    networks = drawn(Density(2, 3, 5), 1)
    W0, b0, W1 = networks.W0[0], networks.b0[0], networks.W1[0]
    net = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3, bias=False))
    weights = {"0.weight": W0, "0.bias": b0, "2.weight": W1}
    u, x = torch.randn(2, 3), torch.randn(2, 2)
    gradients = [jacrev(lambda w, s=s: u[s] @ functional_call(net, w, (x[s],)))(weights) for s in (0, 1)]
    kernel = sum((gradients[0][name] * gradients[1][name]).sum() for name in weights)
    assert tangent_kernel(networks, u[None], x[None]).item() == pytest.approx(kernel.item(), rel=1e-4)


@pytest.mark.parametrize(
    ("settings", "question", "basis"),
    [
        ({}, {}, algebra.so(3)),
        ({"drift": (2.0, 0.0, 0.0), "activation": "relu"}, {}, algebra.so(3)[2:]),
        ({"first": "uniform"}, {}, []),
    ],
)
def test_algebras_of_inputs(settings, question, basis):
    answer = found(Density(3, 1, 20, **settings), **question)
    assert answer.dimension == len(basis) and answer.decision.rule == ("silent" if len(basis) else "shared")
    assert not len(basis) or answer.angles(basis)[-1] < 5


def test_both_sides_at_once():
    answer = found(Density(3, 3, 20), moving="both")
    assert answer.dimension == 6 and answer.identify().name == "so(3) + so(3)"
    assert answer.angles(algebra.direct_sum(algebra.so(3), algebra.so(3)))[-1] < 6


def test_more_networks_less_error():
    angles = [found(Density(3, 1, 20), size).angles(algebra.so(3))[-1].item() for size in (400, 40_000)]
    assert 10 / 3 < angles[0] / angles[1] < 30  # the factor is 10 where the error falls as 1/sqrt(networks)


def test_single_members_have_no_symmetry():
    factors = catalogue.members(5, 300, seed=0)
    assert [decide(factors.alone(a), catalogue.Linear(3)).dimension for a in range(5)] == [0] * 5


def test_ensembles_that_cannot_answer():
    density, question = Density(3, 1, 20), Question(3, 1)
    with pytest.raises(ValueError, match="2 chunks"):
        polarized(question, chunks(density, 100, order=2, seed=0, count=2), seed=0)
    with pytest.raises(ValueError, match="10 networks do not make 20 chunks"):
        chunks(density, 10, order=2, seed=0)
    with pytest.raises(Unsupported, match="does not support 3 points"):
        polarized(Question(3, 1, 3), chunks(density, 1000, order=3, seed=0), seed=0)
    with pytest.raises(ValueError, match="6-point function does not exist"):
        chunks(Density(3, 1, 20, last="student"), 1000, order=6, seed=0)
    with pytest.raises(ValueError, match=r"the networks have \(3, 1\) inputs and outputs, and the question is about"):
        polarized(Question(3, 2), chunks(density, 1000, order=2, seed=0), seed=0)
    with pytest.raises(ValueError, match="tanh networks"):
        tangent_kernel(drawn(Density(2, 1, 5, "relu")), torch.ones(1, 2, 1), torch.ones(1, 2, 2))


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"moving": "weights"}, 'unknown motion "weights"'),
        ({"terms": "sums"}, 'unknown terms "sums"'),
        ({"order": 0}, "order must be a whole number from 1 on"),
        ({"terms": "tangent kernel", "order": 3}, "two points, not 3"),
    ],
)
def test_questions_that_are_none(settings, word):
    with pytest.raises(ValueError, match=word):
        Question(3, 1, **settings)


def test_a_case_that_is_too_small_says_so():
    said = catalogue.observe(catalogue.CASES["output: normal, 4 points"], 250, seed=0)
    assert isinstance(said, str) and "does not support 4 points" in said
