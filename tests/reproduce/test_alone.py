"""A notebook that measures times runs last, with nothing beside it."""

import re

import mini

from liegg.reproduce import runner, table
from liegg.reproduce.project import TABLE


def test_what_measures_times_comes_last_and_has_nothing_beside_it(tmp_path):
    project = mini.make(tmp_path / "p", pause=0.5)
    written = (project / TABLE).read_text()
    (project / TABLE).write_text(written.replace("  replicates", "  alone: true\n  replicates", 2))
    assert [e.alone for e in table.load(project).values()] == [True, True, False]
    done = mini.reproduce(project, "run", "--profile", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    first, second, third = mini.NAMES
    moments = [m.groups() for m in re.finditer(r"(\w+): (started|done)", done.stdout)]
    names = [third, first, second]
    assert moments == [(name, what) for name in names for what in ("started", "done")]
    assert done.stdout.count("comes last, with nothing beside it") == 2
    drawn = project / "notebooks" / f"{first}.ipynb"
    drawn.write_text(drawn.read_text().replace("print(drawn)", "print(drawn, 1)"))
    again = mini.reproduce(project, "run", "--profile", "smoke")
    assert "is drawn again" in again.stdout and "nothing beside" not in again.stdout


def test_who_may_start_beside_whom():
    class Job:
        def __init__(self, alone):
            self.alone = alone

    plain, alone = Job(False), Job(True)
    assert runner._may_start(plain, []) and runner._may_start(plain, [plain]) and runner._may_start(alone, [])
    assert not runner._may_start(alone, [plain]) and not runner._may_start(alone, [alone])
    assert not runner._may_start(plain, [alone])
