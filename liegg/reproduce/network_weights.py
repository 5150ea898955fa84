"""The networks of `liegg.pretrained`: weights that stored pages have measured, kept in liegg/training/weights."""

import hashlib
import io
from pathlib import Path

import numpy as np

from liegg.reproduce import kept, whole
from liegg.reproduce.project import Run
from liegg.reproduce.table import Experiment

FOLDER = Path("liegg", "training", "weights")
CHECKSUMS = FOLDER / "checksums.sha256"
SOURCES = {
    "o5": ("11_o5_regression", {}),
    "rotated-digits": ("12_rotated_digits", {"kind": "trained"}),
    "upright-digits": ("12_rotated_digits", {"kind": "upright"}),
}
"""the experiment, and its case, that measured the networks of a name"""


def keep(run: Run, experiments: list[Experiment]) -> None:
    """Put the weights that are stored with these experiments in their place, and their sha256 beside them."""
    stored = {e.name for e in experiments}
    digests = {}
    for name, (experiment, _) in SOURCES.items():
        if experiment in stored:
            content = _packed(of(run, name))
            digests[f"{name}.npz"] = hashlib.sha256(content).hexdigest()
            with whole.writing(run.root / FOLDER / f"{name}.npz") as part:
                part.write_bytes(content)
    if digests:
        with whole.writing(run.root / CHECKSUMS) as part:
            every = sorted((_digests(run.root / CHECKSUMS) | digests).items())
            part.write_text("".join(f"{digest}  {file}\n" for file, digest in every), encoding="utf-8")


def of(run: Run, name: str) -> list[dict[str, np.ndarray]]:
    """The weights of a name's networks, by seed, as they are stored with the page that measured them."""
    experiment, of_networks = SOURCES[name]
    cases = kept.read(run.stored(experiment).with_suffix(".npz"))
    (measured,) = (value for case, value in cases if case == of_networks)
    return measured["weights"] if isinstance(measured, dict) else [of_net["weights"] for of_net in measured]


def _packed(networks: list[dict[str, np.ndarray]]) -> bytes:
    """A .npz with an entry a parameter, (seeds, ...); the same weights give the same bytes."""
    file = io.BytesIO()
    entries = {key: np.stack([net[key] for net in networks]) for key in networks[0]}
    np.savez(file, **entries)  # type: ignore[arg-type]
    return file.getvalue()


def _digests(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {file: digest for digest, file in map(str.split, lines)}
