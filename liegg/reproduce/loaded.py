"""The code that a kernel has loaded is that of the key under which its results are kept."""

import os
import sys
from pathlib import Path

from liegg.reproduce.errors import UserError

_seen: set[str] = set()


def require_unchanged() -> None:
    """Under the runner: raises UserError, which names the file, if a module of liegg that was loaded since the last
    call has been written since the key was taken, as it may have been other code then."""
    taken = float(os.environ.get("LIEGG_KEYED", "inf"))
    for name, module in [*sys.modules.items()]:
        file = getattr(module, "__file__", None)
        if not name.startswith("liegg.") or not file or name in _seen:
            continue
        _seen.add(name)
        if Path(file).is_file() and Path(file).stat().st_mtime > taken:
            raise UserError(f"{file} was changed while the notebook ran: run it again")
