"""A small real problem that trains in a second: the ten digits at 8×8 pixels."""


import pytest

from striate.data import Data, load_data


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Data:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRIATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return load_data("digits")
