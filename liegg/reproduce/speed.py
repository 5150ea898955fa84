"""The page on speed: what `make bench` measured, on the reader's machine and on those whose results are stored."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from liegg.reproduce import timed
from liegg.reproduce.dark import dark
from liegg.reproduce.markdown import code, picture, table, text
from liegg.reproduce.project import Run

NAME = "summary.json"
STORED = Path("benchmarks", "results")
GROUPS = {
    "extraction": "From networks to an answer",
    "direct": "Beside one SVD of the whole matrix",
    "memory": "Memory",
    "ensembles": "Many networks trained as one",
    "start-up": "Start-up",
    "whole": "The whole book",
}
ROUNDS = (
    "Dots are medians of the ratios round by round, lines their intervals. The dotted line is where both take as long."
)
CAPTIONS = {
    "floor": f"Time over that of what it is held against, and the goal for it. {ROUNDS}",
    "faster": f"How many times as fast as the other, and the goal for it. {ROUNDS}",
    "sizes": "What is needed over sizes, on logarithmic axes. Lines are medians of repeated measurements, bands their "
    "range; where a dashed line stands, the two compared need as much.",
    "parts": "Where the time goes. A bar is a whole, and its parts are medians of repeated measurements.",
}
"""of the figures whose names begin so"""
MEASURES = {"seconds": ("takes", "time"), "megabytes": ("needs", "memory at its peak")}
UNITS = {1.0: "s", 1e-3: "ms"}
WIDTHS = {"": "for-wide", "-narrow": "for-narrow"}


class _Row(BaseModel, extra="allow"):
    group: str
    case: str
    seconds: float
    low: float
    high: float
    rounds: int
    compared: list[dict]
    date: str
    commit: str
    torch: str


class _Machine(BaseModel, extra="allow"):
    name: str
    processor: str
    cores: int
    gpu: str | None
    system: str


class _Summary(BaseModel):
    machine: _Machine
    benchmarks: list[_Row]


def own(run: Run) -> Path:
    """Where the reader's own results lie, a folder a machine."""
    return run.build / "bench"


def files(run: Run) -> Iterator[Path]:
    """All files that the page is made of."""
    for place in (own(run), run.root / STORED):
        yield from (path for folder in place.glob("*/") for path in folder.iterdir() if path.is_file())


def page(run: Run, stage: Path) -> str:
    """The generated part of the page, whose drawings are put into the stage: a section for every machine."""
    stored = {path: found for path in sorted((run.root / STORED).glob(f"*/{NAME}")) if (found := _read(path))}
    mine = {path: found for path in sorted(own(run).glob(f"*/{NAME}")) if (found := _read(path))}
    mine = {path: found for path, found in mine.items() if found not in stored.values()}
    if not mine and not stored:
        return "Nothing has been measured yet: `make bench` does, and the next book shows it here."
    sections = [_section(path, found, stage, "own") for path, found in mine.items()]
    sections += [_section(path, found, stage, "stored") for path, found in stored.items()]
    return "\n\n".join(sections)


def _read(path: Path) -> dict | None:
    """What was measured on a machine; None if there is nothing that can be read, as if it had not been measured."""
    try:
        return _Summary.model_validate_json(path.read_bytes()).model_dump()
    except (OSError, ValidationError):
        return None


def _section(path: Path, found: dict, stage: Path, whose: str) -> str:
    """What was measured on one machine, below whose it is."""
    machine, rows = found["machine"], found["benchmarks"]
    there = f"speed/{whose}/{machine['name']}"
    shutil.copytree(path.parent, stage / there)
    pictures = {p.stem: p.read_text(encoding="utf-8") for p in sorted(path.parent.glob("*.txt"))}
    show = lambda name: _picture(stage, f"{there}/{name}", pictures[name], CAPTIONS[name.split("-")[0]])
    hardware = f"{machine['processor']}, {machine['cores']} cores" + (f", {machine['gpu']}" if machine["gpu"] else "")
    parts = [
        f"## {'Yours' if whose == 'own' else 'Stored'}: {text(hardware)}",
        _whose(whose, machine, rows) + f" All of it: {{download}}`{NAME} <{there}/{NAME}>`.",
        goals(rows),
        *(show(name) for name in ("floor", "faster") if name in pictures),
    ]
    known = [*GROUPS, *sorted({row["group"] for row in rows} - set(GROUPS))]
    for group in known:
        if chosen := [row for row in rows if row["group"] == group]:
            names = [name for name in (f"sizes-{group}", f"parts-{group}") if name in pictures]
            parts += [f"### {text(GROUPS.get(group, group.capitalize()))}", _table(chosen)]
            parts += [_crossings(chosen), *map(show, names)]
    return "\n\n".join(filter(None, parts))


def _whose(whose: str, machine: dict, rows: list[dict]) -> str:
    """Whose numbers these are, and when and by what they were measured."""
    first = "Measured by `make bench` in this copy of the project" if whose == "own" else "Measured for the project"
    dates, commits, versions = (sorted({row[key] for row in rows}) for key in ("date", "commit", "torch"))
    days = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return (
        f"{first} on {days}, commit {', '.join(map(text, commits))}, PyTorch {', '.join(map(text, versions))}, "
        f"{text(machine['system'])}."
    )


def goals(rows: list[dict]) -> str:
    """How many goals are met, in a sentence, and with which certainty."""
    said = [judged["verdict"] for row in rows for judged in (row, *row["compared"]) if "verdict" in judged]
    if not said:
        return ""
    counts = [f"{said.count(word)} {word}" for word in ("met", "not met", "undecided") if word in said]
    levels = [c["level"] for row in rows for c in row["compared"] if "verdict" in c and row["rounds"] > 1]
    sure = f"holds it with probability {min(levels):.2f} or more" if levels else "is their range"
    return (
        f"Of {len(said)} goals: {', '.join(counts)}. In each round all are timed in turn, and a ratio is the median of "
        f"those of the rounds; its interval, in brackets, {sure}. A goal that lies within is undecided."
    )


def _table(rows: list[dict]) -> str:
    """A row for each comparison, whose first says what is done, and for each time that is compared with none."""
    lines = []
    for row in rows:
        each = f", {_time(row['seconds'] / row['count'])} each of {row['count']}" if row.get("count") else ""
        spread = f" [{_time(row['low'])}, {_time(row['high'])}]" if row["rounds"] > 1 else ""
        time, rounds = _time(row["seconds"]) + spread + each, str(row["rounds"])
        if "limit" in row:
            lines.append([text(row["case"]), time, "", "", f"at most {_time(row['limit'])}", row["verdict"], rounds])
        for earlier, c in enumerate(row["compared"]):
            what = ["", "", ""] if earlier else [text(row["case"]), time, rounds]
            ratio = f"{c['ratio']:.2f} [{c['low']:.2f}, {c['high']:.2f}]" + " times as fast" * c["faster"]
            goal = f"{'at least' if c['faster'] else 'at most'} {c['goal']:g}" if "goal" in c else ""
            other = f"{text(c['with'])}, {_time(c['seconds'])}"
            lines.append([*what[:2], other, ratio, goal, c.get("verdict", ""), what[2]])
        lines += [[text(r["what"]), _time(r["seconds"]), *[""] * 5] for r in row.get("rows", []) if "what" in r]
    head = ["what is done", "time", "held against", "ratio of times", "goal", "verdict", "rounds"]
    used = [i for i in range(len(head)) if any(line[i] for line in lines)]
    return table([head[i] for i in used], [[line[i] for i in used] for line in lines]) if lines else ""


def _crossings(rows: list[dict]) -> str:
    """From which size on the first method needs less than the second, a sentence for each sweep."""
    said = []
    for sweep in timed.sweeps(kept for row in rows for kept in row.get("rows", [])):
        if (found := sweep.crossing()) is None:
            continue
        (first, one), (second, other) = [*sweep.methods.items()][:2]
        verb, measure = MEASURES[sweep.measure]
        sizes = sorted(one.keys() & other.keys())
        (fixed,) = {"samples", "directions"} - {sweep.over}
        where = "" if sweep.fixed is None else f" (at {sweep.fixed} {fixed})"
        said.append(
            f"{_named(first)} {verb} {'less' if found.less else 'more'} {measure} than {_named(second)} "
            + (
                f"from about {float(f'{found.size:.2g}'):.0f} {sweep.over} on{where}."
                if found.size
                else f"at every number of {sweep.over} measured, {sizes[0]} to {sizes[-1]}{where}."
            )
        )
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in said)


def _named(method: str) -> str:
    """A method in words, or a function of ours as code."""
    return code(method) if "_" in method else text(method)


def _time(seconds: float) -> str:
    """A time with three digits and its unit."""
    size, unit = next(((s, u) for s, u in UNITS.items() if seconds >= s), (1e-6, "µs"))
    value = seconds / size
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _picture(stage: Path, path: str, words: str, caption: str) -> str:
    """A picture over its caption: a drawing for wide and one for narrow columns, light, and dark where the style sheet
    does not turn it."""
    classes: dict[str, str] = {}
    for width, column in WIDTHS.items():
        drawing = stage / f"{path}{width}.svg"
        if darker := dark(drawing.read_text(encoding="utf-8")):
            drawing.with_name(f"{drawing.stem}-dark.svg").write_text(darker, encoding="utf-8")
            classes |= {width: f"{column} only-light", f"{width}-dark": f"{column} only-dark"}
        else:
            classes[width] = column
    first, *_ = caption.partition(". ")
    alt = json.dumps(f"{first}. {words}", ensure_ascii=False)
    return picture(path, classes, alt=alt, caption=caption, kind="drawing")
