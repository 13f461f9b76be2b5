import re
import time
from pathlib import Path

import pytest

import striate.arch.formats.keras
import striate.arch.formats.tf1
from striate.errors import NetworkError, StriateError
from tests.arch.formats.keras.refusals import REFUSALS

ROOMS = [Path(room.__file__).parent for room in (striate.arch.formats.keras, striate.arch.formats.tf1)]
SOURCES = [path for room in ROOMS for path in room.glob("*.py")]


def refusal(case: str, folder: Path) -> StriateError:
    with pytest.raises(NetworkError) as caught:
        REFUSALS[case](folder)
    return caught.value


@pytest.mark.parametrize("case", REFUSALS)
def test_refused_at_once_in_one_printable_line(case, tmp_path):
    start = time.process_time()
    sentence = str(refusal(case, tmp_path))
    assert time.process_time() - start < 2  # 1 s on an idle machine
    assert sentence.isprintable()
    assert len(sentence) < 600
    assert not re.search(r"object at 0x|\.\.$|; \.| ;|None", sentence)
    assert re.fullmatch(r"[^.].*[.?]", sentence)


def test_every_code_has_a_row(tmp_path):
    spelt = {code for path in SOURCES for code in re.findall(r'Error\(\s*"(\w+)"', path.read_text())}
    assert spelt <= {refusal(case, tmp_path).code for case in REFUSALS}


def test_all_that_is_unsupported_is_told():
    with pytest.raises(NetworkError) as caught:
        REFUSALS["unsupported: 41 layers"](Path())
    sentence, (note,) = str(caught.value), caught.value.__notes__
    assert "l (Lambda)" in sentence  # each kind of trouble once, before the others
    assert " and 32 more were given" in sentence
    assert all(f"act{i} (Activation with activation \"silu\")" in note for i in range(40))
