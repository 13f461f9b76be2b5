"""Programs in processes of their own without the seconds of an interpreter's start: forked from a server.

`Forked("striate", ["train", …])` is `python -m striate train …`: its own memory, environment, signals, exit code and
end of the interpreter. What differs is that torch and striate are loaded already, so tests of what is imported, and of
options of the interpreter, start Python themselves.
"""

import atexit
import gc
import itertools
import json
import os
import runpy
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[1]


class ForkServer:
    """The process that the others are forked from; one for each process of pytest."""

    _only: Self | None = None

    @classmethod
    def get(cls) -> Self:
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "tests.forked"], cwd=ROOT, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.folder, self.numbers = Path(tempfile.mkdtemp()), itertools.count()  # a number for each request
        self.codes: dict[int, int] = {}  # by the number, as pids are used again
        self.pids: dict[int, int] = {}
        self.news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()
        atexit.register(self._end)

    def _end(self) -> None:
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            message = json.loads(line)
            with self.news:
                if "code" in message:
                    self.codes[message["number"]] = message["code"]
                else:
                    self.pids[message["number"]] = message["pid"]
                self.news.notify_all()

    def fork(self, request: dict[str, Any]) -> int:
        assert self.process.stdin
        with self.news:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            number = request["number"]
            assert self.news.wait_for(lambda: number in self.pids, 120), "the server of forks does not answer"
            return self.pids[number]


class Forked:
    """A running program, as `subprocess.Popen` shows one."""

    def __init__(self, module: str, arguments: Sequence[str | Path], cwd: Path = ROOT,
                 env: Mapping[str, str] | None = None) -> None:
        self.server = ForkServer.get()
        self.number = next(self.server.numbers)
        self.files = [self.server.folder / f"{self.number}-{stream}" for stream in ("out", "error")]
        self.pid = self.server.fork({
            "number": self.number,
            "module": module, "arguments": [str(one) for one in arguments], "cwd": str(cwd),
            "env": dict(os.environ if env is None else env), "files": [str(path) for path in self.files]})

    @property
    def returncode(self) -> int | None:
        return self.server.codes.get(self.number)

    def poll(self) -> int | None:
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        with self.server.news:
            if not self.server.news.wait_for(lambda: self.returncode is not None, timeout):
                raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0)
        out, error = (path.read_text(errors="replace") for path in self.files)
        return out, error


def serve() -> dict[str, Any]:
    """Fork for each line on stdin, and tell of each end; returns in the forks only, with what they are to do."""
    children: dict[int, int] = {}  # pid: number of its request
    waiting = b""
    while True:
        if select.select([0], [], [], 0.01 if children else None)[0]:
            waiting += (received := os.read(0, 1 << 16))
            if not received:
                sys.exit()
        while b"\n" in waiting:
            line, _, waiting = waiting.partition(b"\n")
            if not (pid := os.fork()):
                return json.loads(line)
            children[pid] = json.loads(line)["number"]
            print(json.dumps({"number": children[pid], "pid": pid}), flush=True)
        for pid in tuple(children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                print(json.dumps({"number": children.pop(pid), "code": code}), flush=True)


if __name__ == "__main__":
    import torch  # noqa: F401

    import tests.convnet.distributed.rank_jobs  # noqa: F401 - and with it all of torch that ranks need

    gc.freeze()
    asked = serve()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, file in enumerate(asked["files"], 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = [asked["module"], *asked["arguments"]]
    sys.modules.pop(asked["module"], None)  # runpy warns of a module that it runs again
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
