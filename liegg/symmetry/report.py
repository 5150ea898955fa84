"""A result in words: what was found, from what, and the directions around the last symmetry."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liegg.symmetry.result import Symmetry


def text(found: "Symmetry") -> str:
    """The sentences and the table that print(found) shows."""
    return "\n".join([*_sentences(found), *_table(found)])


def _sentences(found: "Symmetry") -> list[str]:
    K, d, match = len(found.variance), found.dimension, found.identify()
    kind = "equivariances" if found.output_action else "symmetries"
    lines = [f"{d} of {K} directions of {found.action} are {kind}"]
    certain, possible = found.dimension_interval
    if found.tolerance is not None:
        lines.append(
            f"  they surely have less signal than {found.tolerance:g} of an ordinary direction's variance, at level "
            f"{found.alpha:g}; possible are {possible}"
        )
    elif certain < possible:
        lines.append(f"  that is the best guess: certain are {certain}, possible {possible}")
    lines.append(f"  from {found.samples} samples{_witnesses(found)}")
    if found.difference_error:
        lines.append(f"  derivatives are differences, with an error of {found.difference_error:.1g} of their size")
    if found.gap == found.gap:
        lines.append(f"  the next direction varies {found.gap:.3g} times as much")
    if match:
        lines.append(f"  they span {match.name}, to {match.angle:.2g} degrees; closure defect {match.closure:.2g}")
    elif d:
        lines.append(f"  they are near no Lie algebra (closure defect {found.closure:.2g})")
    if len(found.trivial_coefficients):
        count = len(found.trivial_coefficients)
        lines.append(f"  {count} further directions are trivial: the data say nothing about them")
    if found.output_action and len(found.trivial_output_coefficients):
        lines.append(f"  {len(found.trivial_output_coefficients)} directions of the outputs move nothing")
    return lines


def _witnesses(found: "Symmetry") -> str:
    """What tells errors from signal."""
    told = "" if found.paid_share is None else " and labels"
    if told and found.paid_error.isinf().all():
        told = f", which {'explain' if found.networks > 1 else 'explains'} nothing of the labels given"
    if found.decision.rule == "untold":
        told += f"; this cannot tell signal from error, so that nothing {'more ' * (found.decision.exact > 0)}is known"
    if found.networks > 1:
        return f", by coherence between {found.networks} functions{told}"
    if told:
        return f", one function{told}"
    return " and one function, the weaker kind of answer: give several, or labels as targets="


def _table(found: "Symmetry") -> list[str]:
    """The directions down to three beyond the symmetries, a dozen at most."""
    K, d = len(found.variance), found.dimension
    shown = [i for i in range(min(K, d + 3)) if i < 9 or i >= d - 1][:14]
    low, high = (found.variance_interval / found.scale).T
    columns: dict[str, list[str]] = {
        "direction": [f"{i + 1}{' *' if i < d else '  '}" for i in shown],
        "relative variance": [f"{found.relative_variance[i]:.2g}" for i in shown],
        "95 % interval": [f"{low[i]:.2g} to {high[i]:.2g}" for i in shown],
        "of chance": [f"{found.chance_ratio[i]:.2g}" for i in shown],
    }
    if found.networks > 1:
        low, high = found.coherence_interval.T
        columns["coherence"] = [f"{found.coherence[i]:.2f}" for i in shown]
        columns["its 95 %"] = [f"{low[i]:.2f} to {high[i]:.2f}" for i in shown]
    if found.paid_share is not None:
        exact = found.decision.exact
        columns["share of signal"] = [f"{found.paid_share[i]:.2f}" if i >= exact else "–" for i in shown]
        columns["its error"] = [f"{found.paid_error[i]:.2g}" if i >= exact else "–" for i in shown]
    columns["signal at most"] = [f"{found.decision.bound[i]:.2g}" for i in shown]
    widths = {name: max(map(len, [name, *cells])) for name, cells in columns.items()}
    rows: list[dict[str, Any]] = [
        columns,
        *({name: cells[r] for name, cells in columns.items()} for r in range(len(shown))),
    ]
    return [
        "  ".join((name if r == 0 else row[name]).rjust(widths[name]) for name in columns) for r, row in enumerate(rows)
    ]
