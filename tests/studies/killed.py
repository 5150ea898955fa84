"""Trainings of tiny networks that are killed again and again: `python killed.py PART FOLDER SEED TRIES` prints of every
try how often it was killed, which epochs it ended, and what of its result differs from an undisturbed one.

Each training runs in a fork of this process, which has one thread and imports everything before.
"""

import io
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import torch

from liegg import progress
from liegg.studies.embedding import learning
from liegg.studies.embedding.grids import Shapes
from liegg.studies.embedding.models import WorldModel
from liegg.studies.layerwise import images, schedule
from liegg.studies.layerwise.networks import Network

PLACES = ("before", "within", "written", "kept")
"""of the write of a checkpoint: before it, within it, with it written beside, and put in place"""


def layerwise(checkpoint, start):
    data = images.in_quadrants("digits", "digit", images=40, held_out=20, side=16, seed=0)
    net = Network("FC+CONV", 10, channels=1, width=1, shape="digits", grid="fixed", seed=start)
    settings = schedule.Schedule(epochs=12, batch_size=8, learning_rate=0.05, burn_in=1, every=1, samples=2, steps=3)
    augment = images.flipped_and_cropped
    priors, history = schedule.descend(
        net, data, settings, method="Laplace", seed=3, augment=augment, checkpoint=checkpoint
    )
    return {"net": net.state_dict(), "history": history, "precisions": priors.precisions}


def embedding(checkpoint, start):
    world = Shapes(2)
    model = WorldModel(world, "ours", channels=4, width=8, seed=start)
    settings = learning.Settings(25, epochs=12, batch_size=5)
    found = learning.train(model, world, "all", settings, seed=0, checkpoint=checkpoint)
    return {"net": model.state_dict(), "history": found["history"].tolist()}


PARTS = {"layerwise": layerwise, "embedding": embedding}


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(place, number, fraction):
    """Let this process die at the write of the checkpoint with that number."""
    save, replace, written = torch.save, Path.replace, []

    def saved(state, path):
        written.append(path)
        if len(written) < number:
            return save(state, path)
        if place == "before":
            die()
        whole = io.BytesIO()
        save(state, whole)
        content = whole.getvalue()
        Path(path).write_bytes(content[: int(fraction * len(content))] if place == "within" else content)
        if place in ("within", "written"):
            die()

    def put(path, target):
        replace(path, target)
        if len(written) >= number:
            die()

    torch.save, Path.replace = saved, put


def forked(work, folder, start, checkpoint, deadly_at=None):
    """The id of a process that trains and writes its result to folder/result, with the epochs that it ends."""
    if process := os.fork():
        return process
    try:
        progress.show = lambda text: (folder / "epochs").open("a").write(text.split("epoch ")[1].split()[0] + "\n")
        save = torch.save
        if deadly_at:
            deadly(*deadly_at)
        result = work(checkpoint, start)
        save(result, folder / "result")
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def ended(process):
    """0 for a training that ended, -9 for one that was killed, 1 for one that failed."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def differing(one, other, name="result"):
    if isinstance(one, dict):
        return [word for key in one for word in differing(one[key], other[key], f"{name}.{key}")]
    same = torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
    return [] if same else [name]


def main(part, folder, seed, tries):
    work, chance = PARTS[part], random.Random(seed)
    expected = work(None, 0)  # imports what is left
    began = time.monotonic()
    assert not differing(expected, work(None, 0))
    seconds = time.monotonic() - began
    for number in range(tries):
        place = folder / str(number)
        place.mkdir()
        kills, checkpoint, plan = 0, place / "kept", [*PLACES, "timed"]
        chance.shuffle(plan)
        for start, kind in enumerate([*plan, None]):  # whatever weights a new start has, the file decides
            at = (kind, chance.randint(1, 2), chance.random()) if kind in PLACES else None
            process = forked(work, place, start if checkpoint.exists() else 0, checkpoint, at)
            if kind == "timed":
                time.sleep(chance.uniform(0, seconds / 4))
                os.kill(process, signal.SIGKILL)
            code = ended(process)
            kills += code == -signal.SIGKILL
            if code != -signal.SIGKILL:
                break
        epochs = "-".join((place / "epochs").read_text().split())
        words = [f"exit {code}"] if code else differing(expected, torch.load(place / "result", weights_only=True))
        print(number, kills, epochs, *(words or ["same"]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
