"""Spectra as tables: what a result says of every direction, the lowest first."""

from torch import Tensor

from liegg.symmetry.result import Symmetry


def rows(found: Symmetry, known: Tensor | None = None) -> list[dict]:
    """One row a direction.

    direction           its place, from 1
    counted             whether it counts as a symmetry
    variance, relative_variance, chance_ratio    see `Symmetry`
    bias                its distance to the algebra `known` (d, n, n), 0 to 1, where there is one
    coherence, coherence_low, coherence_high     of several networks, with both ends of the 95 % interval
    share, share_error  of its motion, that is signal by the labels, with the standard error; where there are labels
    """
    columns = {
        "direction": range(1, len(found.variance) + 1),
        "counted": [place < found.dimension for place in range(len(found.variance))],
        "variance": found.variance,
        "relative_variance": found.relative_variance,
        "chance_ratio": found.chance_ratio,
    }
    if known is not None:
        columns["bias"] = found.bias(known)
    if found.networks > 1:
        low, high = found.coherence_interval.T
        columns |= {"coherence": found.coherence, "coherence_low": low, "coherence_high": high}
    if found.paid_share is not None:
        columns |= {"share": found.paid_share, "share_error": found.paid_error}
    values = [column.tolist() if isinstance(column, Tensor) else column for column in columns.values()]
    return [dict(zip(columns, row)) for row in zip(*values)]


def numbered(name: str, values: Tensor) -> dict[str, float]:
    """Values (K,) as columns of one row: name_1, name_2, ..."""
    return {f"{name}_{place}": value for place, value in enumerate(values.tolist(), 1)}
