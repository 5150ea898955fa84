"""One network learned, and what each of its layers became: the step that the four pages share."""

from pathlib import Path
from typing import NamedTuple

import torch

from liegg.studies.layerwise import equivariance, schedule
from liegg.studies.layerwise.networks import Network
from liegg.studies.layerwise.schedule import Augmentation, Data, Schedule

SEEN = 200
"""test images that equivariance is measured on"""


class Plan(NamedTuple):
    """What is learned by which network; `shape` and `grid` as in `networks.Network`."""

    kind: str
    method: str
    classes: int
    width: int
    shape: str
    seed: int

    def network(self, data: Data) -> Network:
        """Untrained; small digits keep the first sub-grid, so that their layers are affine, others the largest."""
        return Network(
            self.kind,
            self.classes,
            channels=data[0].shape[1],
            width=self.width,
            shape=self.shape,
            grid="fixed" if self.shape == "digits" else "largest",
            seed=self.seed,
        )


def learn(
    plan: Plan,
    data: Data,
    settings: Schedule,
    *,
    augment: Augmentation | None = None,
    checkpoint: Path | None = None,
    device: str | None = None,
) -> tuple[Network, dict]:
    """The trained network, and what `schedule.train` says of it with, layer by layer on SEEN test images, errors (the
    equivariance error, see `equivariance.shift_errors`) and shares (of the output's energy); and kept, the share of
    answers that a shift by half of the image leaves."""
    net = plan.network(data)
    found = schedule.train(
        net,
        data,
        settings,
        method=plan.method,
        seed=plan.seed,
        augment=augment,
        checkpoint=checkpoint,
        device=device,
    )
    net.to("cpu")
    x = data[2][:SEEN]
    return net, {
        **found,
        "errors": torch.tensor(equivariance.shift_errors(net, x)),
        "shares": equivariance.energy_shares(net, x),
        "kept": equivariance.kept_answers(net, x),
    }
