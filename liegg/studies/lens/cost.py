"""What a call costs: time and memory, measured in a process of its own."""

import os
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context, parent_process
from typing import Any

import psutil
import torch


def measured(function: Callable, *args: Any, **kwargs: Any) -> tuple[Any, float, float]:
    """(function(*args, **kwargs), seconds, megabytes), from a new process in which it runs alone.

    Wall time of the call, after all imports, and how far the resident memory rose above what it was before, looked at
    every 2 ms; a megabyte is 10^6 bytes. The function must be importable by its name, from a module or a script with
    a `__main__` guard; its exceptions are raised here, with the traceback from there as their cause.
    """
    call = pickle.dumps((function, args, kwargs))  # bytes: multiprocessing would move tensors to shared memory
    context = get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
    context.set_forkserver_preload([__name__, function.__module__])  # imports once, for all calls
    with ProcessPoolExecutor(1, mp_context=context, initializer=_watch_parent) as pool:
        return pickle.loads(pool.submit(_measure, call).result())


def _watch_parent() -> None:
    """End when the process that asked has gone, which is not there to say so."""
    parent = parent_process()

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _measure(call: bytes) -> bytes:
    function, args, kwargs = pickle.loads(call)
    torch.optim.Adam([torch.zeros(1)])  # torch imports more of itself with the first optimiser
    process, done = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    try:
        result = function(*args, **kwargs)
        seconds = time.perf_counter() - start
        peak = max(peak, process.memory_info().rss)
    finally:
        done.set()
        watcher.join()
    return pickle.dumps((result, seconds, (peak - before) / 1e6))
