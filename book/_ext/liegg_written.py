"""Which pages of a book that has been built before are written anew: those that were read again, or all of them.

Sphinx writes a page again when it has read it again. But pages show what others say of themselves: titles and numbers
in the contents, titles and captions in links, definitions beside terms; and pages of code where it is documented. Where
any of that has changed, all are written. Pictures that no page shows any more are removed.
"""

import hashlib
import shutil
from pathlib import Path

from liegg_terms import definitions
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def told(env: BuildEnvironment) -> str:
    """A digest of what pages may show of other pages."""
    std, cited = env.get_domain("std"), env.domaindata.get("cite", {}).get("citation_refs", [])
    parts = {
        "contents": [{page: str(node) for page, node in env.titles.items()}, env.toctree_includes],
        "numbers": [env.toc_secnumbers, env.toc_fignumbers, env.get_domain("math").equations],
        "named": [std.anonlabels, std.labels, *([*domain.get_objects()] for domain in env.domains.values())],
        "cited": [(one.docname, *(target.key for target in one.targets)) for one in cited],
        "defined": definitions(env),
    }
    return hashlib.sha256(repr({name: _sorted(part) for name, part in parts.items()}).encode()).hexdigest()


def _sorted(part: object) -> object:
    """The same whatever was read first."""
    if isinstance(part, dict):
        return sorted((repr(key), _sorted(value)) for key, value in part.items())
    if isinstance(part, list | set):
        return sorted((_sorted(one) for one in part), key=repr)
    return part


def pages(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """All pages where that has changed since they were written, else none but those that were read."""
    before, env.liegg_told = getattr(env, "liegg_told", ""), told(env)
    if env.liegg_told == before:
        return []
    shutil.rmtree(Path(app.outdir, "_modules"), ignore_errors=True)  # written again where there are none
    return sorted(env.found_docs)


def without_the_unshown(app: Sphinx, exception: Exception | None) -> None:
    shown = {name for _, name in app.env.images.values()}
    for picture in [] if exception else (Path(app.outdir) / "_images").glob("*"):
        if picture.name not in shown:
            picture.unlink()


def setup(app: Sphinx) -> dict:
    app.connect("env-get-updated", pages, priority=900)  # when numbers have been given
    app.connect("build-finished", without_the_unshown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
