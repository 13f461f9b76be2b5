"""What is asked of a data set again and again: its refusal, what it skipped, the bytes of its pack."""


import pytest

from striate.core.cache import cache_folder
from striate.data import load_data
from striate.errors import StriateError


def refused(kind: type[StriateError], code: str, *args, **options) -> str:
    with pytest.raises(kind) as caught:
        load_data(*args, **options)
    assert caught.value.code == code
    assert caught.value.exit_code == 2
    return str(caught.value)


def skips(data) -> dict[str, str]:
    return {one.picture: one.code for one in data.skipped}


def pack_bytes() -> dict[str, bytes]:
    return {str(path.relative_to(cache_folder())): path.read_bytes()
            for path in sorted((cache_folder() / "packs").rglob("*")) if path.is_file()}
