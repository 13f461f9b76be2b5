import re
import time
from pathlib import Path

import pytest

from striate.errors import StriateError
from tests.arch.refusals import REFUSALS


def refusal(case: str, folder: Path) -> StriateError:
    with pytest.raises(StriateError) as caught:
        REFUSALS[case](folder)
    return caught.value


@pytest.mark.parametrize("case", REFUSALS)
def test_refused_at_once_in_one_printable_line(case, tmp_path):
    start = time.process_time()
    sentence = str(refusal(case, tmp_path))
    assert time.process_time() - start < 1
    assert sentence.isprintable()
    assert len(sentence) < 600
    assert "None" not in sentence
    assert re.fullmatch(r"[^.].*[.?]", sentence)
