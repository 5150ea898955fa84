"""Affine maps of the plane, moving images."""

import functools

import torch
from torch import Tensor

from liegg.actions.base import Action, Pairing, Places, exponential
from liegg.actions.points import Affine

FEW = 3  # gradients a sample, up to which pairing them by way of the velocity is the longer way


class Affine2d(Action):
    """The six affine directions of the plane acting on images (B, C, H, W): (exp(tA) I)(u) = I(exp(-tA) u).

    A point u = (x, y) has its origin in the image's true centre, x to the right and y down, both in units of half the
    longer side, so that a rotation is one on any aspect. The directions are the entries of the 2 x 3 matrix [L | b] in
    row-major order, u -> L u + b; as matrices they are 3 x 3 with a last row of zeros. The derivative of the action is

        d/dt (exp(tA) I)(u) = -grad I(u) . (L u + b)        (LieGG, images; the released code's `polarization_matrix_2`)

    `act` resamples by cubic convolution (Keys 1981, a = -1/2) with the border repeated. The derivative of that
    interpolant at a pixel is the central difference, so `pair` is the exact derivative of `act` at t = 0.
    """

    size, n = 6, 2
    _plane = Affine(2)

    def __repr__(self) -> str:
        return "Affine2d()"

    def _coordinates(self, x: Tensor) -> tuple[Tensor, float]:
        """Homogeneous pixel coordinates (3, H, W) and the number of pixels in one unit."""
        if not isinstance(x, Tensor) or not x.is_floating_point():
            raise ValueError(f"{self} acts on floating-point tensors of images (B, C, H, W)")
        if x.ndim != 4 or min(x.shape[-2:]) < 2:
            raise ValueError(f"{self} acts on images (B, C, H, W), but the input has shape {tuple(x.shape)}")
        H, W = x.shape[-2:]
        unit = max(H, W) / 2
        y, x_ = ((torch.arange(n, dtype=x.dtype, device=x.device) - (n - 1) / 2) / unit for n in (H, W))
        return torch.stack([x_.expand(H, W), y[:, None].expand(H, W), x.new_ones(H, W)]), unit

    def _slopes(self, x: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """How each pixel changes from the one before it to the one behind it, along x and along y, (B, C, H, W) each;
        and the homogeneous coordinates (3, H, W) times what turns that into the change where the image moves."""
        u, unit = self._coordinates(x)
        padded = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
        dx = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
        dy = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
        return (dx, dy), -unit / 2 * u  # central differences over two pixels

    def velocity(self, x: Tensor) -> Tensor:
        return self._velocity(*self._slopes(x))

    @staticmethod
    def _velocity(slopes: tuple[Tensor, Tensor], u: Tensor) -> Tensor:
        return torch.cat([slope[:, None] * u[:, None] for slope in slopes], 1)

    def pairing(self, x: Tensor) -> Pairing:
        """Sums over pixels of grad times slope times coordinate. Of few gradients a sample the first two are multiplied
        first: all samples have their coordinates in common. A subclass that moves images otherwise pairs as it moves
        them."""
        if type(self).velocity is not Affine2d.velocity:
            return super().pairing(x)
        slopes, u = self._slopes(x)
        coordinates = u.flatten(1).T.repeat(x.shape[1], 1)  # (CHW, 3)
        velocity = functools.cache(lambda: self._velocity(slopes, u).flatten(2))

        def paired(grad: Tensor, places: Places = slice(None)) -> Tensor:
            if grad.shape[: grad.ndim - x.ndim].numel() > FEW:
                return torch.einsum("...bp,bkp->...bk", grad.flatten(-3), velocity()[places])
            return torch.cat([(grad * slope[places]).flatten(-3) @ coordinates for slope in slopes], -1)

        return paired

    def matrix(self, coefficients: Tensor) -> Tensor:
        return self._plane.matrix(coefficients)

    def coefficients(self, matrices: Tensor) -> Tensor:
        """From 3 x 3 matrices with a last row of zeros, or from 2 x 2 ones, which do not translate."""
        return self._plane.coefficients(matrices)

    def act(self, coefficients: Tensor, x: Tensor, t: float | Tensor = 1.0) -> Tensor:
        u, unit = self._coordinates(x)
        if isinstance(t, Tensor) and t.numel() not in (1, len(x)):
            raise ValueError(f"t must be one number, or one a sample, ({len(x)},), not {tuple(t.shape)}")
        H, W = x.shape[-2:]
        g = exponential(-self.matrix(coefficients), t).to(x)  # (B or 1, 3, 3)
        source = (g @ u.flatten(1))[:, :2] * unit  # (B or 1, 2, HW): where each pixel comes from
        centre = torch.tensor([[(W - 1) / 2], [(H - 1) / 2]], dtype=x.dtype, device=x.device)
        corner = (source + centre).floor()
        taps = _keys(source + centre - corner)  # (B or 1, 2, HW, 4)
        pixels, moved = x.flatten(2), torch.zeros_like(x).flatten(2)
        for j in range(4):
            row = (corner[:, 1] + j - 1).clamp(0, H - 1)
            for i in range(4):
                index = (row * W + (corner[:, 0] + i - 1).clamp(0, W - 1)).long()  # (B or 1, HW)
                weight = taps[:, 1, :, j] * taps[:, 0, :, i]
                moved += weight[:, None] * pixels.gather(2, index[:, None].expand_as(pixels))
        return moved.reshape(x.shape)


def _keys(s: Tensor) -> Tensor:
    """Weights (..., 4) of the pixels at -1, 0, 1, 2 for a point at s in [0, 1): Keys' cubic convolution, a = -1/2."""
    return torch.stack(
        [
            ((-s + 2) * s - 1) * s / 2,
            (3 * s - 5) * s * s / 2 + 1,
            ((-3 * s + 4) * s + 1) * s / 2,
            (s - 1) * s * s / 2,
        ],
        -1,
    )
