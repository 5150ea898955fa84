"""python -m liegg.reproduce: run the experiments, build the book, verify what is stored."""

import signal

if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `main` can answer: no traceback of an import

import argparse
import gc
import os
import sys

from liegg.reproduce.errors import UserError, in_words
from liegg.reproduce.project import say, unsaid


def main(words: list[str] | None = None) -> int:
    _open_streams()
    options = _parser().parse_args(words)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal may lack a character
    try:
        from liegg.reproduce.commands import COMMANDS

        _listen()
        gc.set_threshold(20_000)  # notebooks and syntax trees stay: there is little to find among them
        code = COMMANDS[options.command](options)
        if unsaid:
            say(f"liegg: what there was to say could not all be written: {in_words(unsaid[0])}", error=True)
        return code or int(bool(unsaid))
    except UserError as error:
        say(f"liegg: {error}", error=True)
        return 2
    except ModuleNotFoundError as error:
        if str(error.name).startswith("liegg"):
            raise
        say(f"liegg: the package {error.name} is missing: pip install 'liegg[reproduce]'", error=True)
        return 2
    except OSError as error:
        say(f"liegg: {in_words(error)}", error=True)
        return 2
    except KeyboardInterrupt:
        say("\nliegg: stopped; what had finished is kept", error=True)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m liegg.reproduce", description=__doc__)
    command = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    profile = argparse.ArgumentParser(add_help=False)
    profile.add_argument("--profile", default="quick", help="smoke, quick, paper or full (default: quick)")
    stored = argparse.ArgumentParser(add_help=False)
    stored.add_argument("--profile", default="paper", help="whose results are stored (default: paper)")
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("--notebook", default="", help="one or several, e.g. 11_o5_regression (default: all)")
    chosen.add_argument("--part", default="", help="all of one part: I, II, III, IV or V")
    limits = argparse.ArgumentParser(add_help=False)
    limits.add_argument("--threads", default="", help="of each notebook (default: its share of all cores but one)")
    limits.add_argument("--minutes", default="", help="that a notebook may take (default: as long as it needs)")
    run = command.add_parser(
        "run", parents=[profile, chosen, limits], help="run what is not up to date, then build the book"
    )
    run.add_argument("--params", default="", help='parameters of the one notebook, e.g. "seed=3 hidden_width=64"')
    run.add_argument("--cluster", default="", help="a Dask scheduler whose workers measure, e.g. tcp://10.0.0.1:8786")
    command.add_parser("book", parents=[profile], help="build the book from the results there are")
    command.add_parser("pdf", parents=[profile], help="build the book and print it as one PDF (needs Chromium)")
    command.add_parser("store", parents=[stored, chosen], help="put the results of a run in data/reference")
    verify = command.add_parser(
        "verify", parents=[stored, chosen], help="hold stored results against the code of today; rerun those named"
    )
    verify.add_argument("--strict", action="store_true", help="refuse what the code of today has not measured")
    command.add_parser("twice", parents=[profile, chosen, limits], help="run twice, and say what is not the same")
    command.add_parser(
        "list", parents=[profile, chosen], help="the notebooks, how long each takes and whether it is up to date"
    )
    probe = command.add_parser("probe", help="which symmetries a model of your own has, with a page of its own")
    probe.add_argument("--model", default="", help="package.module:name, file.py:name, or a TorchScript or .pt2 file")
    probe.add_argument("--inputs", default="", help="its samples: .npy, .npz or .pt")
    probe.add_argument("--action", default="", help='how samples may move, e.g. "Linear(5, copies=2)"')
    probe.add_argument("--targets", default="", help="labels of the first samples, held out from training")
    probe.add_argument("--output-action", default="", help="how outputs may move along")
    return parser


def _open_streams() -> None:
    """Give a stream that the caller has closed a place of its own, which a file would get otherwise."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _listen() -> None:
    """Stop at Ctrl-C, at the system's request, and when the terminal goes, unless the caller has them ignored."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if (number := getattr(signal, name, None)) and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(*_) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)  # once is enough
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
