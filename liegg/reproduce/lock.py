"""One run at a time: a lock on the build folder, which the system drops when the last process of a run has ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import reduction
from pathlib import Path

from liegg.reproduce.errors import UserError

try:
    import fcntl
except ModuleNotFoundError:
    fcntl = None  # type: ignore[assignment]

_descriptors: list[int] = []


@contextmanager
def alone(build: Path) -> Iterator[None]:
    """Hold the lock of a build folder, which lies beside it, and make the folder if need be. Raises UserError while
    another run has it, or its processes."""
    if fcntl is None:
        raise UserError("experiments run on Linux and macOS, and on Windows in WSL: this Python has no file locks")
    build.mkdir(parents=True, exist_ok=True)
    with (build.parent / ".lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"another run is at work in {build}: wait until it has ended") from None
        _descriptors.append(lock.fileno())
        try:
            yield
        finally:
            _descriptors.clear()


def held() -> tuple[int, ...]:
    """The descriptors of the lock, for `pass_fds` of a process that must keep it if this one is killed."""
    return tuple(_descriptors)


class Share:
    """The lock, pickled on its way to a worker process, which then keeps it too."""

    def __init__(self) -> None:
        self.descriptors = held()

    def __reduce__(self) -> tuple:
        return _keep, tuple(map(reduction.DupFd, self.descriptors))


def _keep(*shared) -> None:
    _descriptors.extend(one.detach() for one in shared)
