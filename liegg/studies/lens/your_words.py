"""The answer about a reader's own model in words, with what to do next; Markdown, where it is no number."""

import math
import textwrap
from collections.abc import Iterable
from pathlib import Path

from torch import Tensor

from liegg.actions import Linear
from liegg.studies.lens.your_answer import Question
from liegg.symmetry.result import Symmetry

MUCH = 0.1  # how far the function may move along finite motions, of what it does along random ones, to be left alone


def asked(measured: dict, found: Symmetry, question: Question) -> str:
    """What was asked, of what, in a few sentences."""
    model = question.model if ":" in Path(question.model).name else Path(question.model).name
    model = model.replace("`", "'")
    said = [f"Asked was `{model}`, {measured['kind']}"]
    said[0] += f", {found.networks} of them together, " if found.networks > 1 else ", "
    said[0] += f"at {found.samples} of {measured['given']} samples."
    if measured["read_as"]:
        kind = "of the classes right" if "classes" in measured["read_as"] else "of the targets' variance explained"
        read_as = measured["read_as"][:1].upper() + measured["read_as"][1:]
        said.append(f"{read_as}: it has {100 * measured['score']:.1f} % {kind}.")
    return " ".join(said)


def answer(found: Symmetry) -> str:
    """How many symmetries, which algebra, how sure."""
    d, K, match = found.dimension, len(found.variance), found.identify()
    certain, possible = found.dimension_interval
    kind = "equivariances" if found.output_action else "symmetries"
    if not d and found.decision.rule == "untold":
        said = f"Of the {K} directions of `{found.action}` **nothing can be told**."
    elif not d:
        said = f"**None** of {K} directions of `{found.action}` counts as one of its {kind}."
    else:
        named = (
            f"They span **{match.name}**, to {match.angle:.2g} degrees." if match else "They are near no Lie algebra."
        )
        count = (
            f"count as its {kind}" if d > 1 else f"counts as a {'equivariance' if found.output_action else 'symmetry'}"
        )
        said = f"**{d}** of {K} directions of `{found.action}` {count}. {named}"
    sure = f"{certain}" if certain == possible else f"{certain} to {possible}"
    return f"{said} At level {found.alpha:g} there are {sure}{'' if certain == possible else ': more is not sure'}."


def doubts(measured: dict) -> str:
    """What was warned of, as plain text, a paragraph each."""
    said = [textwrap.fill(warning, 110) for warning in measured["warnings"]]
    return "\n\n".join(said) or "Nothing about the model and the data was found strange."


def next_steps(found: Symmetry, measured: dict, question: Question) -> list[str]:
    """What to do now, from what was found and how sure it is."""
    certain, possible = found.dimension_interval
    told = found.networks > 1 or bool(question.targets)
    steps = []
    if found.paid_error is not None and bool(found.paid_error.isinf().all()):
        steps.append(
            "**Look at the targets first.** The model explains nothing of them, so that they were left aside: are "
            "they in another order, in other units, or of other samples?"
        )
    if certain < possible:
        more = (
            "Some directions cannot be told: give more labels or samples, more networks, or train for longer. Errors "
            "fall with training, signal does not."
            if told
            else "One network without labels cannot tell its own error from signal. Give a thousand labels that were "
            "held out from its training, `TARGETS=`, or let MODEL make a list of three networks, trained independently."
        )
        steps.append(f"**Make it surer.** {more}")
    if found.dimension and measured.get("ratio", 0) > MUCH:
        steps.append(
            f"**Do not go far.** Along finite motions the model moves {measured['ratio']:.2g} times as far as along "
            "random ones: what holds for small motions does not hold for large ones, perhaps as they leave the data."
        )
    if found.dimension:
        linear = isinstance(found.action, Linear)
        emlp = ", and `liegg.lie_algebra(found)` hands the generators to EMLP" if linear else ""
        steps += [
            "**Hold it against what you know.** What is a symmetry of the model need not be one of your problem: are "
            "there labels that should change along the motions above?",
            f"**Use it.** In Python the answer is `found = liegg.find_symmetry({_arguments(found, question)})`. Then "
            "`liegg.Augmentation(found, turn=30)` moves the batches of a DataLoader, `liegg.penalty(found, model, x)` "
            f"asks for the symmetry while training{emlp}. The book tries this on its page *Using what was found*.",
        ]
    elif found.decision.rule != "untold":
        steps.append(
            "**Ask about other motions.** A wider ACTION has more of them, such as Affine in place of Linear; outputs "
            "that turn along need OUTPUT_ACTION. A model that does badly has learned no symmetry either."
        )
    if len(found.trivial_coefficients):
        steps.append(
            f"**Mind what the data cannot say.** About {len(found.trivial_coefficients)} further directions they say "
            "nothing, as no sample moves to where there are data."
        )
    return steps


def _arguments(found: Symmetry, question: Question) -> str:
    """What `find_symmetry` is given for the same answer."""
    output = f", output_action=liegg.actions.{found.output_action}" if found.output_action else ""
    return f"model, x, liegg.actions.{found.action}{output}{', targets=y' if question.targets else ''}"


def listed(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def titled(rows: Tensor, found: Symmetry) -> dict[str, Tensor]:
    """Rows, one a direction, by a name for each."""
    kind = "direction" if found.dimension else "lowest direction"
    return {f"{kind} {i}": row for i, row in enumerate(rows, 1)}


def rows(found: Symmetry) -> list[dict]:
    """One row a direction: its place, whether it counts and how sure that is, variances, and how much signal there may
    be, over an ordinary direction's variance."""
    columns = {
        "direction": range(1, len(found.variance) + 1),
        "counted": [place < found.dimension for place in range(len(found.variance))],
        "verdict": found.decision.verdicts,
        "variance": found.variance.tolist(),
        "relative_variance": found.relative_variance.tolist(),
        "chance_ratio": found.chance_ratio.tolist(),
        "signal_at_most": found.decision.bound.tolist(),
    }
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
