"""What kept factors say: the same as find_symmetry of the same functions, and the truth where it is known."""

from itertools import product

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles

from liegg import algebra, find_symmetry, polarize
from liegg.actions import Linear, Tensor
from liegg.studies.lens import growth_readings, holdout, readings, rivals, targets, zoo
from liegg.studies.lens.equivariance import PLACES, inertia, masses_and_places
from liegg.training.networks import EquivariantVectors, mlp

SMALL = {"networks": 3, "layers": 1, "steps": 20, "batch_size": 50, "lr": 1e-2}
FEW = ("so(3)", "scaling", "discrete")
SYMMETRIC = [name for name, t in targets.known().items() if len(t.algebra) and "images" not in name]


def angle(found, true):
    """The largest angle between the lowest directions and as many that are true, in degrees."""
    lowest = found.directions[: len(true)].flatten(1)
    return np.rad2deg(subspace_angles(lowest.T.numpy(), true.flatten(1).T.numpy())[0])


def alike(target):
    """Three functions whose symmetries are the target's, as they are functions of it."""
    f = target.function
    return [f, lambda x: f(x) + f(x).sin() / 2, lambda x: f(x) + (2 * f(x)).cos() / 4]


@pytest.fixture(scope="module")
def blank():
    """Networks that have learned nothing of so(3), and points."""
    nets = [mlp([6, 8, 1], seed=s, bias=True) for s in range(3)]
    return nets, targets.known(seed=0)["so(3)"].points(200, seed=0).float()


@pytest.fixture(scope="module")
def surveyed():
    cases = [{"target": t, "width": 8, "samples": n} for t, n in product(FEW, (100, 150))]
    settings = {"seed": 3, "bases": 2, "noises": [0.0, 0.1], "points": 200, "labels": 100, "example": "so(3)"}
    return cases, [zoo.survey(case, **settings, **SMALL) for case in cases]


def test_trained_networks_are_told_apart():
    """A symmetry that was learned, and a function that has none: a small zoo of two."""
    zoo_ = targets.known(seed=50)
    for name, true in (("so(3)", 3), ("discrete", 0)):
        (nets,) = zoo.pupils(
            [zoo_[name]],
            [0.0],
            networks=4,
            samples=2000,
            width=32,
            layers=2,
            steps=500,
            batch_size=200,
            lr=1e-2,
            seed=7,
        )
        target, x = zoo_[name], zoo_[name].points(1000, seed=3)
        errors = zoo.errors(target, nets, x)
        (row, *single), found = readings.examine(target, errors, polarize(nets, x.float(), target.action))
        assert (row["found"], row["true"], row["trivial"], len(single)) == (true, true, 0, 4)
        assert found.coherence[true:].min() > 0.8 and row["error"] == max(errors) < 0.1
        if true:
            assert row["angle"] < 5 and row["name"] == "so(3)"


@pytest.mark.parametrize("name", SYMMETRIC)
def test_functions_with_a_targets_symmetries_are_examined_without_an_error(name):
    target = targets.known(seed=2)[name]
    factors = polarize(alike(target), target.points(150, seed=0), target.action)
    rows, found = readings.examine(target, [0.1, 0.3, 0.2], factors)
    assert [row["kind"] for row in rows] == ["several", "one", "one", "one"]
    assert [row["error"] for row in rows] == [0.3, 0.1, 0.3, 0.2]
    for row in rows:
        assert row["found"] == row["true"] == len(target.algebra) and row["trivial"] == 0 and row["angle"] < 1e-4
    assert rows[0]["name"] == readings.NAMES.get(name, name) and not any("name" in row for row in rows[1:])
    task = readings.Task({"target": name}, target, rows, found)
    expected = [k < len(target.algebra) for k in range(len(found.variance))]
    assert [d["symmetry"] for d in task.directions()] == expected


def test_names_and_sorts_are_those_of_targets():
    known = targets.known()
    assert readings.NAMES.keys() <= known.keys()
    assert all(len(known[name].algebra) for name in readings.SORTS)


def test_rotations_keep_points_together_and_stretches_do_not():
    """Of compact groups, in whatever basis, eigenvalues of generators are imaginary."""
    for name, target in targets.known().items():
        if readings.SORTS.get(name) in ("rotations", "stretches"):
            real = torch.linalg.eigvals(target.algebra).real.abs().amax()
            assert (real < 1e-6) == (readings.SORTS[name] == "rotations"), name


def test_each_network_is_examined_as_by_itself(blank):
    (nets, x), target = blank, targets.known(seed=0)["so(3)"]
    rows, found = readings.examine(target, [1.0, 2.0, 1.5], polarize(nets, x, target.action))
    assert found == find_symmetry(nets, x, target.action)
    by_itself = [found, *(find_symmetry(net, x, target.action) for net in nets)]
    for row, own in zip(rows, by_itself, strict=True):
        assert (row["found"], row["trivial"]) == (own.dimension, len(own.trivial))
        assert row["angle"] == pytest.approx(angle(own, target.algebra), rel=1e-3) and row["angle"] > 5
    assert found.dimension != 3 and rows[0]["name"] is None


def test_a_task_for_each_basis_and_noise_of_every_case(surveyed):
    cases, measured = surveyed
    tasks = readings.tasks(cases, measured, seed=3)
    assert [task.case for task in tasks] == [
        case | {"basis": b, "noise": noise} for case in cases for b, noise in product((0, 1), (0.0, 0.1))
    ]
    for task, group in zip(tasks, [group for groups in measured for group in groups]):
        assert torch.equal(task.target.algebra, targets.known(seed=3 + group["basis"])[task.case["target"]].algebra)
        assert [row["kind"] for row in task.rows] == ["several", "one", "one", "one"]
        assert all(row["true"] == len(task.target.algebra) and task.case.items() <= row.items() for row in task.rows)
        assert [row["error"] for row in task.rows] == [max(group["errors"]), *group["errors"]]
        assert task.found.networks == 3 and task.found.samples == 200
        if task.case["target"] == "discrete":
            assert all(row["angle"] is None for row in task.rows)
        else:
            assert task.rows[0]["angle"] == pytest.approx(angle(task.found, task.target.algebra))


def test_directions_of_a_task_are_near_the_true_algebra_or_not(surveyed):
    """Nearer than 30 degrees: more than three quarters of a direction's square are in the algebra."""
    for task in readings.tasks(*surveyed, seed=3):
        rows, true = task.directions(), algebra.orthonormal(task.target.algebra).flatten(1)
        inside = (task.found.directions.flatten(1) @ true.T).square().sum(1)
        assert [row["symmetry"] for row in rows] == (inside > 0.75).tolist()
        assert {row["error"] for row in rows} == {task.rows[0]["error"]} and len(rows) == 9
        sort = {"so(3)": "rotations", "scaling": "stretches", "discrete": "rest"}[task.case["target"]]
        assert {row["sort"] for row in rows} == {sort} and task.case.items() <= rows[0].items()
        for key, values in (
            ("coherence", task.found.coherence),
            ("variance", task.found.relative_variance),
            ("chance", task.found.chance_ratio),
        ):
            assert [row[key] for row in rows] == values.tolist()
        assert task.case["target"] != "discrete" or not any(row["symmetry"] for row in rows)


def test_untrained_networks_are_asked_about_every_target():
    known = targets.known(seed=1)
    dimensions = readings.untrained(zoo.untrained(seed=1, networks=3, width=8, layers=1, points=100), seed=1)
    assert len(dimensions["several"]) == len(known) and len(dimensions["one"]) == 3 * len(known)
    for i, target in enumerate(known.values()):
        x = target.points(100, seed=701).float()
        nets = [mlp([x[0].numel(), 8, 1], seed=2001 + a, bias=True) for a in range(3)]
        assert dimensions["several"][i] == find_symmetry(nets, x, target.action).dimension
        alone = [find_symmetry(net, x, target.action).dimension for net in nets]
        assert dimensions["one"][3 * i : 3 * i + 3] == alone


def test_exact_targets_have_exact_answers():
    rows = readings.exact(seed=0, points=500)
    assert set(rows) == set(SYMMETRIC)
    for row in rows.values():
        assert row["found"] == row["dimension"] and row["relative variance"] < 1e-20 and row["angle (degrees)"] < 1e-6


@pytest.mark.parametrize("networks", [1, 3])
def test_what_factors_say_in_a_comparison_is_what_find_symmetry_says(blank, networks):
    nets, x = blank
    factors = polarize(nets[:networks], x, Linear(3, copies=2))
    found = find_symmetry(nets[:networks], x, Linear(3, copies=2))
    said = readings.discovery(factors, Linear(3, copies=2))
    assert torch.equal(said.directions, found.directions) and said.dimension == found.dimension
    assert torch.equal(said.strength, found.variance)


def test_a_row_for_each_data_set_of_a_comparison(blank):
    (nets, x), target = blank, targets.known(seed=0)["so(3)"]
    tilted = torch.linalg.qr(torch.randn(9, 9, generator=torch.Generator().manual_seed(0)).double()).Q
    kept = {"directions": tilted.reshape(9, 3, 3), "strength": torch.tensor([1.0] * 4 + [9] * 5), "dimension": 2}
    measured = {"answers": [kept, polarize(nets, x, target.action)], "seconds": [1.5, 2.5], "megabytes": 20.0}
    rows, found = readings.of_method(measured, target, [4, 7]), find_symmetry(nets, x, target.action)
    assert [row["seed"] for row in rows] == [4, 7] and all(row["true"] == 3 for row in rows)
    assert [(row["seconds"], row["megabytes"]) for row in rows] == [(1.5, 20.0), (2.5, 20.0)]
    assert [row["dimension"] for row in rows] == [2, found.dimension]
    assert [row["dimension_by_step"] for row in rows] == [4, rivals.by_step(found.variance)]
    for row, said in zip(rows, (rivals.Discovery(**kept), found)):
        lowest, true = (a.flatten(1).T.numpy() for a in (said.directions[:3], target.algebra))
        each = np.rad2deg(subspace_angles(lowest, true))
        assert (row["angle"], row["angle_mean"]) == pytest.approx((each.max(), each.mean()), rel=1e-6)


def test_where_there_is_no_symmetry_a_row_has_no_angle():
    bare = targets.known(seed=0)["discrete"]
    kept = {"directions": torch.eye(9).reshape(9, 3, 3), "strength": torch.ones(9), "dimension": 0}
    (row,) = readings.of_method({"answers": [kept], "seconds": [1.0], "megabytes": 1.0}, bare, [0])
    assert row["true"] == row["dimension"] == row["dimension_by_step"] == 0
    assert row["angle"] is None and row["angle_mean"] is None


def test_what_is_said_of_so3_where_it_is_known():
    x = masses_and_places(300, seed=0).double()
    row = readings.of_so3(find_symmetry(inertia, x, PLACES, output_action=Tensor(3, 2)))
    assert (row["dimension"], row["algebra"], row["silent"]) == (4, "so(3) + scaling", 0)
    assert row["angle"] < 1e-6 and row["difference"] < 1e-9
    net = EquivariantVectors(3, 2, seed=0).double()
    vectors = torch.randn(300, 6, generator=torch.Generator().manual_seed(0)).double()
    row = readings.of_so3(find_symmetry(net, vectors, Linear(3, copies=2), output_action=Linear(3)))
    assert (row["dimension"], row["algebra"]) == (3, "so(3)") and row["difference"] < 1e-6


def test_what_each_found_direction_is_nearest_to():
    """Tensors of inertia times whatever of the masses, which stay, move as the tensors do."""
    alike = [lambda x, k=k: inertia(x) * (1 + k * x[:, :1]) for k in (0.0, 0.2, 0.4)]
    x = masses_and_places(300, seed=0).double()
    found = find_symmetry(alike, x, PLACES, output_action=Tensor(3, 2))
    rows = readings.beside(found, {"turn": algebra.so(3), "scale": algebra.scaling(3)})
    assert [row["coherence"] for row in rows] == found.coherence[:4].tolist()
    assert [[row["low"], row["high"]] for row in rows] == found.coherence_interval[:4].tolist()
    apart = torch.stack([found.bias(algebra.so(3)), found.bias(algebra.scaling(3))])[:, :4]
    assert [row["nearest"] for row in rows] == [("turn", "scale")[i] for i in apart.argmin(0).tolist()]
    assert [row["degrees"] for row in rows] == pytest.approx(apart.amin(0).clamp(0, 1).asin().rad2deg().tolist())


def test_what_is_said_of_so3_where_nothing_is_found():
    crooked = lambda x: torch.stack([(2 * x).cos().sum(1), (x[:, 0] * x[:, 1]).tanh(), (x**3).sum(1)], 1)
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)).double()
    row = readings.of_so3(find_symmetry(crooked, x, Linear(3), output_action=Linear(3)))
    assert row == {"dimension": 0, "algebra": "none", "angle": None, "difference": None, "silent": 0}


def test_answers_of_the_hold_out_are_told_with_labels_and_without():
    cases = [{"family": f, "seed": 20_005} for f in ("so(3)", "none, affine")]
    settings = {"steps": 20, "batch_size": 100, "lr": 5e-3, "points": 200, "labelled": 100}
    measured = [holdout.survey(case, **settings) for case in cases]
    rows = readings.held_out(cases, measured)
    networks = measured[0]["setting"]["networks"]
    assert [row["kind"] for row in rows] == (["several"] + ["one"] * networks) * 2
    assert [(rows[i]["set"], rows[i]["true"]) for i in (0, -1)] == [("looked at", 3), ("run once", 0)]
    answers = readings.said(rows)
    assert len(answers) == 2 * len(rows) and {a["way"] for a in answers[:2]} == {"several", "several, labels"}
    for row, (without, labelled) in zip(rows, zip(answers[::2], answers[1::2])):
        assert (without["found"], labelled["found"]) == (row["found"], row["labelled"])
        for answer in (without, labelled):
            assert answer["right"] == (answer["found"] == row["true"]) and answer["low"] <= answer["found"]
            assert answer["inside"] == (answer["low"] <= row["true"] <= answer["high"])
            assert answer["single"] == (answer["low"] == answer["high"])
            assert answer["over"] == (answer["found"] > row["true"])


def test_growth_is_of_functions_that_are_in_both_kinds_of_rows():
    rows = [
        {"function": f, "way": way, "over": over}
        for f, way, over in (("a", "one", True), ("a", "one", False), ("a", "several", True), ("b", "one", True))
    ]
    assert growth_readings.growth(rows, "one", "several", by="way", column="over").tolist() == [[0.5, 1.0]]
    assert growth_readings.growth(rows[:2], "one", "several", by="way", column="over").shape == (0, 2)


def test_a_share_of_draws():
    assert growth_readings.of_draws(3, 12)["value"] == 0.25 and growth_readings.of_draws(3, 12)["n"] == 12
    assert growth_readings.of_draws(0, 0) is None
