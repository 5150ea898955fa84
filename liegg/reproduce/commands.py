"""What `python -m liegg.reproduce COMMAND` does; each returns the exit status."""

import os
from argparse import Namespace

from liegg.reproduce import browser, claim_tables, first_picture, network_weights, printed, side_by_side, table
from liegg.reproduce.book import build
from liegg.reproduce.errors import UserError
from liegg.reproduce.listing import lines
from liegg.reproduce.lock import alone
from liegg.reproduce.probe import probe
from liegg.reproduce.project import Run, say
from liegg.reproduce.runner import NONE, Limits, run_experiments
from liegg.reproduce.stored import store
from liegg.reproduce.twice import twice
from liegg.reproduce.verify import verify
from liegg.reproduce.words import brief, parse


def run_notebooks(options: Namespace) -> int:
    experiments = table.load()
    chosen = table.select(experiments, options.notebook, options.profile, options.part)
    overrides = parse(options.params)
    if overrides and not (options.notebook and len(chosen) == 1):
        raise UserError("PARAMS (--params) needs NOTEBOOK (--notebook), one: parameters belong to one notebook")
    run, limits = Run(options.profile, tuple(sorted(overrides.items()))), _limits(options, options.cluster.strip())
    with alone(run.build):
        failed = run_experiments(run, chosen, overrides, limits)
        _build(run, experiments, limits)
    if failed:
        say(f"liegg: {', '.join(failed)} failed; the book shows what succeeded", error=True)
    return 1 if failed else 0


def _limits(options: Namespace, cluster: str = "") -> Limits:
    threads = int(_above_zero("threads", options.threads, int, "a whole number")) or NONE.threads
    if threads > (cores := os.cpu_count() or 1) and not cluster:
        raise UserError(f"THREADS (--threads) is {brief(threads)}, and there are {cores} cores")
    return Limits(threads, _above_zero("minutes", options.minutes, float, "a number") or NONE.minutes, cluster)


def _above_zero(name: str, words: str, kind: type, what: str) -> float:
    """The number that was given; 0 for none. Raises UserError for anything else."""
    if not words.strip():
        return 0
    try:
        value = kind(words)
    except (ValueError, OverflowError):
        value = 0
    if not value > 0:
        raise UserError(f"{name.upper()} (--{name}) must be {what} above 0, not {brief(words)}")
    return value


def build_book(options: Namespace) -> int:
    experiments = table.load()
    table.select(experiments, "", options.profile)
    run = Run(options.profile)
    with alone(run.build):
        _build(run, experiments)
    return 0


def print_book(options: Namespace) -> int:
    browser.chromium()  # or nothing is built in vain
    build_book(options)
    run = Run(options.profile)
    with alone(run.build):
        made = printed.make(run)
        say(f"the book is {'printed' if made else 'up to date'}: {printed.place(run)}")
    return 0


def _build(run: Run, experiments: dict, limits: Limits = NONE) -> None:
    side_by_side.draw(run, experiments, limits)
    built = build(run, experiments)
    say(f"the book is {'built' if built else 'up to date'}: open {run.html / 'index.html'}")


def store_results(options: Namespace) -> int:
    chosen = table.select(table.load(), options.notebook, options.profile, options.part)
    run = Run(options.profile)
    with alone(run.build):
        say(f"stored in {run.stored('').parent.relative_to(run.root)}: {', '.join(store(run, chosen))}")
        if run.profile == "paper":
            first_picture.keep(run, chosen)
            network_weights.keep(run, chosen)
        claim_tables.write_readme(run.root)
    return 0


def verify_stored(options: Namespace) -> int:
    experiments = table.load()
    chosen = table.select(experiments, options.notebook, options.profile, options.part)
    again = chosen if options.notebook or options.part else []
    run = Run(options.profile, aside="verify")
    with alone(run.build):
        good = verify(run, experiments, [e.name for e in again], options.strict)
    say("what is stored stands" if good else "what is stored does not stand: see above")
    return 0 if good else 1


def run_twice(options: Namespace) -> int:
    experiments = table.load()
    chosen = table.select(experiments, options.notebook, options.profile, options.part)
    run, limits = Run(options.profile), _limits(options)
    with alone(run.build):
        same = twice(run, chosen, limits)
        _build(run, experiments, limits)
    say("both runs are the same" if same else "the two runs are not the same: see above")
    return 0 if same else 1


def list_notebooks(options: Namespace) -> int:
    chosen = table.select(table.load(), options.notebook, options.profile, options.part)
    say(*lines(Run(options.profile), chosen, parameters=bool(options.notebook)))
    return 0


COMMANDS = {
    "run": run_notebooks,
    "book": build_book,
    "pdf": print_book,
    "store": store_results,
    "verify": verify_stored,
    "twice": run_twice,
    "list": list_notebooks,
    "probe": probe,
}
