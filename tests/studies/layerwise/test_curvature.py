"""The Kronecker factors, against GGNs computed one output gradient at a time, and against laplace-torch."""

import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev

from liegg.studies.layerwise import curvature
from liegg.studies.layerwise.evidence import Evidence
from liegg.studies.layerwise.networks import LAYERS, MIXED, Network

KINDS = [*LAYERS, MIXED]


@pytest.fixture(scope="module")
def small():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(12, 1, 16, 16, generator=generator)
    return x, torch.randint(3, (12,), generator=generator)


def network(kind, **settings):
    return Network(kind, 3, **{"channels": 1, "width": 1, "shape": "digits", "grid": "fixed", "seed": 2} | settings)


def blocks(net, x):
    """{name: (P, P)} of the GGN sum_n J_nᵀ (diag p - p pᵀ) J_n, with jacobians by torch.func."""
    weights = {name: p.detach() for name, p in net.named_parameters()}
    logits = net(x).detach()
    p = logits.softmax(1)
    H = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    J = jacrev(lambda w: functional_call(net, w, (x,)))(weights)
    flat = {name: jacobian.flatten(2) for name, jacobian in J.items()}  # (N, K, P)
    return {name: torch.einsum("nkp,nkl,nlq->pq", j, H, j) for name, j in flat.items()}


@pytest.mark.parametrize("grid", ["fixed", "largest"])
@pytest.mark.parametrize("kind", KINDS)
def test_blocks_have_the_size_of_the_exact_ones(small, kind, grid):
    x, y = small
    net = network(kind, grid=grid)
    found = curvature.fit(net, x, y, batch_size=5)
    for name, exact in blocks(net, x).items():
        λ = found.eigenvalues[name]
        assert len(λ) == len(exact) and λ.min() >= 0
        if "bias" in name or name == "out.weight":  # whole, or a layer whose inputs hardly vary
            scale = exact.diagonal().sum().item()
            assert λ.sum().item() == pytest.approx(scale, rel=1e-3 if "bias" in name else 0.3)
        else:  # GCONV's rule takes the mean over the copies, which is little for noise
            least = 0.1 if "GCONV" in name else 0.3
            assert least < (λ.sum() / exact.diagonal().sum()).item() < 3


@pytest.mark.parametrize("kind", KINDS)
def test_one_image_and_one_place_is_exact(kind):
    """Of one image every A has a single term, so that a dense tensor's block is exact: eigenvalue by eigenvalue."""
    generator = torch.Generator().manual_seed(3)
    x, y = torch.randn(3, 1, 16, 16, generator=generator), torch.arange(3)
    same = x[:1].expand(3, -1, -1, -1)
    net = network(kind)
    found = curvature.fit(net, same, y)
    exact = blocks(net, same)
    for name in ("out.weight", "hidden.weight", "out.bias", "hidden.bias", "layers.0.paths.FC.map.weight"):
        if name in exact and len(exact[name]) < 3000:
            λ = torch.linalg.eigvalsh(exact[name].double()).clamp_min(0)
            scale = λ.max()
            assert torch.allclose(found.eigenvalues[name].sort().values, λ, atol=1e-4 * scale)


def test_sampled_classes_are_right_on_average(small):
    x, y = small
    net = network("F-FC+CONV")
    exact = curvature.fit(net, x, y)
    drawn = curvature.fit(net, x, y, samples=3000, generator=torch.Generator().manual_seed(0))
    for name, λ in exact.eigenvalues.items():
        assert drawn.eigenvalues[name].sum().item() == pytest.approx(λ.sum().item(), rel=0.1)


def test_the_likelihood_and_squares_are_those_of_the_network(small):
    x, y = small
    net = network("FC+CONV")
    found = curvature.fit(net, x, y, batch_size=7)
    exact = torch.distributions.Categorical(logits=net(x).detach()).log_prob(y).sum()
    assert found.log_likelihood == pytest.approx(exact.item(), rel=1e-5)
    assert found.squares["out.weight"] == pytest.approx(net.out.weight.norm().item() ** 2, rel=1e-5)


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [(2, [0, 1], "2 images with 2 labels are too few"), (3, [0, 1, 3], "from 0 to 2, not 0 to 3")],
)
def test_data_that_do_not_fit(images, labels, words):
    with pytest.raises(ValueError, match=words):
        curvature.fit(network("CONV"), torch.zeros(images, 1, 16, 16), torch.tensor(labels))


def test_activations_that_overflow(small):
    net = network("CONV")
    net.layers[0].paths["CONV"].weight.data.fill_(torch.inf)
    with pytest.raises(curvature.Diverged, match=r"curvature of .* is not finite"):
        curvature.fit(net, *small)


class Plain(nn.Module):
    """The FC network in torch's own parts, which laplace-torch knows."""

    def __init__(self, net):
        super().__init__()
        maps = [*(layer.paths["FC"].map for layer in net.layers), net.hidden, net.out]
        self.maps = nn.ModuleList(nn.Linear(m.weight.shape[1], m.weight.shape[0]) for m in maps)
        for mine, its in zip(self.maps, maps):
            mine.weight.data, mine.bias.data = its.weight.data.clone(), its.bias.data.clone()

    def forward(self, x):
        x = x.flatten(1)
        for m in self.maps[:-2]:
            x = m(x).relu()
        return self.maps[-1](self.maps[-2](x.unflatten(1, (4, -1)).amax(2)).relu())


def test_the_evidence_agrees_with_laplace_torch(small):
    """It is no dependency of this project, and does not import beside a torchvision for another torch."""
    try:
        from laplace import Laplace
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"laplace-torch cannot be imported: {error}")
    x, y = small
    net = network("FC")
    ours = curvature.fit(net, x, y)
    mine = Evidence.of(ours, dict.fromkeys(ours.eigenvalues, 2.5)).log_evidence * len(x)
    theirs = Laplace(Plain(net), "classification", "all", hessian_structure="kron", prior_precision=2.5)
    theirs.fit(torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=len(x)))
    assert mine == pytest.approx(theirs.log_marginal_likelihood().item(), rel=1e-4)
