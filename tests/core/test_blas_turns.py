"""Predictions have the bits that they have alone, whatever the other threads of the process do to NumPy's threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event, Thread

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from striate.bow.explain.word_pages import word_pages
from striate.bow.vocabulary import Vocabulary
from striate.classifiers import Classifier, KernelSVM, LinearSVM
from striate.core.executor import map_blocks, one_blas_thread, usual_blas_threads
from tests.bow.small import fitted

CLASSES, D = 45, 640
LABELS = np.arange(2 * CLASSES) % CLASSES
RNG = np.random.default_rng(0)
CENTRES = RNG.random((CLASSES, D), np.float32)
FEATURES = CENTRES[LABELS] + RNG.random((2 * CLASSES, D), np.float32)
PICTURES = RNG.random((300, D), np.float32)
CLASSIFIERS: dict[str, Callable[[], Classifier]] = {
    "linear_svm": lambda: LinearSVM("linear", C=1.0, folds=2),
    "kernel_svm": lambda: KernelSVM("linear", C=1.0, folds=2),
}


def threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@contextmanager
def two_threads() -> Iterator[None]:
    """Context in which two threads are NumPy's usual number, and any thread may change it, as in a program."""
    with threadpool_limits(2, "blas"):
        free_control()
        yield
        free_control()


def free_control() -> None:
    for library in ThreadpoolController().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[None]:
    """Context beside which another thread repeats `work`."""
    done, failed = Event(), []

    def repeat() -> None:
        try:
            while not done.is_set():
                work()
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert not failed


@pytest.fixture(scope="module")
def classifiers() -> dict[str, Classifier]:
    return {name: make().fit(FEATURES, LABELS) for name, make in CLASSIFIERS.items()}


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("work", ["word_pages", "fit", "k-means"])
def test_predictions_beside_other_work_have_the_bits_of_those_alone(
    name: str, work: str, classifiers: dict[str, Classifier]
) -> None:
    model, descriptors = fitted(), RNG.random((400, 8), np.float32)
    doing: Callable[[], object] = {
        "word_pages": lambda: word_pages(model), "fit": fitted,
        "k-means": lambda: Vocabulary(8, threads=1).fit(descriptors)}[work]
    classifier = classifiers[name]

    def decisions(_: int = 0) -> bytes:
        return classifier.decision(PICTURES).tobytes()

    with two_threads():
        alone = decisions()
        with threadpool_limits(1, "blas"):
            assert decisions() != alone  # else this test would prove nothing
        free_control()
        with beside(doing), ThreadPoolExecutor(2) as pool:
            assert set(pool.map(decisions, range(60))) == {alone}
        assert threads() == {2}


def test_one_waits_for_usual_and_usual_for_one() -> None:
    """A turn at one thread ends before one at the usual number begins, and the other way about; nested ones pass."""
    order: list[str] = []

    def usual() -> None:
        with usual_blas_threads(), usual_blas_threads():
            order.append(f"usual {threads()}")

    def one() -> None:
        order.append(f"one {map_blocks(lambda _: map_blocks(lambda _: threads(), [0]), [0, 1], threads=2)}")

    with two_threads(), ThreadPoolExecutor(3) as pool:
        with one_blas_thread():
            waiting = pool.submit(usual)
            assert not wait([waiting], 0.2).done
            inner = map_blocks(lambda _: map_blocks(lambda _: threads(), [0]), [0, 1], threads=2)
            assert inner == [[{1}]] * 2  # though another thread waits
        waiting.result(10)
        with usual_blas_threads():
            waiting = pool.submit(one)
            assert not wait([waiting], 0.2).done
            assert map_blocks(lambda _: threads(), [0, 1], threads=2) == [{1}] * 2
            assert threads() == {2}
        waiting.result(10)
    assert order == ["usual {2}", "one [[{1}], [{1}]]"]
