"""The errors that people see without a traceback, in one line that names the thing and the fix."""

import errno
import shutil


class UserError(Exception):
    """Something the person at the keyboard can mend: its text names the thing and the fix."""


MENDED = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within your quota",
    errno.EROFS: "it lies on a read-only disk; work in a copy elsewhere",
    errno.EACCES: "change its permissions",
    errno.EPERM: "change its permissions",
    errno.ENOTDIR: "a file stands where a folder must be; remove it",
    errno.EEXIST: "a file stands where a folder must be; remove it",
    errno.EISDIR: "a folder stands where a file must be; remove it",
}
"""what helps, by the number of the system's error"""


def in_words(error: OSError) -> str:
    """An error of the system as one line: the place, the cause and what helps."""
    if isinstance(error, shutil.Error):  # of many files
        _, place, cause = error.args[0][0]
        return f"{place}: {cause}"
    named = error.filename2 or error.filename
    place = f"{named}: " if named else ""
    cause = error.strerror or str(error)
    return f"{place}{cause}{f': {MENDED[error.errno]}' if error.errno in MENDED else ''}"
