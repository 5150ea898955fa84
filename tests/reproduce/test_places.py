"""Disks that are full or read-only, files where folders belong, terminals and systems that know no UTF-8."""

import errno
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import mini
import nbformat
import pytest

from liegg.reproduce import book, kept, results, whole, worker
from liegg.reproduce.errors import UserError, in_words

RUN = ("run", "--profile", "smoke", "--notebook", "11_first")
MOUNTS = (
    subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0
    if shutil.which("unshare")
    else False
)


@pytest.fixture
def project(tmp_path):
    return mini.make(tmp_path / "p")


def on_disk(project, options):
    """A run whose build folder lies on a disk of its own."""
    (project / "book" / "_build").mkdir(exist_ok=True)
    command = (
        f'mount -t tmpfs -o {options} none book/_build && exec "{sys.executable}" -m liegg.reproduce {" ".join(RUN)}'
    )
    return subprocess.run(["unshare", "-rm", "sh", "-c", command], cwd=project, capture_output=True, text=True)


@pytest.mark.skipif(not MOUNTS, reason="this system lets no user mount a disk")
def test_a_disk_that_is_full_or_read_only_is_named_in_one_line(project):
    full = on_disk(project, "size=24k")
    assert full.returncode == 2 and "11_first: failed after" in full.stdout and "No space left on device" in full.stdout
    assert "Traceback" not in full.stdout + full.stderr and len(full.stderr.splitlines()) == 1
    read_only = on_disk(project, "ro")
    where = project / "book" / "_build" / "smoke"
    mend = "it lies on a read-only disk; work in a copy elsewhere"
    assert read_only.stderr == f"liegg: {where}: Read-only file system: {mend}\n"


def test_a_file_where_a_folder_belongs(project):
    (project / "book" / "_build").write_text("")
    done = mini.reproduce(project, *RUN)
    assert done.returncode == 2 and done.stderr == (
        f"liegg: {project}/book/_build: File exists: a file stands where a folder must be; remove it\n"
    )


def test_writing_fails_whole(tmp_path, monkeypatch):
    """What was there stays, nothing else is left, and the error says where."""
    path = tmp_path / "results" / "a.json"
    results.write_json(path, {"a": 1})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(whole, "_flush", full)
    for write in (lambda: results.write_json(path, {"a": 2}), lambda: kept.write(path, {}, [])):
        with pytest.raises(OSError) as error:
            write()
        assert in_words(error.value) == f"{path}: No space left on device: make room on the disk"
        assert path.read_text() == '{\n "a": 1\n}\n' and [p.name for p in path.parent.iterdir()] == ["a.json"]


def test_a_system_without_utf_8_runs_all_the_same(project):
    """ASCII is forced on every part of it, and the text has more than that."""
    path = project / "notebooks" / "11_first.ipynb"
    saying = mini.SAYING + "\nprint('so(3) → größer ∇F')"
    nbformat.write(mini.notebook("11_first", saying=saying), path)
    (project / "liegg" / "progress.py").open("a", encoding="utf-8").write("# → größer\n")
    forced = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = mini.reproduce(project, *RUN, **forced)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = nbformat.read(project / "book" / "_build" / "smoke" / "executed" / "11_first.ipynb", as_version=4)
    assert "so(3) → größer ∇F" in str(shown)
    again = mini.reproduce(project, *RUN, "--params", "seed=1 word=→", **forced)
    assert again.returncode == 2 and again.stderr.isascii() and len(again.stderr.splitlines()) == 1


def test_a_book_that_cannot_be_built_says_why_first(project):
    (project / "book" / "index.md").write_text("# Mini\n\n{doc}`nowhere`\n\n```{figure} none.svg\n```\n")
    done = mini.reproduce(project, "book", "--profile", "smoke")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 2
    assert "index.md:: WARNING: image file not readable: none.svg (and 1 more)" in done.stderr
    log = done.stderr.splitlines()[1].removeprefix("  all of it is in ")
    assert "unknown document" in Path(log).read_text(encoding="utf-8")


def test_the_cause_of_a_build_that_broke_off(tmp_path):
    stage = tmp_path / "stage"
    assert (
        book._cause(b"reading\n\x1b[91mExtensionError: no module x\x1b[0m\nbye\n", stage)
        == "ExtensionError: no module x"
    )
    assert book._cause(b"reading\nKilled\n", stage) == "Killed"
    assert book._cause(b"", stage) == "without a word"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("bad shape\nException raised from f at x.cpp:1\nframe #0"), "RuntimeError: bad shape"),
        (ValueError("a" * 1000), f"{('ValueError: ' + 'a' * 1000)[: worker.LONGEST]}…"),
        (UserError("plain words"), "plain words"),
        (OSError(errno.ENOSPC, "No space left on device", "x"), "x: No space left on device: make room on the disk"),
        (shutil.Error([("a", "b", "[Errno 28] No space left on device")]), "b: [Errno 28] No space left on device"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_one_line(error, said):
    assert worker.what(error) == said


LIST = [sys.executable, "-m", "liegg.reproduce", "list"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_what_cannot_be_said_is_not_done_in_silence(project):
    """To a full disk; a reader that has gone wanted no more, and closed streams were not wanted."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(LIST, cwd=project, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "liegg: what there was to say could not all be written: No space left on device: make room on the disk\n"
    )
    for closed in ("| head -n 1", "<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(["bash", "-c", f"{shlex.join(LIST)} {closed}; exit ${{PIPESTATUS[0]}}"], cwd=project)
        assert done.returncode == 0, closed


def test_a_run_with_every_stream_closed(project):
    words = shlex.join([*LIST[:-1], *RUN])
    assert subprocess.run(["bash", "-c", f"{words} <&- >&- 2>&-"], cwd=project).returncode == 0
