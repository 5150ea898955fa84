"""Networks that others made: what is known of them, and what their packages say where these are installed."""

import tomllib

import pytest
import torch

from liegg import algebra
from liegg.reproduce.project import find_root
from liegg.studies.lens import others, others_readings

SETTINGS = {"samples": 300, "shift": 1.0, "geometries": 40, "displacement": 0.15}


def asked(**about):
    """The cases of a small page that are `about` this."""
    kinds = {"repeats": 1, "draws": 1, "fields": [0.5], "boxes": [6.0, 12.0], "seed": 3}
    cases = others.cases(["e3nn", "CHGNet"], ["Si O O F"], **kinds)
    return [case for case in cases if about.items() <= case.items()]


def test_the_packages_are_those_of_the_extra():
    extras = tomllib.loads((find_root() / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(others.PACKAGES.values()) <= set(extras["others"])


def test_a_missing_package_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(others.importlib.util, "find_spec", lambda name: None)
    got = others.measure(asked(network="CHGNet")[0], **SETTINGS)
    assert list(got) == ["needs"] and "make others, or pip install 'chgnet==0.4.2'" in got["needs"]
    assert others_readings.answers([asked()[0]], [got], 1e-8) == []
    assert others_readings.share([]) is None


def test_what_is_kept_closes_and_is_kept():
    """By any function of the distances; in a field z counts too, and a lattice keeps its axes."""
    for kind, dimension in ((others.ALONE, 6), (others.FIELD, 3), (others.BOX, 3)):
        basis = others.kept(kind)
        assert len(basis) == dimension and algebra.closure(basis) < 1e-12
    assert others.kept(others.FIELD)[:, 2].abs().max() == 0 and others.kept(others.BOX)[..., :3].abs().max() == 0
    axis = torch.tensor([0.3, -1.0, 2.0])
    (turn,) = others.rotations(axis)
    assert (turn + turn.mT).abs().max() == 0 and (turn @ axis.double()).abs().max() < 1e-12
    assert torch.allclose(others.rotations(torch.tensor([0.0, 0, 1]))[0], others.TURN)


def test_the_nearest_image():
    x = torch.tensor([[0.0, 0, 0, 1, 0, 0], [0.0, 0, 0, 0, 2.5, 0]])
    assert others.nearest_image(x, 6.0) == pytest.approx(3.5)
    assert others.nearest_image(x[:, :3], 6.0) == pytest.approx(6.0)


@pytest.mark.parametrize("kind", [others.MADE, others.NORM, others.SHIFTED])
def test_e3nn(kind):
    pytest.importorskip("e3nn")
    (case,) = asked(network="e3nn", asked=kind)
    got = others.measure(case, **SETTINGS)
    (row,) = others_readings.rows(others_readings.answers([case], [got], 1e-8))
    assert row["dimension"] == row["true"] == (1 if kind == others.SHIFTED else 3) and row["angle"] < 1e-3
    if case["turned"]:
        _, change = others_readings.turns([case], [got])
        assert change["e3nn"].shape == (7, 8) and change["e3nn"].max() < 1e-5


def test_weights_follow_the_seed_alone():
    pytest.importorskip("e3nn")
    x = torch.randn(5, 7)
    state = torch.get_rng_state()
    one, same, other = (others.TensorProducts(seed=s)(x) for s in (0, 0, 1))
    assert torch.equal(one, same) and not torch.allclose(one, other)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("about", "name"),
    [
        ({"asked": others.ALONE, "weights": "0.3.0", "turned": False}, "se(3)"),
        ({"asked": others.FIELD, "weights": "r2scan"}, "se(2)"),
        ({"asked": others.BOX, "weights": "0.3.0", "box": 6.0}, None),
        ({"asked": others.BOX, "weights": "0.3.0", "box": 12.0}, "se(3)"),
    ],
)
def test_chgnet(about, name):
    pytest.importorskip("chgnet")
    about = {**about}
    turned = about.pop("turned", None)
    case = asked(**about)[0] | ({} if turned is None else {"turned": turned})
    (row,) = others_readings.rows(others_readings.answers([case], [others.measure(case, **SETTINGS)], 1e-8))
    assert row["dimension"] == row["true"] == (6 if name == "se(3)" else 3) and others_readings.right(row)
    assert row["name"] == name or name is None


def test_an_energy_is_silent_and_does_not_see_the_walls_of_its_box(capfd, recwarn):
    pytest.importorskip("chgnet")
    energy = others.Energy("0.3.0", "C H H O").eval()
    x = others.displaced("C H H O", 3, 0.1, seed=0).float()
    with torch.no_grad():
        here, across = energy(x), energy(x + others.ROOM / 2)
    assert torch.allclose(here, across, atol=1e-3)
    assert capfd.readouterr() == ("", "")
    assert not [w for w in recwarn if "requires_grad" in str(w.message)]
