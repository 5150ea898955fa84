"""Checkpoints: trainings that are killed at any moment end in the same result, and damage can be told."""

import itertools
import os
import pickle
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import killed
import pytest
import torch


@pytest.mark.parametrize("tries", [1, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.parametrize("part", killed.PARTS)
def test_a_training_that_is_killed_again_and_again_ends_in_the_same_result(part, tries, tmp_path):
    """Five kills a try: at four places about the write of a checkpoint, and at any time."""
    words = [sys.executable, killed.__file__, part, tmp_path, str(tries), str(tries)]
    roots = os.pathsep.join([str(Path(killed.learning.__file__).parents[3]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": roots}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=600)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == tries and done.returncode == 0, done.stderr
    kills = 0
    for _, count, epochs, *outcome in lines:
        assert outcome == ["same"], (epochs, outcome, done.stderr)
        # it goes on where it was: at most the epoch in which it was killed is done again
        assert all(after - before in (0, 1) for before, after in itertools.pairwise(map(int, epochs.split("-"))))
        kills += int(count)
    assert kills >= 4 * tries


@pytest.fixture(scope="module", params=killed.PARTS)
def finished(request, tmp_path_factory):
    """A training, the file of its last checkpoint, what stands in it, and the result."""
    path = tmp_path_factory.mktemp("finished") / "kept"
    train = killed.PARTS[request.param]
    expected = train(path, 0)
    assert not list(path.parent.glob("*.part"))
    return train, path, path.read_bytes(), expected


def sound(path):
    """Whether PyTorch reads a checkpoint, and what it holds has the checksums that were written with it."""
    try:
        torch.load(path, weights_only=True)
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:  # of many kinds
        return False


def test_a_checkpoint_that_ends_too_early_is_refused(finished):
    """The writing never leaves such a file; a full disk or a copy may."""
    train, path, whole, _ = finished
    chance = random.Random(0)
    for length in (0, 1, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(30))):
        path.write_bytes(whole[:length])
        assert not sound(path)
        with pytest.raises((RuntimeError, OSError, EOFError, pickle.UnpicklingError)):
            train(path, 1)
        assert path.stat().st_size == length


def test_damage_within_a_checkpoint_shows_in_its_checksums(finished):
    """PyTorch does not compare them: a bit of a weight changes the result, and nothing is said."""
    train, path, whole, expected = finished
    chance = random.Random(1)
    harmful = 0
    for _ in range(40):
        at = chance.randrange(len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        if sound(path):
            found = train(path, 1)
            assert not killed.differing(expected, found), at
        harmful += not sound(path)
    assert harmful
