"""What a reader can take away: metrics and claims of each page as tables, all claims, a dictionary, and one zip."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from liegg.reproduce import claims, intervals, whole
from liegg.reproduce.claim_tables import verdicts_of
from liegg.reproduce.claims import Claim
from liegg.reproduce.dictionary import FILE, Dictionary
from liegg.reproduce.pages import State
from liegg.reproduce.project import TABLE, Run
from liegg.reproduce.results import as_csv, read_json
from liegg.reproduce.table import Experiment
from liegg.reproduce.verdicts import Verdict

ZIP = "liegg-results"
DATE = (1980, 1, 1, 0, 0, 0)  # of every file in the zip, so that the same results give the same bytes
README = """Results of "Symmetries that neural networks learn"

this-run/         the run that the book was built from: {command}
stored/           the run at the papers' settings that comes with the project
  NAME.json         all metrics of a page with their values, its parameters, and where they come from
  NAME.metrics.csv  one row a metric: mean or estimate, interval, spread, test, unit, meaning, values
  NAME.csv          the page's table: one row a network, or a case, or a direction of a spectrum
claims.csv        every claim of the book, what is accepted and why, and the verdicts on both runs
dictionary.csv    what every column, metric, key and parameter means; {dictionary} is what it is made of
notebooks/        sources of the pages, and experiments.yml with the parameters of each profile; their outputs
                  are in the book
requirements.lock versions of the packages

NAME is that of a page's notebook, as in 11_o5_regression. Tables are UTF-8 with commas, a point before decimals and six
digits a number; an empty cell is one without a value. In Python:

    import pandas
    table = pandas.read_csv("stored/11_o5_regression.csv")

What the stored results were drawn from, networks' polarization factors above all, is not here: in the project's
repository it is in data/reference/paper, one .npz a page, {megabytes:.0f} MB in all.
"""


def put(run: Run, experiments: dict[str, Experiment], states: Sequence[State], folder: Path) -> None:
    """Write all that can be downloaded into a folder of the book."""
    meanings, listed = Dictionary(run.root), _claims(run, experiments)
    of_book = {
        "claims.csv": _table(listed),
        "dictionary.csv": _table([*meanings.of_files(), *_of_pages(run, meanings, states)]),
    }
    here = _results(run, meanings, [s.experiment.name for s in states if s.result], stored=False)
    of_pages = {
        f"{name}.claims.csv": _table(own) for name in experiments if (own := [r for r in listed if r["page"] == name])
    }
    for name, content in (of_book | here | of_pages).items():
        (folder / name).write_bytes(content)
    stored = _results(run, meanings, list(experiments), stored=True)
    files = of_book | {f"this-run/{name}": content for name, content in here.items()}
    files |= {f"stored/{name}": content for name, content in stored.items()}
    pack(folder / f"{ZIP}.zip", files | _sources(run))


def pack(path: Path, files: dict[str, bytes]) -> None:
    """A zip of files by name, in one folder; the same files give the same bytes."""
    with whole.writing(path) as part, ZipFile(part, "w") as archive:
        for name in sorted(files):
            info = ZipInfo(f"{ZIP}/{name}", DATE)
            info.compress_type, info.create_system, info.external_attr = ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(info, files[name])


def metric_rows(result: dict, meanings: Dictionary) -> Iterator[dict]:
    """One row for each metric of a result."""
    for name, metric in result["metrics"].items():
        values, interval = metric.get("values"), intervals.of_metric(metric)
        meaning = meanings.of("metrics", name, result["experiment"])
        yield {
            "metric": name,
            "value": metric.get("mean") if values is not None else metric["value"],
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
            "n": metric["n"] if values is None else len(values),
            "missing": 0 if values is None else values.count(None),
            **{part: metric.get(part) for part in ("sd", "min", "max", "p", "wins")},
            "unit": meaning.unit,
            "meaning": meaning.words,
            "values": " ".join("none" if v is None else f"{v:.6g}" for v in values or []),
        }


def _table(rows: Sequence[dict]) -> bytes:
    return as_csv(rows).encode()


def _results(run: Run, meanings: Dictionary, names: Sequence[str], *, stored: bool) -> dict[str, bytes]:
    """Results, tables and metrics of pages by file name, of a run or of the stored one."""
    files = {}
    for name in names:
        path = run.reference(name) if stored else run.result(name)
        if result := read_json(path):
            files[path.name] = path.read_bytes()
            files[f"{name}.metrics.csv"] = _table([*metric_rows(result, meanings)])
            if (rows := path.with_suffix(".csv")).is_file():
                files[rows.name] = rows.read_bytes()
    return files


def _sources(run: Run) -> dict[str, bytes]:
    """What the zip has beside results."""
    paths = [*sorted((run.root / TABLE.parent).glob("*.ipynb")), run.root / TABLE, run.root / "requirements.lock"]
    files = {path.relative_to(run.root).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    megabytes = sum(path.stat().st_size for path in run.reference("").parent.glob("*.npz")) / 1e6
    readme = README.format(command=run.command(), dictionary=FILE.name, megabytes=megabytes)
    return files | {FILE.name: (run.root / FILE).read_bytes(), "README.txt": readme.encode()}


def _claims(run: Run, experiments: dict[str, Experiment]) -> list[dict]:
    """One row for each claim with its verdict in this run and in the stored one."""
    listed = claims.load(run.root)
    verdicts = {
        suffix: verdicts_of(listed, experiments, path)
        for suffix, path in (("", run.result), ("_stored", run.reference))
    }
    return [
        _of_claim(c)
        | {f"{name}{suffix}": value for suffix, of in verdicts.items() for name, value in _of_verdict(of[c.id]).items()}
        | {"command": c.command}
        for c in listed
    ]


def _of_claim(claim: Claim) -> dict:
    low, high = (None if math.isinf(end) else end for end in claim.accept)
    return {
        "id": claim.id,
        "page": claim.experiment,
        **{
            name: getattr(claim, name) for name in ("statement", "source", "origin", "metric", "unit", "over", "judged")
        },
        "paper": claim.paper,
        "accepted_low": low,
        "accepted_high": high,
        "least": claim.least,
        "reason": claim.reason,
        "profiles": " ".join(claim.profiles),
    }


def _of_verdict(verdict: Verdict) -> dict:
    interval = verdict.interval
    numbers = {name: getattr(interval, name) if interval else None for name in ("value", "low", "high", "n")}
    return {"measured": verdict.measured} | numbers | {"verdict": verdict.word, "why": verdict.why}


def _of_pages(run: Run, meanings: Dictionary, states: Sequence[State]) -> Iterator[dict]:
    """Rows of dictionary.csv about what is named on one page: parameters, columns and metrics."""
    for state in states:
        name = state.experiment.name
        paths = run.result(name), run.reference(name)
        results = [result for result in map(read_json, paths) if result]
        columns = dict.fromkeys(column for path in paths for column in _header(path.with_suffix(".csv")))
        metrics = dict.fromkeys(metric for result in results for metric in result["metrics"])
        about = {"of": "parameter", "page": name}
        for parameter in state.experiment.parameters().values() if state.result else ():
            yield about | {"name": parameter.name, "meaning": parameter.help, "unit": "", "claims": ""}
        for kind, of, names in (("column", "columns", columns), ("metric", "metrics", metrics)):
            for each in names:
                words, unit = meanings.of(of, each, name)
                ids = " ".join(c.id for c in meanings.claims(name, each)) if of == "metrics" else ""
                yield {"of": kind, "page": name, "name": each, "meaning": words, "unit": unit, "claims": ids}


def _header(path: Path) -> list[str]:
    """The columns of a table; none where there is no table."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        return next(csv.reader(lines), [])
