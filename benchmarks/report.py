"""From pytest-benchmark's JSON to numbers and drawings of this machine: python benchmarks/report.py JSON [WORDS].

JSON lies in the folder in which the machine gets one of its own, with summary.json, and of each figure three files:
its drawings for a wide and for a narrow column, and what it shows, in words. With WORDS, by which some benchmarks were
chosen, what was measured earlier of the others stays, with its own date and commit.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from liegg import plots
from liegg.plots.speeds import Panel
from liegg.plots.style import BookFigure
from liegg.reproduce import timed
from liegg.reproduce.results import write_json
from liegg.reproduce.speed import NAME, STORED

UNITS = {"seconds": "time (seconds)", "megabytes": "peak memory (megabytes)"}
OTHER = {"samples": "directions", "directions": "samples"}


def report(measured: Path, words: str = "", *, stored: Path = STORED) -> Path:
    """Numbers and drawings from pytest-benchmark's JSON; returns the machine's folder beside it, or the same as before.

    `stored` is where results of machines are kept, whose numbers stay where there are none beside the JSON.
    """
    found = json.loads(measured.read_text(encoding="utf-8"))
    machine = machine_of(found["machine_info"])
    commit = found["commit_info"].get("id", "")[:10] or "not under git"
    made = {
        "date": found["datetime"][:10],
        "commit": commit + " with local changes" * bool(found["commit_info"].get("dirty")),
        "torch": found["machine_info"]["torch"],
    }
    folder = measured.parent / machine["name"]
    rows = _earlier(folder, stored / machine["name"]) if words.strip() else {}
    rows |= {row["name"]: row for row in (timed.row(benchmark, made) for benchmark in found["benchmarks"])}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_json(folder / NAME, {"machine": machine, "benchmarks": [*rows.values()]})
    for name, figure in figures([*rows.values()]):
        _draw(folder / name, figure)
    return folder


def _earlier(*folders: Path) -> dict[str, dict]:
    """The numbers in the first of some folders that has any, by their names."""
    for path in (folder / NAME for folder in folders):
        if path.is_file():
            return {row["name"]: row for row in json.loads(path.read_text(encoding="utf-8"))["benchmarks"]}
    return {}


def machine_of(info: dict) -> dict:
    """What a machine is, with a name that a folder can have, from pytest-benchmark's words and what conftest added."""
    processor = " ".join(info.get("cpu", {}).get("brand_raw", info["machine"]).split())
    gpu, cores = info["gpu"], info["cores"]
    words = " ".join(filter(None, [processor, f"{cores} cores", gpu]))
    name = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\((r|tm)\)|\bcpu\b", "", words.lower())).strip("-")
    system = f"{info['system']} {info['machine']}, Python {info['python_version']}"
    return {"name": name, "processor": processor, "cores": cores, "gpu": gpu, "system": system}


def figures(rows: list[dict]) -> Iterator[tuple[str, BookFigure]]:
    """The figures that there are numbers for, by the names of their files."""
    goals = [(row["case"], c) for row in rows for c in row["compared"] if "goal" in c]
    for name, faster, measure, goal in (
        ("floor", False, "time", "goal: at most"),
        ("faster", True, "speed", "goal: at least"),
    ):
        chosen = [(case, c) for case, c in goals if c["faster"] == faster]
        others = {c["with"] for _, c in chosen}
        alike = len(others) == 1
        cases = {
            case if alike else f"{case}, beside {c['with']}": (c["ratio"], c["low"], c["high"], c["goal"])
            for case, c in chosen
        }
        if cases:
            yield (
                name,
                plots.raced(
                    cases, f"{measure} over that of {min(others) if alike else 'the other'} (ratio)", goal=goal
                ),
            )
    for group in dict.fromkeys(row["group"] for row in rows):
        own = [row for row in rows if row["group"] == group]
        if swept := [*timed.sweeps(kept for row in own for kept in row.get("rows", []))]:
            labels = {method: method for sweep in swept for method in sweep.methods}
            yield f"sizes-{group}", plots.sizes([*map(_panel, swept)], labels, mark="both alike")
        if wholes := {k: v for row in own for k, v in timed.parts(row.get("rows", []), row["case"]).items()}:
            yield f"parts-{group}", plots.stacked(wholes, "time (seconds)")


def _panel(sweep: timed.Sweep) -> Panel:
    fixed = "" if sweep.fixed is None else f" (at {sweep.fixed} {OTHER[sweep.over]})"
    kinds = {
        method: (sorted(by_size), [by_size[x] for x in sorted(by_size)]) for method, by_size in sweep.methods.items()
    }
    crossing = sweep.crossing()
    return Panel(f"{sweep.over}{fixed}", UNITS[sweep.measure], kinds, crossing.size if crossing else None)


def _draw(path: Path, figure: BookFigure) -> None:
    narrow = figure.narrow()
    for end, content in {".svg": figure._repr_svg_(), "-narrow.svg": narrow._repr_svg_(), ".txt": figure.words}.items():
        path.with_name(path.name + end).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    place = report(Path(sys.argv[1]), *sys.argv[2:])
    print(f"numbers and drawings of this machine are in {place}; the next make book shows them")
    print(f"to keep them with the project: cp -r {place} {STORED}")
