"""Networks of the O(5) function trained as one, against loops over them, and against the arithmetic alone."""

import shutil
from functools import partial

import loops
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from liegg.studies.fit import fit
from liegg.studies.generators import o5

NETWORKS, EPOCHS = 64, 4
SAMPLES, HIDDEN, BATCH = 9500, (32, 32), 500  # LieGG's
SETTINGS = {"batch_size": BATCH, "lr": 3e-3, "weight_decay": 1e-4}
DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()
KINDS = {
    "matrix products": ("aten::bmm", "aten::mm"),
    "Swish and its derivative": ("aten::silu", "aten::silu_backward"),
    "putting batches together": ("aten::index_select", "aten::randperm", "aten::cat"),
    "Adam": ("aten::_fused_adam_",),
}

pytestmark = pytest.mark.benchmark(group="ensembles")


def ensemble(device: str):
    """What trains networks for some epochs more, and ends when the device has."""
    seeds = list(range(NETWORKS))
    x, y = o5.draws(SAMPLES, seeds=seeds)
    nets = o5.networks(HIDDEN, x, y, seeds=seeds)
    return lambda: fit(nets, x, y, seeds=seeds, epochs=EPOCHS, device=device, **SETTINGS)


@pytest.mark.parametrize("device", DEVICES)
def test_an_ensemble(race, device):
    """All train for as many epochs in all: one network in a loop for those of all networks."""
    x, y = o5.draw(SAMPLES, seed=0)
    (net,) = o5.networks(HIDDEN, [x], [y], seeds=[0])
    epochs, sizes = NETWORKS * EPOCHS, (NETWORKS, EPOCHS * SAMPLES // BATCH, BATCH, device)
    by_loader = "a loop over a DataLoader, network by network"
    others = {
        by_loader: partial(loops.with_loader, net, x, y, epochs=epochs, device=device, **SETTINGS),
        "a loop over tensors, network by network": partial(
            loops.with_tensors, net, x, y, epochs=epochs, device=device, **SETTINGS
        ),
        "the same steps by hand, in place": loops.by_hand(*sizes),
        "matrix products and exponentials alone": loops.arithmetic(*sizes),
    }
    told = []
    if shutil.which("c++"):
        others["the same gradients by torch.compile, once compiled"], seconds = loops.compiled(*sizes)
        told.append({"what": "compiling these gradients", "seconds": seconds})
    what = f"{NETWORKS} networks of the O(5) page, {EPOCHS} epochs, {device}"
    race(ensemble(device), others, rounds=3, case=what, faster=39, against=by_loader, count=epochs, rows=told)


def test_where_the_time_goes(measure):
    """By what the processor works on; the rest is Python, and what PyTorch does between."""
    train, seen = ensemble("cpu"), []

    def parts() -> list[dict]:
        for _ in range(3):
            with profile(activities=[ProfilerActivity.CPU]) as told:
                train()
            spent = {event.key: event.self_cpu_time_total / 1e6 for event in told.key_averages()}
            known = {part: sum(spent.get(name, 0.0) for name in names) for part, names in KINDS.items()}
            known["all else"] = sum(spent.values()) - sum(known.values())
            seen.extend({"part": part, "seconds": seconds} for part, seconds in known.items())
        return seen

    train()
    measure(parts, case=f"{NETWORKS} networks of the O(5) page, {EPOCHS} epochs")
