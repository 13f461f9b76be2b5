"""What all tests share: a cache of their own, one thread a process, and Hypothesis profiles.

Every test has a cache of its own, so that none depends on what this machine has seen before.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, ignore_patterns

# Before torch and BLAS are loaded, here and in what tests start: as many processes run as there are cores, and the
# same bits need the same number of threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import is_hypothesis_test, settings
from xdist.scheduler import LoadScopeScheduling

from tests import examples

# Tests that count seconds, measure memory, or start processes by the dozen: one process of pytest runs them all, one
# after the other, and forks what it forks from one server.
ONE_AT_A_TIME = (
    "tests/arch/formats/caffe/test_hostile.py", "tests/arch/formats/keras/test_hostile.py",
    "tests/convnet/distributed/", "tests/convnet/pretrained/test_hub.py", "tests/hostile/", "tests/tasks/compare/",
    "tests/tasks/test_interrupted.py", "tests/tasks/test_torchrun.py",
)
# Files whose module fixtures are worth making once.
TOGETHER = ("tests/convnet/training/test_checkpoint.py", "tests/report/test_browser.py",
            "tests/report/test_look_stepthrough.py", "tests/tasks/methods/test_bow.py")


class Schedule(LoadScopeScheduling):
    """Which tests go to one process of pytest; all others go one by one to whichever is free."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(ONE_AT_A_TIME):
            return "one at a time"
        return next((path for path in TOGETHER if nodeid.startswith(path)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Schedule:
    return Schedule(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files anew, to be read before committing")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.markexpr == "slow" and not config.getoption("--hypothesis-profile"):
        settings.load_profile("full")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With all its examples, a Hypothesis test is a slow one."""
    if settings().max_examples >= examples.FULL:
        for item in items:
            if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
                item.add_marker("slow")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package's folder, whose source is part of the keys in place of the real one."""
    from striate.core import cache

    folder = copytree(cache.PACKAGE, tmp_path / "striate", ignore=ignore_patterns("*.pyc"))
    monkeypatch.setattr(cache, "PACKAGE", folder)
    cache.code_digest.cache_clear()
    yield folder
    cache.code_digest.cache_clear()
