"""What the tables and figures of the published tasks show: shares, distances, and one line for every number."""

from collections.abc import Sequence

from liegg.studies.lens import invariance_readings, learned_systems, oracles, regression_fields, regressors
from liegg.studies.lens.equations import EQUATIONS, PUBLISHED
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


def exact_rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """A row for every exact equation: candidates, true, found and published numbers, the last null variance and the
    next, the distance to the known symmetries and seconds, the worst of the draws."""
    rows = []
    for case, said in zip(cases, measured, strict=True):
        equation = EQUATIONS[case["equation"]]
        wrong = [d for d in said["dimension"] if d != len(equation.known)]
        rows.append(
            {
                "equation": case["equation"],
                "candidates": equation.action.size,
                "true": len(equation.known),
                "found": wrong[0] if wrong else len(equation.known),
                "LieNLSD": PUBLISHED[case["equation"]]["found"],
                "last null": max(said["null"]),
                "next": min(said["next"]),
                "distance": max(said["distance"]),
                "seconds": max(said["seconds"]),
            }
        )
    return rows


def learned_rows(cases: Sequence[dict], measured: Sequence[dict]) -> list[dict]:
    """A row for every equation, number of jets asked and who is asked: distances of the draws, how many symmetries are
    found, the number being given or not, and the networks' largest error."""
    rows = []
    for case, said in zip(cases, measured, strict=True):
        for N in case["samples"]:
            for asked in ("exact", "one", "together"):
                answers = [a for a in said["answers"] if a["samples"] == N and a["asked"] == asked]
                rows.append(
                    {
                        "equation": case["equation"],
                        "samples": N,
                        "asked": asked,
                        "error": max(said["errors"]) if asked != "exact" else None,
                        "true": len(EQUATIONS[case["equation"]].known),
                        "found": [a["dimension"] for a in answers],
                        "distance": [a["distance"] for a in answers],
                        "linear distance": [a["linear distance"] for a in answers],
                    }
                )
    return rows


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
        tell(
            "invariance", what, f"{row['way']}, {row['asked']}", false=(false, 0.0), declared=(declared, row["SymCert"])
        )
    for row in learned_systems.by("samples", *of("systems")):
        shares = {name: tuple(row[name + end] for end in ("", " from", " to")) for name in ("false", "detection")}
        tell(
            "systems",
            f"{row['samples']}",
            row["way"],
            false=(shares["false"], 0.0),
            detection=(shares["detection"], row["SymCert"]),
        )
    for row in exact_rows(*of("equations")):
        tell(
            "equations", row["equation"], "exact", found=(row["found"], row["LieNLSD"]), seconds=(row["seconds"], None)
        )
    for row in learned_rows(*of("learned equations")):
        distances = sorted(row["linear distance"])
        middle = distances[len(distances) // 2], distances[0], distances[-1]
        theirs = PUBLISHED[row["equation"]]["distance"][0]
        tell("equations", f"{row['equation']}, {row['samples']}", row["asked"], linear_distance=(middle, theirs))
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
