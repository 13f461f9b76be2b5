"""Tests of `one_blas_thread`: one thread for all holders, and the usual number after the last."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from striate.core.executor import one_blas_thread

A = np.random.default_rng(0).random((1310, 128), np.float32)
B = np.ascontiguousarray(np.random.default_rng(1).random((128, 200), np.float32))


def threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def product() -> bytes:
    with one_blas_thread():
        assert threads() == {1}
        return (A @ B).tobytes()


def test_products_have_the_same_bits_in_any_thread() -> None:
    with threadpool_limits(2, "blas"):
        first = product()
        with ThreadPoolExecutor(3) as pool:
            assert {pool.submit(product).result() for _ in range(3)} == {first}
        assert threads() == {2}


def test_the_last_of_several_threads_gives_the_threads_back() -> None:
    held, done = Event(), Event()

    def short() -> None:
        with one_blas_thread():
            held.set()
            done.wait(10)

    with threadpool_limits(2, "blas"):
        with ThreadPoolExecutor(1) as pool:
            one = pool.submit(short)
            held.wait(10)
            with one_blas_thread():
                done.set()
                one.result()
                assert threads() == {1}
        assert threads() == {2}
