"""How the weights of the decision are fitted: to functions of the zoo at other seeds, and of the families looked at.

`python -m liegg.studies.lens.fitting` trains all of them again (an hour of one core) and prints `liegg.symmetry.odds`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from liegg.studies.lens import holdout, targets, zoo
from liegg.studies.lens.families import LOOKED_AT
from liegg.symmetry.find import find_symmetry
from liegg.symmetry.result import Symmetry
from liegg.symmetry.rules import features

LEARNED = 0.1  # tasks with a larger test error teach nothing
NOTHING = {"one": 10.0, "one, labels": 4.0, "several": 4.0, "several, labels": 4.0}  # weight of functions without any
RIDGE = 3e-3  # of the squared weights, in standard deviations of the features
ZOO_SEEDS, FUNCTIONS, ALONE = (100, 102), 6, 3


class Lesson(NamedTuple):
    """A function whose symmetries are known, and what is seen of it."""

    function: str
    kind: str
    true: int
    seen: dict[str, Tensor]
    """see `liegg.symmetry.rules.features`"""


def fit(lessons: Sequence[Lesson], *, nothing: float) -> dict[str, float]:
    """The weights under which the true dimensions are most likely: multinomial logistic regression with a ridge.

    Lessons of one function weigh as their square root; those without symmetries `nothing` times as much, as a symmetry
    that is not there is the worse error.
    """
    names = list(lessons[0].seen)
    K = max(len(lesson.seen["any"]) for lesson in lessons)
    X = torch.zeros(len(lessons), K, len(names), dtype=torch.float64)
    out = torch.full((len(lessons), K), -torch.inf, dtype=torch.float64)
    for i, lesson in enumerate(lessons):
        rows = torch.stack([lesson.seen[name] for name in names], -1)
        X[i, : len(rows)], out[i, : len(rows)] = rows, 0
    size = X[out == 0].std(0).clamp_min(1e-6)
    often = Counter(lesson.function for lesson in lessons)
    weight = torch.tensor([often[u.function] ** -0.5 * (1.0 if u.true else nothing) for u in lessons]).double()
    true = torch.tensor([lesson.true for lesson in lessons])
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


def lessons() -> Iterator[Lesson]:
    """All lessons, function by function."""
    settings = [(b, noise) for b in range(2) for noise in (0.0, 0.3)]
    for seed in ZOO_SEEDS:
        bases = [targets.known(seed=seed + b) for b in range(2)]
        for name in bases[0]:
            groups = zoo.pupils(
                [bases[b][name] for b, _ in settings], [noise for _, noise in settings], networks=4, samples=4000,
                width=64, layers=2, steps=1200, batch_size=250, lr=5e-3, seed=777_000 + seed,
            )  # fmt: skip
            for (b, noise), nets in zip(settings, groups):
                target = bases[b][name]
                x = target.points(2000, seed=99 + b + seed)
                y = holdout.noisy(target.function(x)[:, None], noise, classes=False, seed=5)
                errors = zoo.errors(target, nets, x)
                yield from _taught(f"zoo: {name}", nets, errors, x.float(), y, target.action, None, len(target.algebra))
    for family, of in LOOKED_AT.items():
        for seed in holdout.seeds_of(family, FUNCTIONS, seed=0):
            got = holdout.taught(family, seed=seed, steps=1500, batch_size=250, lr=5e-3, points=3000, labelled=3000)
            actions = got.drawn.action, got.drawn.output_action
            yield from _taught(family, got.networks, got.errors, got.points, got.labels, *actions, of.dimension)


def _taught(function, nets: Sequence[nn.Module], errors, x, y, action, output_action, true) -> Iterator[Lesson]:
    """Lessons of networks together and of ALONE of them each, with labels and without."""
    groups = [(list(nets), max(errors))] + [([net], error) for net, error in zip(nets[:ALONE], errors)]
    for group, error in groups:
        if error < LEARNED:
            of = group if len(group) > 1 else group[0]
            found = find_symmetry(of, x, action, output_action=output_action, targets=y)
            yield from of_result(function, found, true)


def of_result(function: str, found: Symmetry, true: int) -> list[Lesson]:
    """Two lessons, with labels and without."""
    with_labels = found.measures.carried()
    each = with_labels, with_labels._replace(paid=None, paid_error=None)
    return [Lesson(function, measures.kind, true, features(measures)) for measures in each]


def table(lessons: Sequence[Lesson]) -> str:
    """The source of `liegg.symmetry.odds`."""
    rows = []
    for kind, nothing in NOTHING.items():
        weights = fit([lesson for lesson in lessons if lesson.kind == kind], nothing=nothing)
        rows += [f'    "{kind}": {{', *(f'        "{name}": {w:.3g},' for name, w in weights.items()), "    },"]
    head = '"""The weights of the decision, as `liegg.studies.lens.fitting` prints them; not to be edited by hand."""'
    return "\n".join([head, "", "WEIGHTS = {", *rows, "}", ""])


if __name__ == "__main__":
    print(table(list(lessons())), end="")
