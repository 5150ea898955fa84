"""Results that come with the project, in data/reference/<profile>: how old they are, and how they are put there.

A result is stored with what it was drawn from, so that `verify` can tell in seconds what the code of today makes of it.
"""

import shutil
from typing import NamedTuple

from liegg.reproduce import whole
from liegg.reproduce.errors import UserError
from liegg.reproduce.keys import changes, in_words, key, plan
from liegg.reproduce.project import Run
from liegg.reproduce.results import read_json
from liegg.reproduce.table import Experiment


class Age(NamedTuple):
    """When a stored result was measured, and what has changed since."""

    commit: str
    since: list[str]
    """in words, each change of what the measurement depends on; empty if there is none"""

    def __str__(self) -> str:
        names = in_words([change.removesuffix(" changed") for change in self.since])
        return f"stored at commit {self.commit}" + (f", code since changed: {names}" if names else "")


def age(run: Run, experiment: Experiment) -> Age | None:
    """How old the stored result of the run's profile is; None if there is none."""
    result = read_json(run.stored(experiment.name))
    if result is None:
        return None
    made = result["provenance"]
    try:
        now = key(experiment, experiment.values(run.profile, {}), run.root)["measure"]
    except UserError as error:
        return Age(made["commit"], [str(error)])
    return Age(made["commit"], changes(made.get("key", {}), now))


def missing(experiment: Experiment, result: dict) -> list[str]:
    """The optional packages that a result was measured without."""
    return [name for name in experiment.packages if name not in result["provenance"]["key"].get("packages", {})]


def store(run: Run, experiments: list[Experiment]) -> list[str]:
    """Put results of a run, with what they were drawn from, in place of those stored; returns their names.

    Raises UserError for one that is not up to date, and for one that was measured without an optional package.
    """
    for e in experiments:
        step, why = plan(run, e, key(e, e.values(run.profile, {}), run.root))
        if step:
            raise UserError(f"{e.name} is not up to date, so it is not stored: {why}")
        result = read_json(run.result(e.name))
        if result and (lacking := missing(e, result)):
            raise UserError(
                f"{e.name} was measured without {', '.join(lacking)}, so it is not stored: make others first"
            )
    for e in experiments:
        place = run.stored(e.name)
        place.parent.mkdir(parents=True, exist_ok=True)
        for file in (run.result(e.name), run.measured(e.name), run.table(e.name)):
            target = place.with_suffix(file.suffix)
            if file.is_file():
                with whole.writing(target) as part:
                    shutil.copy(file, part)
            else:
                target.unlink(missing_ok=True)
    return [e.name for e in experiments]
