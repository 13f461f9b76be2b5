"""How much more memory one decoding takes, in a process of its own, whose peak is set back before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from striate.data import decode
from striate.errors import PictureError
small, given = (Path(one).read_bytes() for one in sys.argv[1:3])
decode(small)

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))

Path("/proc/self/clear_refs").write_text("5")
before, code = peak(), ""
if sys.argv[3] == "control":
    len(b"1" * 40_000_000)
try:
    decode(given)
except PictureError as error:
    code = error.code
print(code, peak() - before)
"""


def peak_of(folder: Path, small: bytes, data: bytes, control: bool = False) -> tuple[str, int]:
    """The code of the refusal, "" if there is none, and KiB; `control`: 40 MB are taken, to see that they are seen."""
    (folder / "small").write_bytes(small)
    (folder / "given").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder / "small"), str(folder / "given"), "control" if control else ""],
        capture_output=True, text=True, check=True, timeout=60)
    code, _, grown = done.stdout.strip().rpartition(" ")
    return code, int(grown)
