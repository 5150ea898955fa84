"""What notebooks there are, how long each takes, and whether it is up to date: `make list`."""

from collections.abc import Iterator

from liegg.reproduce.errors import UserError
from liegg.reproduce.keys import key, plan
from liegg.reproduce.project import Run
from liegg.reproduce.table import Experiment

UNITS = {"d": 86400, "h": 3600, "min": 60}


def lines(run: Run, experiments: list[Experiment], *, parameters: bool) -> Iterator[str]:
    """Three lines a notebook below the number of its part, and one more a parameter, if these are asked for."""
    part = ""
    for e in experiments:
        if e.part != part:
            part = e.part
            yield f"part {part}"
        try:
            _, why = plan(run, e, key(e, e.values(run.profile, {}), run.root))
        except UserError as error:
            why, parameters = str(error), False
        yield f"  {e.name}: {e.title}"
        times = ", ".join(f"{profile} {clock(s)}" for profile, s in e.seconds.items())
        yield f"    on two cores: {times}{', after all others and alone' * e.alone}"
        yield f"    at profile {run.profile}: {why or 'up to date'}"
        for p in e.parameters().values() if parameters else ():
            yield f"      {p.name} ({p.type}) = {p.default!r}{p.bounds and f' [{p.bounds}]'}: {p.help}"


def clock(seconds: float) -> str:
    """A time in the largest unit of which it has two."""
    unit = next((name for name, size in UNITS.items() if seconds >= 2 * size), "s")
    return f"{seconds / UNITS.get(unit, 1):.0f} {unit}"
