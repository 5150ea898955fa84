"""python -m liegg.reproduce: run the experiments, build the book, verify what is stored."""

import argparse
import fcntl
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    from liegg.reproduce import table
    from liegg.reproduce.project import Run, UserError
    from liegg.reproduce.runner import run_experiments
except ModuleNotFoundError as error:
    sys.exit(f"liegg: the package {error.name} is missing: pip install 'liegg[reproduce]'")


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m liegg.reproduce", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    profile = argparse.ArgumentParser(add_help=False)
    profile.add_argument("--profile", default="quick", help=f"{', '.join(table.PROFILES)} (default: quick)")
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("--notebook", default="", help="one or several, e.g. 11_o5_regression (default: all)")
    chosen.add_argument("--part", default="", help=f"all of one part: {', '.join(table.PARTS)}")
    run = commands.add_parser("run", parents=[profile, chosen], help="run what is not up to date, then build the book")
    run.add_argument("--params", default="", help='parameters of the one notebook, e.g. "seed=3 hidden_width=64"')
    commands.add_parser("book", parents=[profile], help="build the book from the results there are")
    stored = argparse.ArgumentParser(add_help=False)
    stored.add_argument("--profile", default="paper", help="whose results are stored (default: paper)")
    commands.add_parser("store", parents=[stored, chosen], help="put the results of a run in data/reference")
    verify = commands.add_parser(
        "verify", parents=[stored, chosen], help="hold stored results against the code of today; rerun those named"
    )
    verify.add_argument("--strict", action="store_true", help="refuse what the code of today has not measured")
    commands.add_parser(
        "list", parents=[profile, chosen], help="the notebooks, how long each takes and whether it is up to date"
    )
    options = parser.parse_args(words)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return {"run": _run, "book": _book, "store": _store, "verify": _verify, "list": _list}[options.command](options)
    except UserError as error:
        print(f"liegg: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nliegg: stopped; what had finished is kept", file=sys.stderr)
        return 130


@contextmanager
def _alone(build: Path) -> Iterator[None]:
    """Hold the lock of the build folder, which the system drops when this process ends, however it ends."""
    build.mkdir(parents=True, exist_ok=True)
    with (build / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"another run is at work in {build}: wait until it has ended") from None
        yield


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


def _run(options: argparse.Namespace) -> int:
    experiments = table.load()
    chosen = table.select(experiments, options.notebook, options.profile, options.part)
    overrides = table.parse(options.params)
    if overrides and not options.notebook:
        raise UserError("PARAMS (--params) needs NOTEBOOK (--notebook): parameters belong to one notebook")
    run = Run(options.profile, tuple(sorted(overrides.items())))
    with _alone(run.build):
        failed = run_experiments(run, chosen, overrides)
        _build(run, experiments)
    if failed:
        print(f"liegg: {', '.join(failed)} failed; the book shows what succeeded", file=sys.stderr)
    return 1 if failed else 0


def _book(options: argparse.Namespace) -> int:
    experiments = table.load()
    table.select(experiments, "", options.profile)
    run = Run(options.profile)
    with _alone(run.build):
        _build(run, experiments)
    return 0


def _build(run: Run, experiments: dict) -> None:
    from liegg.reproduce.book import build

    built = build(run, experiments)
    print(f"the book is {'built' if built else 'up to date'}: open {run.html / 'index.html'}")


def _store(options: argparse.Namespace) -> int:
    from liegg.reproduce import claim_tables
    from liegg.reproduce.stored import store

    chosen = table.select(table.load(), options.notebook, options.profile, options.part)
    run = Run(options.profile)
    with _alone(run.build):
        print(f"stored in {run.stored('').parent.relative_to(run.root)}: {', '.join(store(run, chosen))}")
        claim_tables.write_readme(run.root)
    return 0


def _verify(options: argparse.Namespace) -> int:
    from liegg.reproduce.verify import verify

    experiments = table.load()
    chosen = table.select(experiments, options.notebook, options.profile, options.part)
    again = chosen if options.notebook or options.part else []
    run = Run(options.profile, aside="verify")
    with _alone(run.build):
        good = verify(run, experiments, [e.name for e in again], options.strict)
    print("what is stored stands" if good else "what is stored does not stand: see above")
    return 0 if good else 1


def _list(options: argparse.Namespace) -> int:
    from liegg.reproduce.listing import lines

    chosen = table.select(table.load(), options.notebook, options.profile, options.part)
    print(*lines(Run(options.profile), chosen, parameters=bool(options.notebook)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
