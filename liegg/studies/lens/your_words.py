"""The answer about a reader's own model in words, with what to do next; Markdown, where it is no number."""

import math
import textwrap
from collections.abc import Iterable
from pathlib import Path

from torch import Tensor

from liegg.actions import Linear
from liegg.studies import spectra
from liegg.studies.lens import your_model
from liegg.studies.lens.your_answer import Question
from liegg.symmetry.result import Symmetry

MUCH = 0.1  # how far the function may move along finite motions, of what it does along random ones, to be left alone


def asked(measured: dict, found: Symmetry, question: Question) -> str:
    """What was asked, of what, in a few sentences."""
    model = Path(question.model).name.replace("`", "'")
    said = [f"Asked was `{model}`, {measured['kind']}"]
    said[0] += f", {found.networks} of them together, " if found.networks > 1 else ", "
    said[0] += f"at {found.samples} of {measured['given']} samples."
    if measured["read_as"]:
        read_as = measured["read_as"][:1].upper() + measured["read_as"][1:]
        said.append(f"{read_as}: it {_does(measured['score'], 'classes' in measured['read_as'])}.")
    return " ".join(said)


def _does(score: float, classes: bool) -> str:
    """How well a model does, in words."""
    if classes:
        return f"has {100 * score:.1f} % of the classes right"
    return f"explains {100 * score:.1f} % of the targets' variance" if score > 0 else "explains nothing of the targets"


def answer(found: Symmetry) -> str:
    """How many symmetries, which algebra, how sure."""
    d, match = found.dimension, found.identify()
    of = f"of {len(found.variance)} directions of `{found.action}`"
    named = f"{match.name}**, to {match.angle:.2g} degrees" if match else "no Lie algebra** that is near"
    one, several = ("equivariance", "equivariances") if found.output_action else ("symmetry", "symmetries")
    said = {
        0: f"**None** {of} counts as one of its {several}.",
        1: f"**1** {of} counts as a {one}; it spans **{named}.",
    }.get(d, f"**{d}** {of} count as its {several}; they span **{named}.")
    if not d and found.decision.rule == "untold":
        said = f"Whether any {of} is a {one} **cannot be told**."
    certain, possible = found.dimension_interval
    if certain == possible:
        return f"{said} That is sure at level {found.alpha:g}."
    return f"{said} At level {found.alpha:g} there are at least {certain} and at most {possible}."


def doubts(measured: dict) -> str:
    """What was warned of, as plain text, a paragraph each."""
    said = [textwrap.fill(warning, 110) for warning in measured["warnings"]]
    return "\n\n".join(said) or "Nothing about the model and the data was found strange."


def next_steps(found: Symmetry, measured: dict, question: Question) -> list[str]:
    """What to do now, from what was found and how sure it is; what `in_python` says is for those who use it."""
    certain, possible = found.dimension_interval
    told = found.networks > 1 or bool(question.targets)
    steps = []
    if found.paid_error is not None and bool(found.paid_error.isinf().all()):
        steps.append(
            "**Look at the targets first.** The model explains nothing of them, so that they were left aside: are "
            "they in another order, in other units, or of other samples?"
        )
    few = found.samples <= 2 * found.action.size
    if few:
        steps.append(
            f"**Give more samples.** {found.samples} of them cannot show what holds along {found.action.size} "
            f"directions: give {2 * found.action.size + 1} at least, better thousands."
        )
    if certain < possible and not few:
        more = (
            "Some directions cannot be told: give more labels or samples, more networks, or train for longer. Errors "
            "fall with training, signal does not."
            if told
            else "One network without labels cannot tell its own error from signal. Give a thousand labels that were "
            "held out from its training, `TARGETS=`, or let MODEL make a list of three networks, trained independently."
        )
        steps.append(f"**Make it surer.** {more}")
    if found.dimension and (measured["ratio"] or 0) > MUCH:
        steps.append(
            f"**Do not go far.** Along finite motions the model moves {measured['ratio']:.2g} times as far as along "
            "random ones: what holds for small motions does not hold for large ones, perhaps as they leave the data."
        )
    if found.dimension:
        steps += [
            "**Hold it against what you know.** What is a symmetry of the model need not be one of your problem: are "
            "there labels that should change along the motions above?",
            "**Use it**, as below; the book tries what that is worth on its page *Using what was found*.",
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


def in_python(found: Symmetry, measured: dict, question: Question, samples: int, seed: int) -> str:
    """How to have the same answer in Python, and how to use it."""
    lines = [
        "import liegg",
        "from liegg.studies.lens import your_answer",
        "",
        "question = your_answer.Question(",
        *(f"    {name}={words!r}," for name, words in question._asdict().items()),
        ")",
        f"measured = your_answer.ask(question, samples={samples}, seed={seed})",
        "found = your_answer.found(measured, question)",
    ]
    if found.dimension:
        lines += ["", "augment = liegg.Augmentation(found, turn=30)  # DataLoader(..., collate_fn=augment.collate)"]
        if your_model.DIFFERENCES not in measured["kind"]:
            lines.append("loss = loss + 0.1 * liegg.penalty(found, model, x)  # in the training of the next model")
        if isinstance(found.action, Linear) and found.identify():
            lines.append("arrays = liegg.lie_algebra(found)  # for EMLP")
    return "\n".join(lines)


def followed(found: Symmetry) -> str:
    """What the finite check goes along."""
    return "the symmetries" if found.dimension else "the lowest direction"


def listed(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def titled(rows: Tensor, found: Symmetry) -> dict[str, Tensor]:
    """Rows, one a direction, by a name for each."""
    kind = "direction" if found.dimension else "lowest direction"
    return {f"{kind} {i}": row for i, row in enumerate(rows, 1)}


def rows(found: Symmetry) -> list[dict]:
    """One row a direction: its spectrum, how sure it is a symmetry, and how much signal there may be along it, over an
    ordinary direction's variance."""
    sure = zip(found.decision.verdicts, found.decision.bound.tolist())
    told = ({"verdict": verdict, "signal_at_most": bound} for verdict, bound in sure)
    return [row | more for row, more in zip(spectra.rows(found), told, strict=True)]


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
