"""The Laplace evidence of a network as a function of its priors, and how priors follow from it (section 4).

Every tensor g of P_g parameters has a normal prior with precision δ_g, its variance is σ_g² = 1/δ_g. With the
eigenvalues λ of its block of the curvature, and all in nats,

    log q(D|δ) = log p(D|θ) - 1/2 sum_g [ sum_i log(1 + λ_i / δ_g) + δ_g |θ_g|² ]
    γ_g = sum_i λ_i / (λ_i + δ_g)              the effective number of parameters
    d log q / d log δ_g = (γ_g - δ_g |θ_g|²)/2

so that at an optimum δ_g = γ_g / |θ_g|² (MacKay). A precision that grows without bound switches its tensor off.
"""

from typing import NamedTuple, Self

import torch
from torch import Tensor

from liegg.studies.layerwise.curvature import Curvature

LIMITS = 1e-8, 1e12
"""of precisions: tensors beyond are switched off, or free"""
UPDATES = ("adam", "mackay")


class Priors:
    """The precision of each tensor, and what the rule that changes them remembers.

    rule    "adam": Adam on log δ, its state kept from one curvature to the next, as the paper has it. "mackay": the
            fixed point δ = γ / |θ|², by at most `rate` x steps in log δ
    rate    of Adam, or the largest step of the fixed point, in log δ
    steps   for one curvature
    """

    def __init__(
        self, names: list[str], *, rule: str = "adam", rate: float = 0.1, steps: int = 20, initial: float = 1.0
    ):
        if rule not in UPDATES:
            raise ValueError(f'unknown rule "{rule}": there are {", ".join(UPDATES)}')
        self.names, self.rule, self.rate, self.steps = names, rule, rate, steps
        self.log = torch.full((len(names),), initial, dtype=torch.float64).log()
        self.adam = torch.optim.Adam([self.log], lr=rate)

    @property
    def precisions(self) -> dict[str, float]:
        return dict(zip(self.names, self.log.exp().tolist()))

    def update(self, curvature: Curvature) -> None:
        """Raise the evidence, with weights and curvature as they are."""
        spectra = [curvature.eigenvalues[name] for name in self.names]
        squares = torch.tensor([curvature.squares[name] for name in self.names], dtype=torch.float64)
        began, low, high = self.log.clone(), *torch.tensor(LIMITS, dtype=torch.float64).log()
        for _ in range(self.steps):
            γ = torch.tensor([_effective(s, δ) for s, δ in zip(spectra, self.log.exp().tolist())], dtype=torch.float64)
            if self.rule == "adam":
                self.log.grad = (self.log.exp() * squares - γ) / 2 / curvature.images
                self.adam.step()
            else:
                step = self.rate * self.steps
                fixed = γ.clamp_min(LIMITS[0]).log() - squares.clamp_min(1 / LIMITS[1] ** 2).log()
                self.log.copy_(torch.clamp(fixed, began - step, began + step))
            self.log.clamp_(low, high)

    def state_dict(self) -> dict:
        return {"log": self.log, "adam": self.adam.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        self.log.copy_(state["log"])
        self.adam.load_state_dict(state["adam"])


class Evidence(NamedTuple):
    """How good a network with its priors is, and how much of each tensor it uses."""

    log_evidence: float
    """log q(D|δ) / N, in nats an image"""
    effective: dict[str, float]
    """γ of each tensor"""

    @classmethod
    def of(cls, curvature: Curvature, precisions: dict[str, float]) -> Self:
        """At given precisions, one for each tensor. Raises ValueError for other names and for precisions that are not
        positive."""
        if set(precisions) != set(curvature.eigenvalues):
            raise ValueError(
                f"precisions are of {sorted(precisions)}, the curvature of {sorted(curvature.eigenvalues)}"
            )
        if wrong := [name for name, δ in precisions.items() if not 0 < δ < float("inf")]:
            raise ValueError(f"the precision of {wrong[0]} must be positive and finite, not {precisions[wrong[0]]}")
        value, effective = curvature.log_likelihood, {}
        for name, λ in curvature.eigenvalues.items():
            δ = precisions[name]
            value -= 0.5 * (torch.log1p(λ / δ).sum().item() + δ * curvature.squares[name])
            effective[name] = _effective(λ, δ)
        return cls(value / curvature.images, effective)


def _effective(λ: Tensor, δ: float) -> float:
    return (λ / (λ + δ)).sum().item()
