"""Where the project lies, and where the results of each run are kept."""

from pathlib import Path

import pytest

from liegg.reproduce import project
from liegg.reproduce.errors import UserError
from liegg.reproduce.project import Run, find_root
from liegg.reproduce.words import parse


def test_own_parameters_are_kept_apart():
    own = Run("quick", (("hidden_width", 64), ("seed", 3)))
    assert own.folder != Run("quick").folder and own.html != Run("quick").html
    assert own.command("11_o5_regression") == (
        'make reproduce PROFILE=quick NOTEBOOK=11_o5_regression PARAMS="hidden_width=64 seed=3"'
    )
    lists = Run("quick", (("tasks", ["none: steep"]), ("widths", [8, 16])))
    command = lists.command("17_discovery_methods")
    assert command.endswith("""PARAMS="tasks=['none: steep'] widths=[8, 16]\"""")
    assert parse(command.split('PARAMS="')[1][:-1]) == dict(lists.overrides)
    assert Run("quick", (("path", "../../x y"),)).folder.parent == Run("quick").build


CLONE = Path(__file__).parents[2]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_project_is_found_from_any_folder_in_it(elsewhere, monkeypatch):
    (elsewhere / "notebooks").mkdir()
    (elsewhere / "notebooks" / "experiments.yml").touch()
    deep = elsewhere / "book" / "notes"
    deep.mkdir(parents=True)
    for folder in (elsewhere, elsewhere / "notebooks", deep):
        monkeypatch.chdir(folder)
        assert find_root() == elsewhere and Run("quick").root == elsewhere


def test_from_elsewhere_it_is_the_clone_that_liegg_lies_in(elsewhere):
    assert find_root() == CLONE


def test_without_a_clone_there_is_no_project(elsewhere, monkeypatch):
    monkeypatch.setattr(project, "__file__", str(elsewhere / "site" / "liegg" / "reproduce" / "project.py"))
    with pytest.raises(UserError, match=r"there is no notebooks/experiments\.yml in .*: .* clone it"):
        find_root()
