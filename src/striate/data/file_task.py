"""File tasks: survey or resize one picture file, in a thread or a worker process."""

from __future__ import annotations

from dataclasses import dataclass

from striate.data.containers import SUFFIXES
from striate.data.decode import decode, probe
from striate.data.file import FileFacts, Packed, digest_of, read_bytes, source_changed
from striate.data.resize import resize_image
from striate.errors import MissingError, PictureError

Item = tuple[str, str]  # key; digest that was surveyed, or '' while surveying
Result = FileFacts | Packed | PictureError


@dataclass(frozen=True)
class FileTask:
    """A task for picture files below `root`: survey them (size None), or resize them to `size` (height, width).

    With `traits`, the notes include those of `Decoded`.
    """

    root: str
    size: tuple[int, int] | None = None
    resize: str = "squash"
    channels: int = 3
    traits: bool = False

    def __call__(self, item: Item) -> Result:
        """The facts or the pixels of one file, or why it cannot be used; `DataError` if it is not that surveyed."""
        key, digest = item
        try:
            data = read_bytes(f"{self.root}/{key}", key)
            found = digest_of(data)
            if self.size is None:
                return FileFacts(found, *probe(data, name=key))
            if found != digest:
                raise source_changed(key)
            decoded = decode(data, name=key, at_least=self.size)
        except MissingError as error:
            raise source_changed(key) from error
        except PictureError as error:
            return error.with_traceback(None)
        notes = (*decoded.notes, *_misnamed(key, decoded.format), *(decoded.traits if self.traits else ()))
        return resize_image(decoded.image, self.size, self.resize, self.channels), notes


def _misnamed(key: str, form: str) -> tuple[str, ...]:
    expected = SUFFIXES.get(key[key.rfind(".") :].lower())
    if expected is None or form == expected:
        return ()
    return (f"its name says {expected} and its bytes {form}; the bytes decide",)
