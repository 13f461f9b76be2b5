"""Worker process of the pool, and the messages that the two exchange.

The pool writes one line of JSON, [root, size, resize, channels, traits, items]. The worker replies with one line of
JSON, the number of bytes of pixels and a row for each item, and then with those bytes. Nothing is pickled and nothing
is run that came through the pipe. A worker ends when its input does, so it never outlives the pool; on any error it
ends too, and the pool does the work itself and sees the error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import IO

import numpy as np

from striate.data.file import FileFacts, from_row, to_row
from striate.data.file_task import FileTask, Item, Result
from striate.errors import PictureError

GREETING = b"striate worker 1\n"


def main() -> None:
    """Serve requests from the standard input until it ends, after a line of greeting."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(GREETING)
    answers.flush()
    for line in requests:
        root, size, resize, channels, traits, items = json.loads(line)
        send_results(answers, [FileTask(root, size and tuple(size), resize, channels, traits)(item) for item in items])


def send_task(file: IO[bytes], task: FileTask, items: Sequence[Item]) -> None:
    """Send a task to a worker."""
    file.write(json.dumps([task.root, task.size, task.resize, task.channels, task.traits, items]).encode() + b"\n")
    file.flush()


def send_results(file: IO[bytes], results: Sequence[Result]) -> None:
    """Send the results of a task."""
    pixels = [one[0] for one in results if isinstance(one, tuple)]
    rows = [to_row(one) if isinstance(one, FileFacts | PictureError) else {"notes": one[1]} for one in results]
    file.write(json.dumps([sum(one.size for one in pixels), rows]).encode() + b"\n")
    for one in pixels:
        file.write(np.ascontiguousarray(one).data)
    file.flush()


def receive_results(file: IO[bytes], task: FileTask, count: int) -> list[Result] | None:
    """Receive `count` results; None if the worker ended before it had sent them."""
    line = file.readline()
    if not line.endswith(b"\n"):
        return None
    size, rows = json.loads(line)
    pixels = file.read(size)
    if len(pixels) < size or len(rows) != count:
        return None
    shape = (*(task.size or ()), task.channels)
    pictures = iter(np.frombuffer(pixels, np.uint8).reshape(-1, *shape) if size else ())
    return [(next(pictures), tuple(row["notes"])) if isinstance(row, dict) else from_row(row) for row in rows]
