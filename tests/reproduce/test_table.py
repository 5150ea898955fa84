"""The table of experiments: profiles, parameters as they are typed, parameters that are wrong."""

import math
from dataclasses import replace

import pytest
import yaml

from liegg import data
from liegg.reproduce import table
from liegg.reproduce.errors import UserError
from liegg.reproduce.parameters import TYPES
from liegg.reproduce.project import find_root
from liegg.reproduce.words import parse, typed
from liegg.studies.embedding import arm, models, pose, teapot
from liegg.studies.generators import architectures
from liegg.studies.layerwise import evidence, networks, separable
from liegg.studies.lens import equations, families, invariance_benchmark, oracles, others, targets

EXPERIMENTS = table.load()
O5 = EXPERIMENTS["11_o5_regression"]


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("profile", table.PROFILES)
def test_every_profile_of_every_notebook_is_valid(name, profile):
    experiment = EXPERIMENTS[name]
    if profile not in experiment.profiles:
        assert profile in table.OPTIONAL
        return
    values = experiment.values(profile, {})
    assert set(values) == set(experiment.parameters()) and set(experiment.profiles) == set(experiment.seconds)
    assert set(experiment.allowed) <= set(values)
    assert all(p.help and p.type in TYPES for p in experiment.parameters().values())


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_every_number_has_a_range_or_a_choice(experiment):
    for p in experiment.parameters().values():
        if p.kind in ("int", "float") and not isinstance(p.allowed, list):
            assert {"min", "max"} <= set(p.allowed)
            with pytest.raises(UserError, match=f"{p.name}.* must be from .* to .*, not .*1000000000000"):
                p.check([10**12] if p.type == "list" else 10**12)


def test_a_number_without_a_range_is_refused():
    without = replace(O5, allowed={name: values for name, values in O5.allowed.items() if name != "epochs"})
    with pytest.raises(UserError, match=r"experiments.yml, 11_o5_regression, allowed: epochs .* needs a min and a max"):
        without.values("quick", {})


LAYERWISE = {"dataset": data.DATASETS, "network": networks.SHAPES, "layers": networks.LAYERS, "rule": evidence.UPDATES}
KNOWN = {
    "12_rotated_digits": {"dataset": data.DATASETS},
    "15_architectures": {"dataset": data.DATASETS, "architectures": architectures.ARCHITECTURES},
    "16_layers_and_training": {"dataset": data.DATASETS},
    "17_discovery_methods": {"tasks": targets.known()},
    "18_depth_parameters": {"dataset": data.DATASETS},
    "22_symmetry_breaking": {"dataset": ("digits", "fashion-mnist")},
    "31_toy": LAYERWISE,
    "32_mixed_groups": LAYERWISE,
    "33_images": {
        **LAYERWISE,
        "dataset": ("digits", "cifar10"),
        "augmented": ("", *networks.LAYERS),
        "separable": separable.CONVOLUTIONS,
    },
    "34_layers_through_the_lens": LAYERWISE,
    "42_rotations": {
        "transitions_of_poses": pose.KINDS["SO(3)"],
        "rotations": teapot.Teapot.ACTIONS,
        "torques": arm.Arm.ACTIONS,
        "arm_models": models.KINDS,
    },
    "51_symmetry_zoo": {"families": families.FAMILIES},
    "53_how_sure": {"families": families.FAMILIES},
    "54_published": {
        "invariance_functions": invariance_benchmark.FUNCTIONS,
        "learned_equations": equations.EQUATIONS,
        "groups": [*oracles.PUBLISHED, "G2", "F4", "E6"],
        "learned_groups": ["U(3) of two", "G2"],
    },
    "56_networks_of_others": {"networks": others.PACKAGES, "clusters": others.CLUSTERS},
}
"""what the code knows that takes the words of a parameter"""
FREE = {"58_your_model": "what a reader asks about, in any words"}


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_every_word_that_is_allowed_works_and_can_be_typed(experiment):
    for p in experiment.parameters().values():
        if p.kind == "str" and experiment.name not in FREE:
            assert set(p.allowed) <= set(KNOWN[experiment.name][p.name])
            assert all(word.count("(") == word.count(")") for word in p.allowed)
            shown = ", ".join(map(typed, p.allowed))  # as the error lists them
            assert parse(f"words=[{shown}]") == {"words": p.allowed}


def test_the_authors_settings():
    values = O5.values("paper", {})
    assert values == O5.values("quick", {"networks": 16})
    assert values["epochs"] == 900000 // values["samples"] and values["learning_rate"] == 3e-3
    assert EXPERIMENTS["12_rotated_digits"].values("paper", {})["epochs"] == 200


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("", {}),
        ("seed=3 hidden_width=64", {"seed": 3, "hidden_width": 64}),
        ("lr=1e-3 name=mnist on=true off=False", {"lr": 1e-3, "name": "mnist", "on": True, "off": False}),
        ("widths='[8, 16]' title='two words'", {"widths": [8, 16], "title": "two words"}),
        (
            "tasks=['none: steep', 'so(3)'] a=[CNN, ViT] b=[]",
            {"tasks": ["none: steep", "so(3)"], "a": ["CNN", "ViT"], "b": []},
        ),
        (
            "tasks=[so(1,3), none: steep,'none, affine', \"so(2,2)\"] task=so(1,3)",
            {"tasks": ["so(1,3)", "none: steep", "none, affine", "so(2,2)"], "task": "so(1,3)"},
        ),
        ("open=[so(1, 3] text={[]:1}", {"open": ["so(1", 3], "text": "{[]:1}"}),
    ],
)
def test_parameters_as_they_are_typed(words, values):
    assert parse(words) == values


@pytest.mark.parametrize("words", ["seed", "seed=", "=3", "seed = 3", "seed='3", "widths=[8, 16", "a=1 b"])
def test_parameters_that_cannot_be_read(words):
    with pytest.raises(UserError, match="cannot read"):
        parse(words)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"width": 3}, "no parameter width: it has seed"),
        ({"seed": "3"}, "seed must be int, not str"),
        ({"seed": True}, "seed must be int, not bool"),
        ({"seed": 1.5}, "seed must be int, not float"),
        ({"learning_rate": "fast"}, "learning_rate must be float"),
        ({"learning_rate": math.inf}, "learning_rate must be from 0 to 10, not inf"),
        ({"learning_rate": math.nan}, "learning_rate must be from 0 to 10, not nan"),
        ({"learning_rate": 10**400}, "learning_rate must be from 0 to 10, not 1000"),
        ({"batch_size": 99999999999999999999}, "batch_size must be from 1 to 10000000, not 9999"),
        ({"seed": 10**20}, "seed must be from 0 to 1000000"),
        ({"networks": 0}, "networks must be from 1 to 64, not 0"),
    ],
)
def test_parameters_that_are_wrong(overrides, words):
    with pytest.raises(UserError, match=words):
        O5.values("quick", overrides)


def test_choices_and_whole_numbers_for_floats():
    with pytest.raises(UserError, match="dataset must be one of digits, mnist, not 'svhn'"):
        EXPERIMENTS["12_rotated_digits"].values("quick", {"dataset": "svhn"})
    assert O5.values("quick", {"weight_decay": 0})["weight_decay"] == 0.0


@pytest.mark.parametrize(
    ("name", "overrides", "words"),
    [
        ("13_data_size", {"sizes": 600}, "sizes must be a list, not 600"),
        ("13_data_size", {"sizes": [600]}, "sizes must have at least 2 entries, all different"),
        ("13_data_size", {"sizes": [600, 600]}, "all different"),
        ("22_symmetry_breaking", {"means": [0, 0.0]}, "all different"),
        ("13_data_size", {"sizes": [300, 1200]}, "sizes, each entry of it, must be from 520 to 10000000, not 300"),
        ("14_width_depth", {"widths": []}, "widths must have at least 1 entries"),
        ("14_width_depth", {"widths": [1.5]}, "widths, each entry of it, must be int, not float"),
        ("15_architectures", {"architectures": ["RNN"]}, "must be one of 'MLP, Swish', .*, not 'RNN'"),
        ("17_discovery_methods", {"tasks": ["images, so(2)"]}, "must be one of so"),
        ("17_discovery_methods", {"tasks": ["so(1"]}, r"must be one of .*, 'so\(1,3\)', .*, not 'so\(1'"),
        ("51_symmetry_zoo", {"widths": [-8]}, "widths, each entry of it, must be from 1 to 65536, not -8"),
        ("51_symmetry_zoo", {"noises": [0, 0.0]}, r"all different, not \[0, 0.0\]"),
        ("51_symmetry_zoo", {"samples": [0]}, "samples, each entry of it, must be from 100 to 10000000, not 0"),
    ],
)
def test_lists_are_checked_entry_by_entry(name, overrides, words):
    with pytest.raises(UserError, match=words):
        EXPERIMENTS[name].values("quick", overrides)
    assert EXPERIMENTS["51_symmetry_zoo"].values("quick", {"noises": [0, 1]})["noises"] == [0.0, 1.0]


def test_a_profile_that_only_some_have():
    every = table.load()
    some = {name for name, experiment in every.items() if "full" in experiment.profiles}
    assert some and {e.name for e in table.select(every, "", "full")} == some < set(every)
    with pytest.raises(UserError, match="11_o5_regression has no profile full: there are smoke, quick, paper"):
        table.select(every, "11_o5_regression", "full")


def test_unknown_profile_and_notebook():
    with pytest.raises(UserError, match="unknown profile 'fast': there are smoke, quick, paper"):
        table.select(EXPERIMENTS, "", "fast")
    with pytest.raises(UserError, match="unknown notebook '09_none'"):
        table.select(EXPERIMENTS, "09_none", "quick")
    chosen = table.select(EXPERIMENTS, "notebooks/11_o5_regression.ipynb", "quick")
    assert [e.name for e in chosen] == ["11_o5_regression"]


def test_the_notebooks_of_one_part():
    by_part = {part: [e.name for e in table.select(EXPERIMENTS, "", "quick", part)] for part in table.PARTS}
    assert [name for names in by_part.values() for name in names] == list(EXPERIMENTS)
    assert all(name.startswith(str(digit)) for digit, names in enumerate(by_part.values(), 1) for name in names)
    toc = yaml.safe_load((find_root() / "book" / "_toc.yml").read_text())["parts"]
    captions = {p["caption"].split(".")[0]: p["chapters"] for p in toc if "notebooks" in p["chapters"][0]["file"]}
    assert {part: [c["file"].split("/")[1] for c in chapters] for part, chapters in captions.items()} == by_part


@pytest.mark.parametrize(
    ("names", "profile", "part", "words"),
    [
        ("", "quick", "VI", "unknown part 'VI': there are I, II, III, IV, V"),
        ("", "quick", "ii", "unknown part 'ii'"),
        ("11_o5_regression", "quick", "I", r"give NOTEBOOK \(--notebook\) or PART \(--part\), not both"),
        ("", "full", "I", "no notebook of part I has the profile full"),
    ],
)
def test_a_part_that_cannot_be_run(names, profile, part, words):
    with pytest.raises(UserError, match=words):
        table.select(EXPERIMENTS, names, profile, part)


@pytest.mark.parametrize(
    ("old", "now"),
    [
        ("01_o5_regression", "11_o5_regression"),
        ("notebooks/07_discovery_methods.ipynb", "17_discovery_methods"),
        ("08_symmetry_zoo", "51_symmetry_zoo"),
        ("99_equivariance", "52_equivariance"),
    ],
)
def test_a_notebook_of_another_number_is_told_its_new_one(old, now):
    with pytest.raises(UserError, match=rf"it is called {now} now \(NOTEBOOK={now}\)"):
        table.select(EXPERIMENTS, old, "quick")


@pytest.mark.parametrize("name", ["01_none", "11", "o5", "11_o5"])
def test_a_notebook_that_never_was_is_not(name):
    with pytest.raises(UserError, match=f"unknown notebook '{name}'") as refused:
        table.select(EXPERIMENTS, name, "quick")
    assert "is called" not in str(refused.value) and "11_o5_regression" in str(refused.value)
