"""How the weights of the decision are fitted: to functions of the zoo at other seeds, and of the families looked at.

`python -m liegg.studies.lens.fitting lessons.pt` trains networks on all of them (half an hour of one core), keeps what
is seen of them in that file, and prints `liegg.symmetry.odds`; where the file is there already, it only fits.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from liegg.actions import Action
from liegg.studies.lens import holdout, targets, zoo
from liegg.studies.lens.families import LOOKED_AT
from liegg.symmetry.find import find_symmetry
from liegg.symmetry.result import Symmetry
from liegg.symmetry.rules import terms

TERMS = {
    "one": ["any", "count", "variance step", "variance sum", "chance step"],
    "one, labels": ["any", "count", "told step", "sure sum", "paid beyond"],
    "several": ["any", "count", "coherence step", "coherence sum", "shared beyond", "chance step"],
    "several, labels": ["any", "count", "coherence step", "coherence sum", "told step", "paid beyond"],
}
"""what the odds of each kind rest on: of all terms those that a search took which left families out, step by step"""
LEARNED = 0.05  # tasks with a larger test error teach nothing
ALONE_OR_NONE = 10.0  # one network by itself: how much more functions without symmetries weigh than those with
RIDGE = 3e-3  # of the squared weights, in standard deviations of the terms
ZOO_SEEDS, ZOO_NETWORKS = (100, 200), 8
FAMILY_SEED, FUNCTIONS, FAMILY_NETWORKS = 2, 6, 12


class Lesson(NamedTuple):
    """A function whose symmetries are known, and what is seen of it."""

    function: str
    kind: str
    true: int
    seen: dict[str, Tensor]
    """see `liegg.symmetry.rules.terms`"""


def fit(lessons: Sequence[Lesson]) -> dict[str, float]:
    """The weights under which the true dimensions are most likely: multinomial logistic regression with a ridge.

    lessons    of one kind

    Lessons of one function weigh as their square root; functions without symmetries and those with them weigh alike in
    all. Of one network by itself those without weigh ALONE_OR_NONE times as much as they are, as it is a weak witness
    and a symmetry that is not there is the worse error.
    """
    names = TERMS[lessons[0].kind]
    K = max(len(lesson.seen["any"]) for lesson in lessons)
    X = torch.zeros(len(lessons), K, len(names), dtype=torch.float64)
    out = torch.full((len(lessons), K), -torch.inf, dtype=torch.float64)
    for i, lesson in enumerate(lessons):
        rows = torch.stack([lesson.seen[name] for name in names], -1)
        X[i, : len(rows)], out[i, : len(rows)] = rows, 0
    size = X[out == 0].std(0).clamp_min(1e-6)
    true = torch.tensor([lesson.true for lesson in lessons])
    weight = _weights(lessons, true)
    w = torch.zeros(len(names), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=500, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        log_odds = (X / size @ w + out).log_softmax(1).gather(1, true[:, None])[:, 0]
        value = -(weight * log_odds).sum() / weight.sum() + RIDGE * w.square().mean()
        value.backward()
        return value

    optimizer.step(loss)
    return dict(zip(names, (w.detach() / size).tolist()))


def _weights(lessons: Sequence[Lesson], true: Tensor) -> Tensor:
    often = Counter(lesson.function for lesson in lessons)
    weight = torch.tensor([often[lesson.function] ** -0.5 for lesson in lessons], dtype=torch.float64)
    none = true == 0
    if not none.any() or none.all():
        return weight
    more = ALONE_OR_NONE if lessons[0].kind == "one" else float(weight[~none].sum() / weight[none].sum())
    return weight.where(~none, more * weight)


def lessons() -> Iterator[Lesson]:
    """All lessons, function by function."""
    settings = [(b, noise) for b in range(2) for noise in (0.0, 0.3)]
    for seed in ZOO_SEEDS:
        bases = [targets.known(seed=seed + b) for b in range(2)]
        for name in bases[0]:
            groups = zoo.pupils(
                [bases[b][name] for b, _ in settings], [noise for _, noise in settings], networks=ZOO_NETWORKS,
                samples=4000, width=64, layers=2, steps=1200, batch_size=250, lr=5e-3, seed=777_000 + 10_000 * seed,
            )  # fmt: skip
            for (b, noise), nets in zip(settings, groups):
                target = bases[b][name]
                x = target.points(2000, seed=99 + b + seed)
                y = holdout.noisy(target.function(x)[:, None], noise, classes=False, seed=5)
                errors, true = zoo.errors(target, nets, x), len(target.algebra)
                yield from _taught(f"zoo: {name}, {seed + b}", nets, errors, x.float(), y, target.action, None, true)
    for family, of in LOOKED_AT.items():
        for seed in holdout.seeds_of(family, FUNCTIONS, seed=FAMILY_SEED):
            got = holdout.taught(
                family, seed=seed, networks=FAMILY_NETWORKS, steps=1500, batch_size=250, lr=5e-3, points=3000,
                labelled=3000,
            )  # fmt: skip
            actions = got.drawn.action, got.drawn.output_action
            about = f"{family}, {seed}"
            yield from _taught(about, got.networks, got.errors, got.points, got.labels, *actions, of.dimension)


def groups_of(networks: int) -> list[list[int]]:
    """Which networks answer together: by threes and fours, six and eight of them, all, and three of them alone."""
    apart = [list(range(first, first + n)) for n in (3, 4) for first in range(0, networks - n + 1, n)]
    several = [*apart, *(list(range(n)) for n in sorted({6, 8, networks}))]
    return several + [[a] for a in range(3)]


def _taught(
    function: str,
    nets: Sequence[nn.Module],
    errors: Sequence[float],
    x: Tensor,
    y: Tensor,
    action: Action,
    output_action: Action | None,
    true: int,
) -> Iterator[Lesson]:
    """Lessons of groups of networks, with labels too of those that begin with the first and of those alone."""
    for group in groups_of(len(nets)):
        if max(errors[a] for a in group) < LEARNED:
            labels = y if len(group) == 1 or group[0] == 0 else None
            of = [nets[a] for a in group] if len(group) > 1 else nets[group[0]]
            found = find_symmetry(of, x, action, output_action=output_action, targets=labels)
            yield from of_result(function, found, true)


def of_result(function: str, found: Symmetry, true: int) -> list[Lesson]:
    """What a result teaches: without labels, and with those that it has."""
    measures = found.measures.carried()
    each = [measures._replace(paid=None, paid_error=None), *([] if measures.paid is None else [measures])]
    return [Lesson(function, one.kind, true, terms(one)) for one in each]


def table(lessons: Sequence[Lesson], *, made: str) -> str:
    """The source of `liegg.symmetry.odds`."""
    rows = []
    for kind in TERMS:
        of_kind = [lesson for lesson in lessons if lesson.kind == kind]
        rows += [f'    "{kind}": {{', *(f'        "{name}": {w:.3g},' for name, w in fit(of_kind).items()), "    },"]
    head = [
        '"""The weights of the decision, as `python -m liegg.studies.lens.fitting lessons.pt` printed them on',
        f'{made}; not to be edited by hand."""',
    ]
    return "\n".join([*head, "", "WEIGHTS = {", *rows, "}", ""])


if __name__ == "__main__":
    kept = Path(sys.argv[1])
    if not kept.exists():
        torch.save([tuple(lesson) for lesson in lessons()], kept)
    all_of_them = [Lesson(*lesson) for lesson in torch.load(kept, weights_only=True)]
    print(table(all_of_them, made=f"{date.today():%-d %B %Y}"), end="")
