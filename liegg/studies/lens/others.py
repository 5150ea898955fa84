"""Networks that others made: e3nn's, which are equivariant by construction, and CHGNet's, which its authors trained.

Both are known to have a symmetry exactly, so that the right answer is known, and so are the ways to break it: a vector
added to the outputs, a field, and a periodic box so small that atoms see their images. Packages that are not installed
are left out, and what is measured says so.
"""

import contextlib
import importlib.util
import io
import warnings
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from liegg import algebra
from liegg.actions import Action, Affine, Linear, Product
from liegg.symmetry.finite import finite_check
from liegg.symmetry.stream import polarize

PACKAGES = {"e3nn": "e3nn==0.6.0", "CHGNet": "chgnet==0.4.2"}
"""what each network needs, as pip is asked for it"""
MADE, NORM, SHIFTED = "as made", "squared norm", "vector added"
ALONE, FIELD, BOX = "alone", "field", "box"
"""what e3nn's and CHGNet's networks are asked about"""
WEIGHTS = ("0.2.0", "0.3.0", "r2scan")
"""what CHGNet's package holds"""
TOGETHER = "all three"
ROOM = 30.0  # Å of a box in which a cluster sees none of its images
CLUSTERS: dict[str, list[tuple[float, float, float]]] = {
    "Si O O F": [(0, 0, 0), (1.62, 0, 0), (-0.5, 1.55, 0), (-0.4, -0.7, 1.4)],
    "Fe O O Li": [(0, 0, 0), (1.9, 0.2, 0), (-0.3, 1.85, 0.4), (2.2, 1.9, 0.9)],
    "C H H O": [(0, 0, 0), (0.6, 0.93, 0.1), (0.6, -0.93, 0), (-1.2, 0, 0.1)],
    "Mg O H Cl": [(0, 0, 0), (1.8, 0.3, 0), (2.4, 1.0, 0.3), (-1.3, 1.7, 0.5)],
}
"""four atoms each, and where they are before they are displaced, in Å"""
INPUTS = "1x0e + 2x1o"  # a scalar and two vectors
HIDDEN = "8x0e + 8x1o + 4x2e"
MOVING = Product([(None, 1), (Linear(3, copies=2), 6)])
ATOMS = Affine(3, copies=4)
TURN = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.float64)


def missing(network: str) -> str:
    """What to do about a network whose package is not installed, in words; "" where it is."""
    package = PACKAGES[network]
    if importlib.util.find_spec(package.split("==")[0]):
        return ""
    return f"{network} needs a package that is not installed here: make others, or pip install '{package}'"


def cases(
    networks: Sequence[str], clusters: Sequence[str], *, repeats: int, draws: int, fields: Sequence[float],
    boxes: Sequence[float], seed: int,
) -> list[dict]:  # fmt: skip
    """One a question to a network: `repeats` of e3nn's, each with weights of its own, and for each of CHGNet's clusters
    so many `draws` of geometries. The first of what is not broken is `turned`, for the finite check."""
    every: list[dict] = []
    if "e3nn" in networks:
        every += [
            {"network": "e3nn", "asked": asked, "seed": s, "turned": asked == MADE and s == seed}
            for asked in (MADE, NORM, SHIFTED)
            for s in range(seed, seed + repeats)
        ]
    if "CHGNet" in networks:
        around = [(ALONE, ROOM, 0.0), *((FIELD, ROOM, f) for f in fields), *((BOX, box, 0.0) for box in boxes)]
        every += [
            {"network": "CHGNet", "asked": asked, "box": box, "field": field, "cluster": c, "weights": w, "seed": s}
            | {"turned": asked == ALONE and w != TOGETHER and s == seed and c == clusters[0]}
            for asked, box, field in around
            for c in clusters
            for w in (*WEIGHTS, *[TOGETHER] * (asked == ALONE))
            for s in range(seed, seed + draws)
        ]
    return every


def measure(case: dict, *, samples: int, shift: float, geometries: int, displacement: float, checked: int = 10) -> dict:
    """Polarization factors of what a case asks; {"needs": words} where its package is not installed.

    samples        standard normal inputs of e3nn's
    shift          length of the vector that is added to its outputs, in their standard deviations
    geometries     of a cluster, each atom displaced by normal numbers of standard deviation `displacement`, in Å
    checked        inputs of the finite check up to a full turn, of cases that are `turned`: along what is known, and
                   along random combinations of it

    known, (d, n, n), is what leaves the function alone, or moves its outputs along.
    """
    if needs := missing(case["network"]):
        return {"needs": needs}
    if case["network"] == "e3nn":
        function, x, output = _tensor_products(case, samples, shift)
        functions, known = [function], rotations(function.added) if case["asked"] == SHIFTED else algebra.so(3)
    else:
        weights = WEIGHTS if case["weights"] == TOGETHER else (case["weights"],)
        functions = [Energy(w, case["cluster"], box=case["box"], field=case["field"]) for w in weights]
        x, output = displaced(case["cluster"], geometries, displacement, seed=case["seed"]), None
        unseen = case["asked"] == BOX and nearest_image(x, case["box"]) >= functions[0].reach
        known = kept(ALONE if unseen else case["asked"])
    action = MOVING if case["network"] == "e3nn" else ATOMS
    got = {"known": known, "factors": polarize(functions, x, action, output)}
    if case["turned"]:
        settings = {"steps": 8, "directions": 4, "output_action": output}
        settings |= {"output_coefficients": output.coefficients(known)} if output else {}
        check = finite_check(functions[0], x[:checked], action, action.coefficients(known), len(known), **settings)
        got |= {"angles": check.angles, "along known": check.learned, "along random": check.random}
    return got


def rotations(axis: Tensor) -> Tensor:
    """(1, 3, 3) the rotation about an axis (3,)."""
    return torch.linalg.cross(axis.double()[:, None].expand(3, 3), torch.eye(3, dtype=torch.float64), dim=0)[None]


def kept(asked: str) -> Tensor:
    """(d, 4, 4) the motions of space that leave an energy alone: all, those of the plane across a field along z, or
    translations."""
    motions = torch.zeros(6, 4, 4, dtype=torch.float64)
    motions[[0, 1, 2], [0, 1, 2], 3] = 1
    motions[3:, :3, :3] = algebra.so(3)
    about_z = torch.zeros(1, 4, 4, dtype=torch.float64)
    about_z[0, :3, :3] = TURN
    return {ALONE: motions, FIELD: torch.cat([motions[:2], about_z]), BOX: motions[:3]}[asked]


class TensorProducts(nn.Module):
    """A scalar and two vectors to a vector, (N, 7) -> (N, 3): two of e3nn's fully connected tensor products with a norm
    activation between, weights as e3nn draws them; `added`, (3,), to the outputs breaks what they have.

    Geiger and Smidt 2022, arXiv:2207.09453.
    """

    def __init__(self, *, seed: int):
        from e3nn import o3
        from e3nn.nn import NormActivation

        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first = o3.FullyConnectedTensorProduct(INPUTS, INPUTS, HIDDEN)
            self.gate = NormActivation(HIDDEN, torch.sigmoid)
            self.second = o3.FullyConnectedTensorProduct(HIDDEN, HIDDEN, "1x1o")
        self.register_buffer("added", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.gate(self.first(x, x))
        return self.second(hidden, hidden) + self.added


class SquaredNorm(nn.Module):
    """The squared length of a network's outputs, (N, ...) -> (N,)."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x).square().sum(1)


def _tensor_products(case: dict, samples: int, shift: float) -> tuple[nn.Module, Tensor, Action | None]:
    """What is asked of e3nn's network of a case, at which inputs, and how its outputs may move."""
    draws = torch.Generator().manual_seed(case["seed"])
    x = torch.randn(samples, 7, generator=draws)
    network = TensorProducts(seed=case["seed"])
    if case["asked"] == NORM:
        return SquaredNorm(network), x, None
    if case["asked"] == SHIFTED:
        direction = nn.functional.normalize(torch.randn(3, generator=draws), dim=0)
        with torch.no_grad():
            network.added.copy_(shift * network(x).std() * direction)
    return network, x, Linear(3)


class Energy(nn.Module):
    """CHGNet's energy an atom of a cluster in a periodic cubic box, in eV, by its coordinates in Å: (N, 12) -> (N,).

    weights   one of WEIGHTS
    cluster   one of CLUSTERS
    box       edge in Å; where an image is nearer than `reach`, atoms see it
    field     in eV/Å, along z: field · sum of z is added to the energy an atom, a field of four times that on the whole

    Neighbours are looked for anew in each geometry. Deng et al. 2023, Nature Machine Intelligence 5, 1031.
    """

    def __init__(self, weights: str, cluster: str, *, box: float = ROOM, field: float = 0.0):
        from chgnet.model import CHGNet

        super().__init__()
        self.atoms, self.box, self.field = cluster.split(), box, field
        with contextlib.redirect_stdout(io.StringIO()):  # it prints how many parameters it has
            self.net = CHGNet.load(model_name=weights, use_device="cpu", verbose=False)
        self.net.graph_converter.set_isolated_atom_response("ignore")

    @property
    def reach(self) -> float:
        """Å up to which an atom sees another."""
        return self.net.graph_converter.atom_graph_cutoff

    def forward(self, x: Tensor) -> Tensor:
        places = x.unflatten(1, (len(self.atoms), 3))
        with _quiet():
            energy = self.net([self._graph(atoms) for atoms in places])["e"]
        return energy + self.field * places[..., 2].sum(1)

    def _graph(self, places: Tensor):
        """The graph of atoms at places (4, 3), as a function of these."""
        from pymatgen.core import Lattice, Structure

        at = places.detach().double().cpu().numpy()
        graph = self.net.graph_converter(Structure(Lattice.cubic(self.box), self.atoms, at, coords_are_cartesian=True))
        graph.atom_frac_coord = places / self.box
        return graph


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without PyTorch's warning of how CHGNet makes the volume of a box, which nothing here depends on."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Converting a tensor with requires_grad=True to a scalar")
        yield


def displaced(cluster: str, geometries: int, displacement: float, *, seed: int) -> Tensor:
    """(geometries, 12) coordinates of a cluster about its middle, each displaced by normal numbers; in Å."""
    places = torch.tensor(CLUSTERS[cluster], dtype=torch.float64)
    draws = torch.randn(geometries, *places.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (places - places.mean(0) + displacement * draws).flatten(1)


def nearest_image(x: Tensor, box: float) -> float:
    """The least distance of an atom to a periodic image of one, over geometries (N, 3 atoms); as `box`."""
    places = x.unflatten(1, (-1, 3))
    steps = torch.cartesian_prod(*[torch.arange(-1.0, 2.0)] * 3).to(x)
    apart = places[:, :, None, None] - places[:, None, :, None] + box * steps[steps.abs().sum(1) > 0]
    return apart.norm(dim=-1).min().item()
