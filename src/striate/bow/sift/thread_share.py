"""Work shared by threads, each with memory of its own; torch and NumPy let go of the interpreter while they compute."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from striate.bow.sift.scale import Workspace

Task = TypeVar("Task")


def share(work: Callable[[Task, Workspace], None], tasks: Iterable[Task], threads: int, floats: int) -> None:
    """Do `work(task, space)` for all tasks in `threads` threads; each has a `Space` of `floats` floats.

    Inside a thread torch uses one thread, so that a task gives the same bits however many there are. The first
    exception ends all and is raised here.
    """
    waiting = iter(list(tasks))

    def member() -> None:
        torch.set_num_threads(1)
        space = Workspace(floats)
        for task in waiting:
            work(task, space)

    mine = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads) as pool:
            members = [pool.submit(member) for _ in range(threads)]
            try:
                for one in members:
                    one.result()
            finally:
                for _ in waiting:  # leaves nothing to do for the others
                    pass
    finally:
        torch.set_num_threads(mine)  # a member's 1 would be the default of every thread started from now on
