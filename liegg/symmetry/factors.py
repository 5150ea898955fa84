"""Polarization matrices kept as small triangular factors, whatever the number of samples.

Of a matrix E only R with RᵀR = EᵀE is kept, in float64: by QR, never by the Gram matrix EᵀE, whose small eigenvalues
drown in rounding. Factors of parts of the data merge, so that a large data set is a map and a reduce.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

EXACT = 1e-12  # of the mean variance: what is null to rounding
PARTS = 20  # how many parts of the data one function's factor is kept in, for intervals of variances
MEMORY = 2**27  # bytes that these may take, which brings their number down to LEAST for many columns
LEAST = 6
BLOCK = 512  # rows of a part, at least, that are absorbed at once


def parts_of(networks: int, size: int) -> int:
    """How many parts of the data the factors of M functions with K columns are kept in; always even, for two halves."""
    return 2 if networks > 1 else min(PARTS, max(LEAST, MEMORY // (8 * size**2) // 2 * 2))


class Factor:
    """Triangular factors of a polarization matrix with K columns, one for each of several parts of its samples.

    Sample s belongs to part s mod parts. Rows wait until there are about as many as columns, so that memory stays at
    parts * K² numbers and time at that of two passes of Householder reflections over the rows.
    """

    def __init__(self, size: int, parts: int = 1):
        self._triangles = torch.zeros(parts, size, size, dtype=torch.float64)
        self._absorbed = torch.zeros(parts, dtype=torch.long)
        self._waiting: list[Tensor] = []  # rows of further samples, the first of which belongs to part 0
        self._read: Tensor | None = None  # the triangles with all rows, until there are more

    @property
    def counts(self) -> Tensor:
        """(parts,) how many samples each part has seen."""
        return self._absorbed + _shares(sum(map(len, self._waiting)), len(self._absorbed))

    @property
    def samples(self) -> int:
        return int(self.counts.sum())

    @property
    def triangles(self) -> Tensor:
        """(parts, K, K) upper triangular R with RᵀR = EᵀE for each part, on the CPU."""
        if self._read is None:
            self._read = (_stacked(self._triangles, self._waiting) if self._waiting else self._triangles).cpu()
        return self._read

    @property
    def triangle(self) -> Tensor:
        """(K, K) upper triangular R with RᵀR = EᵀE, of all parts."""
        triangles = self.triangles
        return triangles[0] if len(triangles) == 1 else torch.linalg.qr(triangles.flatten(0, 1), mode="r").R

    def update(self, rows: Tensor) -> None:
        """Append the rows of further samples, (samples, rows of each, K)."""
        parts, K = self._triangles.shape[:2]
        self._read = None
        self._waiting.append(rows.double())
        samples = sum(map(len, self._waiting))
        if samples >= parts * -(-max(K, BLOCK) // rows.shape[1]):  # of every part as many: the last piece has the rest
            kept = len(rows) - samples % parts  # what is left begins with part 0 again
            whole, rest = [*self._waiting[:-1], self._waiting[-1][:kept]], self._waiting[-1][kept:]
            self._triangles = _stacked(self._triangles, whole)
            self._absorbed = self._absorbed + samples // parts
            self._waiting = [rest.clone()] if len(rest) else []

    def merge(self, other: "Factor") -> "Factor":
        """The factor of all samples that either has seen; both need as many columns and parts."""
        mine, others = self.triangles, other.triangles
        if mine.shape != others.shape:
            raise ValueError(f"factors of shapes {tuple(mine.shape)}, {tuple(others.shape)} do not merge")
        return self._of(torch.linalg.qr(torch.cat([mine, others], 1), mode="r").R, self.counts + other.counts)

    def half(self, which: Literal[0, 1]) -> "Factor":
        """The factor of the samples in every other part: no sample is in both. Raises ValueError for a single part."""
        if which not in (0, 1):
            raise ValueError(f"there are halves 0 and 1, not {which!r}")
        if len(self.counts) < 2:
            raise ValueError("a factor of one part has no halves")
        return self._of(self.triangles[which::2], self.counts[which::2])

    def variances(self) -> tuple[Tensor, Tensor]:
        """Symmetry variances S_i²/N ascending, (K,), and their directions as rows, (K, K): the full right basis."""
        _, S, V = torch.linalg.svd(self.triangle)
        return S.flip(0).square() / self.samples, V.flip(0)

    @classmethod
    def _of(cls, triangles: Tensor, counts: Tensor) -> "Factor":
        made = cls(triangles.shape[-1], len(triangles))
        made._triangles, made._absorbed = triangles, counts
        return made


def _stacked(triangles: Tensor, pieces: list[Tensor]) -> Tensor:
    """Triangles (parts, K, K) after the rows of further samples, (samples, rows of each, K), the first for part 0."""
    parts, K = triangles.shape[:2]
    rows = pieces[0].shape[1]
    each = -(-sum(map(len, pieces)) // parts)
    above = K if each * rows < K or triangles.any() else 0
    block = pieces[0].new_empty(parts, K, above + each * rows)  # column by column, as LAPACK has matrices
    block[..., :above] = triangles.mT[..., :above]
    block[..., block.shape[-1] - rows :] = 0  # parts that have a sample less
    of_samples = block[..., above:].unflatten(-1, (each, rows)).permute(2, 0, 3, 1)  # (each, parts, rows, K)
    first = 0
    for piece in pieces:
        begun = min(-first % parts, len(piece))  # how many go on where the piece before has ended
        whole = (len(piece) - begun) // parts
        begin, full, end = piece.split([begun, whole * parts, len(piece) - begun - whole * parts])
        place, part = divmod(first, parts)
        of_samples[place : place + 1, part : part + begun] = begin[None]
        place += begun > 0
        of_samples[place : place + whole] = full.unflatten(0, (whole, parts))
        of_samples[place + whole : place + whole + 1, : len(end)] = end[None]
        first += len(piece)
    return torch.linalg.qr(block.mT, mode="r").R


def _shares(samples: int, parts: int) -> Tensor:
    """(parts,) how many of so many samples each part gets, beginning with part 0."""
    return samples // parts + (torch.arange(parts) < samples % parts).long()


@dataclass(frozen=True)
class Factors:
    """What `polarize` keeps of M functions on their data: their polarization matrices and those of two controls."""

    matched: tuple[Factor, ...]
    """Each gradient at its own point: the rows of E. Of several functions each has its own factor, with the columns of
    E_a and beside them those of the sum of all M matrices, which is all that coherence needs."""
    mismatched: tuple[Factor, ...]
    """Each gradient with an earlier sample's point: what chance gives a function with such gradients."""
    data: Factor
    """Each point with the way to an earlier one in the gradient's place: null where the data cannot tell anything."""
    alike: Tensor
    """(M, M) inner products tr(E_aᵀE_b) of whole matrices, which tell functions that are one up to a factor"""

    @property
    def networks(self) -> int:
        """M, how many functions were given."""
        return len(self.matched)

    @property
    def samples(self) -> int:
        """How many samples were seen."""
        return self.matched[0].samples

    def merge(self, other: "Factors") -> "Factors":
        """The factors of both parts of the data, of the same functions and actions.

        The matched factors are those of one pass over both, to rounding. The controls take their partners within each
        part, so they agree with those of one pass within their sampling error. Raises ValueError for factors that
        differ in the number of functions or in size, and for what are none.
        """
        if not isinstance(other, Factors):
            raise ValueError(f"factors merge with what polarize made of other data, not with {type(other).__name__}")
        if self.networks != other.networks:
            raise ValueError(f"factors of {self.networks} and of {other.networks} functions do not merge")
        return Factors(
            tuple(mine.merge(others) for mine, others in zip(self.matched, other.matched)),
            tuple(mine.merge(others) for mine, others in zip(self.mismatched, other.mismatched)),
            self.data.merge(other.data),
            self.alike + other.alike,
        )

    def half(self, which: Literal[0, 1]) -> "Factors":
        """The factors of every other sample: no sample's gradient is in both halves. `alike` stays that of all."""
        matched = tuple(factor.half(which) for factor in self.matched)
        mismatched = tuple(factor.half(1 - which) for factor in self.mismatched)  # type: ignore[arg-type]  # controls begin with sample 1
        return Factors(matched, mismatched, self.data.half(1 - which), self.alike)  # type: ignore[arg-type]

    def alone(self, a: int) -> "Factors":
        """The factors of function a by itself, to rounding; of several they are kept in two parts, too few for
        intervals of variances."""
        if a not in range(self.networks):
            raise ValueError(f"there are functions 0 to {self.networks - 1}, not {a!r}")
        size = self.mismatched[a].triangles.shape[-1]
        own = Factor._of(self.matched[a].triangles[:, :size, :size], self.matched[a].counts)
        return Factors((own,), (self.mismatched[a],), self.data, self.alike[a : a + 1, a : a + 1])

    def state_dict(self) -> dict[str, Tensor]:
        """The factors as tensors to be kept in a file: every triangle packed, of all parts together, in float32.

        That is as exact as functions in float32 are: `decide` says the same of what `from_state_dict` reads, to 1e-6,
        but for intervals of variances, and for functions that are exact beyond float32.
        """
        return {
            "matched": torch.stack([_packed(factor.triangle) for factor in self.matched]),
            "mismatched": torch.stack([_packed(factor.triangle) for factor in self.mismatched]),
            "data": _packed(self.data.triangle),
            "alike": self.alike,
            "samples": torch.tensor([self.samples, self.mismatched[0].samples, self.data.samples]),
        }

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Tensor]) -> "Factors":
        """The factors that `state_dict` was taken of. Raises ValueError where a part of them is missing."""
        if not {"matched", "mismatched", "data", "alike", "samples"} <= set(state):
            raise ValueError(f"this is no state_dict of factors: it has {', '.join(map(str, state)) or 'nothing'}")
        matched, mismatched, data = state["samples"]
        return cls(
            tuple(_unpacked(values, matched) for values in state["matched"]),
            tuple(_unpacked(values, mismatched) for values in state["mismatched"]),
            _unpacked(state["data"], data),
            state["alike"].double(),
        )


def _packed(triangle: Tensor) -> Tensor:
    """(K, K) upper triangular -> (K(K + 1)/2,), row by row."""
    return triangle[tuple(torch.triu_indices(*triangle.shape))].float()


def _unpacked(values: Tensor, samples: Tensor) -> Factor:
    size = math.isqrt(2 * len(values))
    triangle = torch.zeros(size, size, dtype=torch.float64)
    triangle[tuple(torch.triu_indices(size, size))] = values.double()
    return Factor._of(triangle[None], samples[None])
