"""What a user imports."""

import subprocess
import sys

import pytest
import torch
from torch import nn

import liegg
from liegg.training.networks import mlp

PUBLIC = ["find_symmetry", "Symmetry", "polarization_matrix", "polarize", "decide", "train", "pretrained"]
PUBLIC += ["Augmentation", "penalty", "lie_algebra", "actions", "algebra"]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there(name):
    assert name in liegg.__all__ and name in dir(liegg) and getattr(liegg, name) is not None
    scope = {}
    exec(f"from liegg import {name}", scope)
    assert scope[name] is getattr(liegg, name)


def test_public_names_say_what_they_are():
    assert all(liegg.__doc__ and getattr(liegg, name).__doc__ for name in PUBLIC)
    assert isinstance(
        liegg.find_symmetry(lambda x: x.norm(dim=1), torch.randn(50, 2), liegg.actions.Linear(2)), liegg.Symmetry
    )


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'liegg' has no attribute 'find_symetry'"):
        liegg.find_symetry  # noqa: B018


def test_importing_liegg_imports_no_torch():
    code = "import sys, liegg, liegg.progress, liegg.reproduce; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


ELSEWHERE = """
import pkgutil, sys
sys.modules |= dict.fromkeys(["fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"])
import liegg
for part in liegg.__all__:
    if part != "studies":
        getattr(liegg, part)
        for module in pkgutil.iter_modules(getattr(getattr(liegg, part), "__path__", [])):
            __import__(f"liegg.{part}.{module.name}")
print(liegg.find_symmetry(lambda x: x.norm(dim=1), torch.randn(50, 2), liegg.actions.Linear(2)).dimension)
"""


def test_the_library_needs_no_module_that_windows_lacks():
    done = subprocess.run([sys.executable, "-c", "import torch\n" + ELSEWHERE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_training_under_its_old_name_warns_and_still_trains():
    from liegg import ensemble

    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    data = [part.expand(2, -1, -1) for part in (x, x.sum(1, keepdim=True))]
    settings = {"seeds": [0, 1], "epochs": 3, "batch_size": 10, "lr": 1e-2, "device": "cpu"}
    old, new = ([mlp([3, 8, 1], seed=seed) for seed in range(2)] for _ in range(2))
    with pytest.warns(DeprecationWarning, match=r"liegg\.train") as warned:
        losses = ensemble.train(old, *data, nn.functional.mse_loss, **settings)
    assert warned[0].filename == __file__
    assert torch.equal(losses, liegg.train(new, *data, nn.functional.mse_loss, **settings))
    assert all(torch.equal(a[1].weight, b[1].weight) for a, b in zip(old, new))
    assert not torch.equal(old[0][1].weight, mlp([3, 8, 1], seed=0)[1].weight)
