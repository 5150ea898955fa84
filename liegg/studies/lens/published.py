"""What the tables and figures of the published tasks show: shares, distances, and one line for every number."""

from collections.abc import Sequence

from liegg.studies.lens import (
    equation_readings,
    invariance_readings,
    learned_systems,
    oracles,
    regression_fields,
    regressors,
)
from liegg.studies.statistics import rate

Line = dict[str, object]


def pooled(table: Sequence[dict], column: str, **where: object) -> dict | None:
    """The share of hits over those rows of a table that are as said, each of so many `repeats`, as `rate` has it."""
    rows = [row for row in table if all(row[name] == value for name, value in where.items())]
    hits = [i < round(row[column] * row["repeats"]) for row in rows for i in range(row["repeats"])]
    return rate(hits)


def ends(share: dict | None) -> tuple[float, float, float] | None:
    """A share and its interval, as figures take it; None where there is none."""
    return share and (share["value"], share["low"], share["high"])


def lines(cases: dict[str, list[dict]], measured: dict[str, list]) -> list[Line]:
    """Every number of the page: task, what of it, who is asked, what is measured, ours with its interval where it has
    one, and what is published."""
    of = lambda name: (cases[name], measured[name])
    told: list[Line] = []

    def tell(task: str, what: str, asked: str, **numbers: tuple) -> None:
        for measure, (ours, published) in numbers.items():
            value, low, high = ours if isinstance(ours, tuple) else (ours, None, None)
            told.append(
                {"task": task, "what": what, "asked": asked, "measure": measure.replace("_", " ")}
                | {"ours": value, "low": low, "high": high, "published": published}
            )

    for row in invariance_readings.rows(*of("invariance")):
        what = f"{row['function']}, {row['inputs']}, {row['noise']:g}, {row['samples']}"
        false = row["false"], row["false from"], row["false to"]
        declared = ends(pooled([row], "declared"))
        cell = invariance_readings.PUBLISHED.get((row["inputs"], row["noise"]), {}).get(row["samples"])
        asked, none = f"{row['way']}, {row['asked']}", None if cell is None else 0.0
        tell("invariance", what, asked, false=(false, none), declared=(declared, row["SymCert"]))
    for row in learned_systems.by("samples", *of("systems")):
        shares = {name: tuple(row[name + end] for end in ("", " from", " to")) for name in ("false", "detection")}
        theirs = row["SymCert"]
        false, detection = (shares["false"], None if theirs is None else 0.0), (shares["detection"], theirs)
        tell("systems", f"{row['samples']}", row["way"], false=false, detection=detection)
    for row in equation_readings.exact_rows(*of("equations")):
        found = (row["found, least"], row["LieNLSD found"]), (row["seconds"], None)
        tell("equations", row["equation"], "exact", found=found[0], seconds=found[1])
    for row in equation_readings.learned_rows(*of("learned equations")):
        distance = row["linear distance"], row["LieNLSD distance"]
        tell("equations", f"{row['equation']}, {row['samples']}", row["asked"], linear_distance=distance)
    for row in regression_fields.rows(*of("fields")):
        what, shortfall = f"{row['function']}, {row['samples']}", (row["by box"], row["theirs"])
        tell("fields", what, row["asked"], shortfall=shortfall, seconds=(row["seconds"], row["their seconds"]))
    for row in oracles.rows(*of("oracles")):
        found, seconds = (row["found"], row["published, told"]), (row["seconds"], row["published seconds"])
        tell("oracles", row["group"], "exact", found=found, seconds=seconds)
    for row in oracles.learned_rows(*of("learned oracles")):
        tell("oracles", row["group"], row["asked"], found=(row["found"], None), degrees=(row["degrees"], None))
    for row in regressors.rows(*of("regressors")):
        tell("regressors", row["regressor"], row["asked"], found=(row["dimension"], None), degrees=(row["angle"], None))
    return told
