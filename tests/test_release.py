"""What a release promises: one version, metadata that agree, a container and workflows that do what README says."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import liegg
from liegg.reproduce.project import find_root

ROOT = find_root()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README = (ROOT / "README.md").read_text()
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text())
ARXIV = [i["value"] for paper in CITED["references"] for i in paper["identifiers"] if i["value"].startswith("arXiv:")]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
HADOLINT = shutil.which("hadolint", path=Path(sys.executable).parent) or shutil.which("hadolint")


def commands(title):
    """What a section of README has one type first, without comments."""
    block = re.search(rf"## {title}\n\n```bash\n(.*?)```", README, flags=re.S)[1]
    return [shlex.join(shlex.split(line, comments=True)) for line in block.splitlines()]


def instructions(name):
    """The arguments of each instruction of this name in the Dockerfile, on one line each."""
    whole = re.sub(r"^#.*\n|\\\n", "", DOCKERFILE, flags=re.M)
    return re.findall(rf"^{name} (.*)$", whole, flags=re.M)


def workflow(name):
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())


def steps(job, key):
    return [step[key] for step in job["steps"] if key in step]


def test_one_version_and_one_day_of_release():
    """What is not released yet says so, and has no day."""
    (first, *_) = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), flags=re.M)
    assert CITED["version"] == liegg.__version__
    day = CITED.get("date-released")
    assert first == (f"[{liegg.__version__}] - {day}" if day else f"[Unreleased] ({liegg.__version__})")


def test_licence_and_citation_say_what_the_metadata_say():
    assert (ROOT / "LICENSE").read_text().startswith(f"{PROJECT['license']} License\n")
    assert CITED["license"] == PROJECT["license"] and set(CITED["keywords"]) <= set(PROJECT["keywords"])
    (author,) = PROJECT["authors"]
    assert CITED["authors"] == [author] and author["name"] in (ROOT / "LICENSE").read_text()
    bibliography = re.sub(r"[{}]", "", (ROOT / "book" / "references.bib").read_text())
    readme = " ".join(README.split())
    for paper in CITED["references"]:
        assert f"= {paper['title']}," in bibliography and paper["title"].split(":")[0] in readme
    assert len(ARXIV) == 4 and all(number.removeprefix("arXiv:") in bibliography for number in ARXIV)


def test_the_archive_is_told_what_the_citation_says():
    """Zenodo reads no CITATION.cff where there is a .zenodo.json. It gives the DOI: none is named before."""
    assert json.loads((ROOT / ".zenodo.json").read_text()) == {
        "upload_type": CITED["type"],
        "access_right": "open",
        "title": CITED["title"],
        "version": CITED["version"],
        "creators": [{"name": author["name"]} for author in CITED["authors"]],
        "license": CITED["license"],
        "description": CITED["abstract"],
        "keywords": CITED["keywords"],
        "related_identifiers": [{"relation": "references", "identifier": number} for number in ARXIV],
    }


@pytest.mark.skipif(not HADOLINT, reason="hadolint is not installed: its package has no build for this system")
@pytest.mark.parametrize(
    ("text", "found"),
    [(DOCKERFILE, ""), (DOCKERFILE.replace(" --no-install-recommends", ""), "DL3015")],
    ids=["ours", "a fault"],
)
def test_hadolint_finds_nothing_in_the_dockerfile(text, found):
    words = [HADOLINT, "--no-color", "--config", "/dev/null", "--failure-threshold", "style", "-"]
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    assert re.findall(r"\b(?:DL|SC)\d+", done.stdout) == ([found] if found else []), done.stdout
    assert done.returncode == bool(found), done.stderr


def test_what_hadolint_is_told_to_ignore_has_a_reason():
    for line in DOCKERFILE.splitlines():
        assert "hadolint" not in line or re.fullmatch(r"# hadolint ignore=DL\d+ # .+", line), line


def test_the_container_runs_the_readmes_two_commands_and_sets_up_as_make_does():
    two = commands("Two commands")
    (default,) = map(json.loads, instructions("CMD"))
    (folder,) = instructions("WORKDIR")
    build, run, other, copy = commands("In a container")
    assert build == "docker build --tag liegg ." and copy == f"docker cp liegg:{folder}/book/_build/html liegg-book"
    assert run == "docker run --name liegg liegg" and other.startswith("docker run --rm liegg ")
    assert [shlex.join(default), other.removeprefix("docker run --rm liegg ")] == two
    made = re.findall(r"\bmake (?:(--\w+) )?(\w+)", " ".join(instructions("RUN")))
    assert made == [("", "setup"), ("--touch", "setup")] and "pip " not in DOCKERFILE


def test_the_container_is_pinned_unprivileged_and_installs_before_it_copies_the_code():
    (base,) = instructions("FROM")
    python = re.fullmatch(r"python:(3\.\d+)-slim-[a-z]+", base)[1]  # of a named release of Debian
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]
    (user,) = instructions("USER")
    assert user.isdigit() and user != "0" and f"--uid {user} " in DOCKERFILE
    assert all(line.startswith(f"--chown={user}:{user} ") for line in instructions("COPY"))
    setup, every = DOCKERFILE.index("\nRUN make setup\n"), DOCKERFILE.index(" . .\n")
    assert DOCKERFILE.index("\nUSER ") < setup < every < DOCKERFILE.index("\nRUN make --touch setup")
    (read,) = re.findall(r"^\$\(STAMP\): (.*)$", (ROOT / "Makefile").read_text(), flags=re.M)
    assert {"Makefile", *read.split()} <= set(instructions("COPY")[0].split())
    (index,) = (line.removeprefix("TORCH_INDEX=") for line in instructions("ARG"))
    assert f"make setup TORCH_INDEX={index}`" in README


def test_the_image_holds_the_files_of_the_commit_and_nothing_that_git_ignores():
    """A file that was left out would make every result one "with local changes"."""

    def of_docker(pattern):
        """Which anchors all patterns, and ends none in a slash."""
        sign, path = pattern[: pattern.startswith("!")], pattern.removeprefix("!").rstrip("/")
        return sign + (path.removeprefix("/") if "/" in path else f"**/{path}")

    def lines(name):
        return [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]

    assert lines(".dockerignore") == [*map(of_docker, lines(".gitignore")), ".git/config"]
    assert {"**/.venv", "book/_build", "data/*", "!data/reference"} < set(lines(".dockerignore"))


def test_workflows_run_the_readmes_commands_on_every_python_and_in_the_container():
    jobs = workflow("tests.yml")["jobs"]
    assert set(jobs) == {"readme", "container"}
    job = jobs["readme"]
    assert sorted(steps(job, "run")) == sorted(commands("Two commands"))
    assert steps(jobs["container"], "run") == commands("In a container")
    pythons = job["strategy"]["matrix"]["python"]
    assert pythons == ["3.11", "3.12", "3.13"]
    assert all(Requirement("python" + PROJECT["requires-python"]).specifier.contains(p) for p in pythons)
    assert pythons == [c.split(" :: ")[-1] for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert job["env"]["TORCH_INDEX"] in README


def test_the_built_book_is_published_from_main_with_no_more_rights_than_that_needs():
    pages = workflow("pages.yml")
    book, publish = (pages["jobs"][name] for name in ("book", "publish"))
    assert pages[True]["push"]["branches"] == ["main"]  # YAML 1.1 reads the key `on` as true
    assert book["if"] == "github.ref == 'refs/heads/main'"  # whatever branch it is started for by hand
    assert steps(book, "run") == ["make reproduce"] and publish["needs"] == "book"
    assert {"path": "book/_build/html"} in steps(book, "with")
    assert pages["permissions"] == {"contents": "read"} and "permissions" not in book
    assert not any("configure-pages" in used for used in steps(book, "uses"))  # asks for a right to Pages
    assert pages["concurrency"]["cancel-in-progress"] is False
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
    assert steps(publish, "uses") == ["actions/deploy-pages@v4"]


def test_the_list_for_a_release_names_what_there_is():
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    release = contributing.split("## A release\n")[1].split("\n## ")[0]
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"`make ([a-z-]+)", release)) <= set(re.findall(r"^  ([a-z-]+)  ", shown, flags=re.M))
    files = set(re.findall(r"`([\w./]+\.\w+)`", release))
    assert {"liegg/__init__.py", "CITATION.cff", ".zenodo.json", "CHANGELOG.md"} <= files
    assert all((ROOT / name).is_file() for name in files)
