"""Tests of the programs that other tests fork."""

from concurrent.futures import ThreadPoolExecutor

from tests.forked import Forked


def test_threads_that_fork_at_once_have_each_its_own() -> None:
    def told(_: int) -> tuple[int, int, int | None]:
        process = Forked("timeit", ["-n1", "-r1", "-s", "import os; print(os.getpid())", "pass"])
        out, error = process.communicate(60)
        assert out, error
        return process.pid, int(out.split()[0]), process.returncode

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(told, range(12)))
    assert [pid for pid, _, _ in found] == [own for _, own, _ in found]
    assert {code for _, _, code in found} == {0}
