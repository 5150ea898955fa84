"""A reader's own model, of every kind; what cannot be loaded, shaped or differentiated is named with the fix."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from liegg import actions
from liegg.studies.lens import your_action, your_answer, your_data, your_labels, your_model, your_words
from liegg.studies.lens.your_answer import Question

SO3, N = "Linear(3, copies=2)", 400
CODE = """
import sys
import numpy as np
import torch
from torch import nn
from helper import square
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.kernel_ridge import KernelRidge

class Invariant(nn.Module):
    def __init__(self, sign=1.0):
        super().__init__()
        self.sign = nn.Parameter(torch.tensor(sign))
    def forward(self, x):
        return self.sign * (square(x[:, :3]) + (x[:, :3] * x[:, 3:]).sum(1, keepdim=True))

class Logit(Invariant):
    def forward(self, x):
        return super().forward(x) - 3

class Probability(Logit):
    def forward(self, x):
        return super().forward(x).sigmoid()

class Logits(Logit):
    def forward(self, x):
        return torch.cat([-super().forward(x), super().forward(x)], 1)

class Softmax(Logits):
    def forward(self, x):
        return super().forward(x).softmax(1)

class Half(Invariant):
    def __init__(self):
        super().__init__()
        self.half()

class Pair(nn.Module):
    def forward(self, x):
        return x, x

class Wide(nn.Module):
    def __init__(self, width):
        super().__init__()

instance = Invariant()
points = np.load("x.npy")
def build():
    net = Invariant()
    net.load_state_dict(torch.load("weights.pt"))
    return net
def three():
    return [Invariant(), lambda x: square(x[:, :3]).sin(), lambda x: (x[:, :3] * x[:, 3:]).sum(1)]
def vector(x):
    return x[:, :3] * (x[:, :3] * x[:, 3:]).sum(1, keepdim=True)
def radius(x):
    return x.square().sum(1)
def cross(x):
    return torch.linalg.cross(x[:, :3], x[:, 3:])
def two():
    return [Invariant(), Invariant()]
def of_tensors(x):
    return torch.tanh(x[:, :3]).sum(1)
def of_arrays(a):
    return np.sin((a[:, :3] * a[:, 3:]).sum(1)) + (a[:, :3] ** 2).sum(1)
@torch.no_grad()
def without_gradients(x):
    return square(x[:, :3]) + (x[:, :3] * x[:, 3:]).sum(1, keepdim=True)
def ridge():
    return KernelRidge(kernel="poly", degree=2, alpha=1e-6).fit(points, of_arrays(points))
def classifier():
    features = points[:, :1]
    return LogisticRegression().fit(points, np.where(points[:, 0] > 0, "right", "left"))
sides = np.where(points[:, 0] > 0, "right", "left")
def steps():
    return KNeighborsRegressor(1).fit(points, of_arrays(points))
def probability_of_arrays(a):
    return 1 / (1 + np.exp(3 - (a[:, :3] ** 2).sum(1) - (a[:, :3] * a[:, 3:]).sum(1)))
def wants_a_file(x):
    return of_tensors(x) if open("helper.py").read() else x
def confused(a):
    return {}["key"]
def of_settings(settings):
    return Invariant()
def weights():
    return {"sign": torch.tensor(1.0)}
def raises():
    raise RuntimeError("no weights\\nhere")
def leaves():
    sys.exit(3)
number = 5
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A reader's folder: a module that needs another beside it, and data."""
    here = tmp_path_factory.mktemp("reader")
    x = torch.randn(N, 6, generator=torch.Generator().manual_seed(0))
    (here / "readers_own.py").write_text(CODE)
    (here / "relative.py").write_text("from .helper import square\n")
    (here / "helper.py").write_text("def square(x):\n    return x.square().sum(1, keepdim=True)\n")
    y = x[:, :3].square().sum(1) + (x[:, :3] * x[:, 3:]).sum(1)
    np.save(here / "x.npy", x.numpy())
    np.save(here / "y.npy", y.numpy() + 0.1 * np.random.default_rng(0).standard_normal(N))
    np.save(here / "classes.npy", (y > 3).numpy().astype(int))
    np.save(here / "halves.npy", (y > 3).numpy().astype(float))
    np.save(here / "signs.npy", 2 * (y > 3).numpy().astype(int) - 1)
    np.save(here / "onehot.npy", np.eye(2)[(y > 3).numpy().astype(int)])
    np.save(here / "from1.npy", 1 + (y > 3).numpy().astype(int))
    np.savez(here / "both.npz", inputs=x.numpy(), targets=y.numpy(), other=x.numpy())
    torch.save({"x": x, "y": y}, here / "both.pt")
    torch.save({"sign": torch.tensor(1.0)}, here / "weights.pt")
    np.save(here / "bytes.npy", np.zeros((9, 6), np.uint8))
    np.save(here / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(here / "nan.npy", np.full((9, 6), np.nan))
    (here / "broken.npy").write_bytes(b"\x93NUMPY")
    net = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    torch.jit.trace(net, x[:3]).save(here / "traced.pt")
    dynamic = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)}
    torch.export.save(torch.export.export(net, (x[:5],), **dynamic), here / "exported.pt2")
    torch.export.save(torch.export.export(net, (x[:5],)), here / "fixed.pt2")
    return here


@pytest.fixture(autouse=True)
def as_before():
    """Modules and their path as they were."""
    path, known = [*sys.path], {*sys.modules}
    yield
    sys.path[:] = path
    for name in {"readers_own", "relative", "helper"} - known:
        sys.modules.pop(name, None)


def ask(folder, model, inputs="x.npy", targets="", action=SO3, output_action="", **settings):
    words = [str(folder / w) if w else "" for w in (model, inputs)] + [action, targets and str(folder / targets)]
    question = Question(*words, output_action)
    measured = your_answer.ask(question, **{"samples": N, "seed": 0, **settings})
    return measured, your_answer.found(measured, question), question


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("instance", "a torch module, Invariant"),
        ("Invariant", "a torch module, Invariant"),
        ("build", "a torch module, Invariant"),
        ("three", "a torch module, Invariant"),
        ("of_arrays", "a function without gradients"),
        ("without_gradients", "a function without gradients"),
        ("ridge", "an estimator, KernelRidge"),
    ],
)
def test_the_rotations_of_models_of_every_kind(folder, name, kind):
    measured, found, question = ask(folder, f"readers_own.py:{name}")
    assert measured["kind"].startswith(kind) and found.dimension == 3 and found.identify().name == "so(3)"
    assert found.networks == (3 if name == "three" else 1) and measured["given"] == N
    assert measured["orbits"].shape == (3, 6, 41, 2) and measured["along"].max() < 0.2 < measured["random"].max()
    assert "**3** of 9" in your_words.answer(found) and kind in your_words.asked(measured, found, question)


@pytest.mark.parametrize("file", ["traced.pt", "exported.pt2"])
def test_programs_say_the_same_as_the_network_they_were_made_from(folder, file):
    measured, found, _ = ask(folder, file, action="Linear(6)")
    network = ask(folder, "traced.pt", action="Linear(6)")[1]
    torch.testing.assert_close(found.variance, network.variance, rtol=1e-4, atol=1e-9)
    assert measured["kind"].startswith(("a TorchScript", "an exported"))


@pytest.mark.parametrize(
    ("name", "targets", "read_as", "score"),
    [
        ("build", "y.npy", "values", 0.99),
        ("Logit", "classes.npy", "logit of the second", 1.0),
        ("Logit", "halves.npy", "logit of the second", 1.0),
        ("Logit", "signs.npy", "logit of the second", 1.0),
        ("Probability", "classes.npy", "probability of the second", 1.0),
        ("Probability", "halves.npy", "probability of the second", 1.0),
        ("probability_of_arrays", "classes.npy", "probability of the second", 1.0),
        ("Logits", "classes.npy", "the outputs their logits", 1.0),
        ("Logits", "onehot.npy", "the outputs their logits", 1.0),
        ("Softmax", "classes.npy", "the outputs are probabilities of classes", 1.0),
        ("classifier", "readers_own.py:sides", "classes", 0.9),
    ],
)
def test_targets_are_values_or_classes(folder, name, targets, read_as, score):
    measured, found, _ = ask(folder, f"readers_own.py:{name}", targets=targets)
    assert read_as in measured["read_as"] and measured["score"] >= score
    assert found.paid_share is not None


def test_outputs_that_turn_along(folder):
    measured, found, question = ask(folder, "readers_own.py:vector", output_action="Linear(3)")
    assert found.dimension >= 3 and found.output_generators.shape[1:] == (3, 3) and measured["along"].max() < 1e-3
    assert "output_action='Linear(3)'" in your_words.in_python(found, measured, question, N, 0)


def test_inputs_from_files_with_names_and_from_the_models_module(folder):
    for inputs, targets in (("both.npz", "both.npz"), ("both.npz:other", "both.npz:targets"), ("both.pt", "both.pt:y")):
        assert ask(folder, "readers_own.py:build", inputs, targets)[1].dimension == 3
    assert ask(folder, "readers_own.py:build", "readers_own.py:points")[1].dimension == 3


def test_arrays_of_other_kinds(folder):
    x = torch.load(folder / "both.pt")["x"]
    torch.save(x.to_sparse(), folder / "sparse.pt")
    torch.save(x.bfloat16(), folder / "narrow.pt")
    np.save(folder / "swapped.npy", x.numpy().astype(">f4"))
    np.save(folder / "double.npy", x.double().numpy())
    np.savez(folder / "junk.npz", x=x.numpy(), junk=np.array([{}], dtype=object))
    (folder / "double.npy").rename(folder / "double.NPY")
    for inputs in ("sparse.pt", "narrow.pt", "swapped.npy", "double.NPY", "junk.npz"):
        assert ask(folder, "readers_own.py:build", inputs)[1].dimension == 3
    assert ask(folder, "readers_own.py:Half", "double.NPY")[1].dimension == 3


def test_files_that_a_model_opens_when_it_is_asked_lie_beside_it(folder):
    assert ask(folder, "readers_own.py:wants_a_file")[0]["kind"] == "a function of tensors"


def test_saturated_probabilities_are_warned_of(folder):
    asked = your_model.asked([lambda x: (100 * x[:, :1]).sigmoid()], x := torch.load(folder / "both.pt")["x"])
    with pytest.warns(UserWarning, match="are 0 or 1 to rounding"):
        read = your_labels.read(asked, x, (x[:, 0] > 0).numpy().astype(int))
    assert read.model.functions[0](x).shape == (N, 2)


def test_logits_are_those_whose_softmax_is_the_probability():
    p = torch.tensor([[0.2], [0.9]], dtype=torch.float64)
    for kind, f in {"probability": lambda x: x, "probabilities": lambda x: torch.cat([1 - x, x], 1)}.items():
        torch.testing.assert_close(your_labels.Logits(f, kind)(p).softmax(1)[:, 1:], p)
    torch.testing.assert_close(your_labels.Logits(lambda x: x.logit(), "logit")(p).softmax(1)[:, 1:], p)


def test_a_flow_that_blows_up_is_followed_as_far_as_it_goes(folder):
    torch.save(torch.randn(60, 2, generator=torch.Generator().manual_seed(0)), folder / "plane.pt")
    measured = ask(folder, "readers_own.py:radius", "plane.pt", action="Polynomial(2, degree=2)")[0]
    assert measured["turn"] < 90 and measured["orbits"].isfinite().all() and measured["along"].isfinite().all()


def test_no_ratio_where_everything_is_a_symmetry(folder):
    measured, found, question = ask(folder, "readers_own.py:cross", output_action="Linear(3)")
    assert found.dimension == len(found.variance) and measured["ratio"] is None
    assert "Do not go far" not in " ".join(your_words.next_steps(found, measured, question))


def test_the_answer_again_in_python(folder):
    measured, found, question = ask(folder, "readers_own.py:classifier", targets="readers_own.py:sides")
    said = your_words.in_python(found, measured, question, N, 0)
    scope = {}
    exec(said.split("\n\naugment")[0], scope)
    assert scope["found"] == found and "penalty" not in said


def test_labelled_samples_come_first_and_no_more_than_asked_for(folder):
    np.save(folder / "half.npy", np.load(folder / "y.npy")[:100])
    data = your_data.read(str(folder / "x.npy"), str(folder / "half.npy"), None, samples=150, seed=1)
    x, y = np.load(folder / "x.npy"), np.load(folder / "y.npy")
    rows = [int(np.abs(x - row).sum(1).argmin()) for row in data.x.numpy()]
    assert len(set(rows)) == 150 and max(rows[:100]) < 100 <= min(rows[100:]) and data.given == N
    np.testing.assert_array_equal(data.y, y[rows[:100]])


@pytest.mark.parametrize(
    ("model", "inputs", "settings", "said"),
    [
        ("readers_own.py", "x.npy", {}, "MODEL is package.module:name"),
        ("gone.py:build", "x.npy", {}, "there is no file .*gone.py"),
        ("readers_own.py:gone", "x.npy", {}, "readers_own has no gone: it has"),
        ("readers_own.py:number", "x.npy", {}, "MODEL is a int, and should be a model"),
        ("readers_own.py:raises", "x.npy", {}, "cannot be built: RuntimeError: no weights$"),
        ("readers_own.py:leaves", "x.npy", {}, "cannot be built: SystemExit: 3"),
        ("readers_own.py:Wide", "x.npy", {}, "MODEL needs width: give a function without arguments"),
        ("readers_own.py:two", "x.npy", {}, "gives 2 models: give one, or three"),
        (
            "readers_own.py:Pair",
            "x.npy",
            {},
            r"maps \(3, 6\) to tuple, and should to .* give a function or module around",
        ),
        ("readers_own.py:steps", "x.npy", {}, "differences of this function err .* give a smoother model"),
        ("weights.pt", "x.npy", {}, "holds weights or a pickle.* def build"),
        ("fixed.pt2", "x.npy", {}, "dynamic_shapes"),
        ("gone.pt2", "x.npy", {}, "there is no file"),
        ("readers_own.py:confused", "x.npy", {}, r"neither a tensor \(KeyError: 'key'\) nor an array"),
        ("readers_own.py:of_settings", "x.npy", {}, "makes a model of its argument, settings: give a function without"),
        ("readers_own.py:weights", "x.npy", {}, "MODEL gives a dict: .* of weights alone a function"),
        ("relative.py:build", "x.npy", {}, "relative import .*; give it as package.module:name"),
        ("readers_own.py:Logits", "x.npy", {"targets": "from1.npy"}, "classes from 1 to 2, .* save y - 1"),
        ("readers_own.py:build", "gone.npy", {}, "INPUTS: there is no file"),
        ("readers_own.py:build", "broken.npy", {}, "INPUTS: .*broken.npy cannot be read"),
        (
            "readers_own.py:build",
            "objects.npy",
            {},
            "INPUTS: .*objects.npy cannot be read, as it holds no plain arrays",
        ),
        ("readers_own.py:build", "nan.npy", {}, "NaN or infinite values in 9 of 9 samples: leave them out"),
        ("readers_own.py:build", "bytes.npy", {}, r"INPUTS holds uint8.*astype\('float32'\)"),
        ("readers_own.py:build", "both.npz:gone", {}, "holds inputs, targets, other: choose one"),
        ("readers_own.py:build", "helper.py:square", {}, "no other code is run for it"),
        ("readers_own.py:build", "y.npy", {}, r"INPUTS has shape \(400,\)"),
        ("readers_own.py:build", "x.npy", {"targets": "gone.npy"}, "TARGETS: there is no file"),
        ("readers_own.py:build", "x.npy", {"action": "Linear(4)"}, r"does not fit INPUTS.*Linear\(3, copies=2\)"),
        ("readers_own.py:build", "x.npy", {"action": "Affine2d()"}, "does not fit INPUTS"),
        ("readers_own.py:classifier", "x.npy", {"targets": "classes.npy"}, "classes that the model does not know"),
    ],
)
def test_what_is_wrong_is_named_with_the_fix(folder, model, inputs, settings, said):
    with pytest.raises(ValueError, match=said):
        ask(folder, model, inputs, **settings)


@pytest.mark.parametrize("place", ["gone.module:build", "liegg.gone:build"])
def test_a_module_that_is_not_there(place):
    with pytest.raises(ValueError, match=r"there is no module .* give its file"):
        your_model.load(place)


def test_a_package_that_a_model_needs_is_named(tmp_path):
    (tmp_path / "needy.py").write_text("import package_that_is_not_there\n")
    with pytest.raises(ValueError, match=r"needs package_that_is_not_there, .* -m pip install"):
        your_model.load(f"{tmp_path / 'needy.py'}:build")
    (tmp_path / "torch.py").write_text("")
    with pytest.raises(ValueError, match=r"torch\.py has the name of a module that is there already: rename it"):
        your_model.load(f"{tmp_path / 'torch.py'}:build")


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("Linear(5, copies=2)", actions.Linear(5, copies=2)),
        (" actions.Affine(n=3) ", actions.Affine(3)),
        ("Affine2d()", actions.Affine2d()),
        ("Product([(Linear(3), 3), (None, 2)])", actions.Product([(actions.Linear(3), 3), (None, 2)])),
        ("Copies(Tensor(3, rank=2), 4)", actions.Copies(actions.Tensor(3, rank=2), 4)),
        ("liegg.actions.Polynomial(2, degree=2)", actions.Polynomial(2, 2)),
    ],
)
def test_actions_are_parsed(words, same):
    made = your_action.action(words)
    assert (repr(made), made.size) == (repr(same), same.size)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("__import__('os').system('true')", "there is no action __import__"),
        ("Linear(n := 3)", "may hold actions, numbers"),
        ("Linear(__import__('os'))", "there is no action __import__"),
        ("Linear(*[3])", "may hold actions"),
        ("Linear(**{'n': 3})", "without"),
        ("[Linear(3)]", "is no action"),
        ("Linear(3", "cannot be read"),
        ("Linear()", "cannot be read"),
        ("Linear(3, copy=2)", "cannot be read"),
        ("Linear(-3)", "positive whole numbers"),
        ("linear(3)", "there is no action linear, but Linear"),
        ("Linear(1000)", "Linear has 1000000 directions, and an answer in a minute has 400"),
        ("Linear(10000000000)", "a number is 1000000 at most"),
        ("Polynomial(50, 50)", "directions"),
        ("Polynomial(1000000, 1000000)", "directions"),
        ("Polynomial(3, degree=1000000)", "directions"),
        ("Tensor(3, rank=1000000)", "numbers a sample"),
        ("translations(20000)", "directions"),
        ("Copies(Copies(Linear(30), 2), 2)", "Linear has 900 directions"),
        ("Affine(3, copies='2')", "positive whole numbers"),
        ("", "cannot be read"),
    ],
)
def test_what_is_no_action_is_refused_and_nothing_is_run(words, said):
    with pytest.raises(ValueError, match=said):
        your_action.action(words)


def test_images_are_carried_as_frames():
    x = torch.rand(60, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    found = your_answer.find_symmetry(lambda x: x.flatten(1).sin() @ torch.arange(64.0), x, actions.Affine2d())
    frames = your_answer._pictured(found, x, 90.0)["frames"]
    assert frames.shape[1:] == (your_answer.FRAMES, 1, 8, 8) and frames.min() == 0 and frames.max() == 1
    assert your_action.fitting(x) == ["Affine2d()"]


def test_next_steps_follow_from_the_answer(folder):
    measured, found, question = ask(folder, "readers_own.py:build", targets="y.npy")
    assert any("**Use it**" in step for step in your_words.next_steps(found, measured, question))
    measured, found, question = ask(folder, "readers_own.py:of_tensors")
    steps = your_words.next_steps(found, measured, question)
    assert ("**Make it surer.** One network without labels" in " ".join(steps)) == (
        found.dimension_interval[0] < found.dimension_interval[1]
    )
    shuffled = np.random.default_rng(1).permutation(np.load(folder / "y.npy"))
    np.save(folder / "shuffled.npy", shuffled)
    measured, found, question = ask(folder, "readers_own.py:of_tensors", targets="shuffled.npy")
    assert "**Look at the targets first.**" in your_words.next_steps(found, measured, question)[0]
    assert "**cannot be told**" in your_words.answer(found)
    assert any("left aside" in warning for warning in measured["warnings"])


def test_the_example_of_the_page():
    from liegg.studies.lens import your_example

    assert your_example.points.shape == (5000, 10) and your_example.labels.shape == (5000, 1)
