"""A decoder that shows what latents mean: trained when the world model no longer changes (section 5.4, appendix)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

WIDTH, RATE = 256, 2e-3


class Decoder(nn.Module):
    """Pictures of a shape (C, H, H) from latents (B, ...)."""

    def __init__(self, latents: int, shape: tuple[int, int, int]):
        super().__init__()
        self.shape = shape
        self.layers = nn.Sequential(
            nn.Linear(latents, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.ReLU(),
            nn.Linear(WIDTH, shape[0] * shape[1] * shape[2]), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z.flatten(1)).unflatten(1, self.shape)


def fit_decoder(z: Tensor, render, states: Tensor, *, epochs: int, seed: int, batch_size: int = 64) -> Decoder:
    """A decoder of latents z (N, ...) of states, whose pictures render(states) makes: least squares, Adam."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        decoder = Decoder(z[0].numel(), tuple(render(states[:1]).shape[1:])).to(z.device)
    order = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(decoder.parameters(), RATE)
    for _ in range(epochs):
        for some in torch.randperm(len(z), generator=order).to(z.device).split(batch_size):
            loss = mse_loss(decoder(z[some]), render(states[some]), reduction="sum") / len(some)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return decoder.eval()
