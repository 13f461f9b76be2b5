"""Changes of a copy of striate's source, for tests of caches: see the fixture `package`."""

from pathlib import Path

from striate.core.cache import code_digest


def changed(path: Path) -> None:
    """Change one bit of the last byte of a file."""
    source = bytearray(path.read_bytes())
    source[-1] ^= 1
    path.write_bytes(source)
    code_digest.cache_clear()
