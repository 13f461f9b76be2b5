"""Exceptions of striate: one tree, and one form of the sentence of a refusal.

    StriateError
    ├── UsageError      (ValueError)         an option, an argument or a name that cannot be
    ├── NetworkError    (ValueError)         a network that cannot be built
    │   └── WindowError                      a filter or pooling window that does not fit its input
    ├── DataError       (ValueError)         a data set that cannot be learnt from
    │   └── PictureError                     one picture that cannot be read
    ├── StoreError      (ValueError)         a pack of pictures that cannot be trusted
    ├── ModelFileError  (ValueError)         a model file that cannot be trusted
    ├── MissingError    (FileNotFoundError)  a file, folder or data set that is not there
    ├── RunError        (RuntimeError)       a training run that cannot go on            (exit code 1)
    ├── DiskError       (OSError)            a write that failed, full disk included     (exit code 1)
    └── Interrupted     (RuntimeError)       stopped on request, state saved             (exit code 75)

Every refusal has a stable `code` for programs and one sentence for people, in one order:
what was asked; what is allowed; what was given. What to do.
"""

from __future__ import annotations

from pathlib import PurePath


class StriateError(Exception):
    """Root of all exceptions that striate raises on purpose.

    `code` is stable and machine-readable; `asked`, `allowed`, `given` and `do` are the parts of the sentence.

    >>> error = UsageError("bad_seed", "a seed was asked for", allowed="0 to 2**63 - 1 is allowed",
    ...                    given="-1 was given", do="Use --seed 0")
    >>> str(error)
    'a seed was asked for; 0 to 2**63 - 1 is allowed; -1 was given. Use --seed 0.'
    >>> error.code, error.exit_code
    ('bad_seed', 2)
    """

    exit_code = 2

    def __init__(self, code: str, asked: str, *, allowed: str = "", given: str = "", do: str = "") -> None:
        self.code = code
        self.asked, self.allowed, self.given, self.do = asked, allowed, given, do
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The refusal as one line of text."""
        facts = "; ".join(part.rstrip(".") for part in (self.asked, self.allowed, self.given) if part)
        do = self.do.rstrip(".")
        return f"{facts}." if not do else f"{facts}. {do}" if do.endswith("?") else f"{facts}. {do}."

    def __str__(self) -> str:
        return self.sentence

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process boundaries by their positional arguments; ours has keywords.
        return _rebuild, (type(self), self.code, self.asked, self.allowed, self.given, self.do)


def _rebuild(kind: type[StriateError], code: str, asked: str, allowed: str, given: str, do: str) -> StriateError:
    return kind(code, asked, allowed=allowed, given=given, do=do)


class UsageError(StriateError, ValueError):
    """Error for an impossible option, argument or name."""


class NetworkError(StriateError, ValueError):
    """Error for a network that cannot be built."""


class WindowError(NetworkError):
    """Error for a filter or pooling window that does not fit its input."""


class DataError(StriateError, ValueError):
    """Error for a data set that cannot be learnt from."""


class PictureError(DataError):
    """Error for one picture that cannot be read."""


class StoreError(StriateError, ValueError):
    """Error for a pack of pictures that cannot be trusted."""


class ModelFileError(StriateError, ValueError):
    """Error for a model file that cannot be trusted."""


class MissingError(StriateError, FileNotFoundError):
    """Error for a missing file, folder or data set."""


class RunError(StriateError, RuntimeError):
    """Error for a training run that cannot go on."""

    exit_code = 1


class DiskError(StriateError, OSError):
    """Error for a write that failed; a full disk is `disk_full`."""

    exit_code = 1


class Interrupted(StriateError, RuntimeError):  # noqa: N818 - it is no error
    """Interruption on request, with the training state saved. Exit code 75, "try again later" in sysexits.h."""

    exit_code = 75


def shown(name: str | PurePath, limit: int = 200) -> str:
    r"""A file or class name as it may be put into a sentence: one line, printable, bounded.

    >>> shown("a\nb\x1b[31m.png")
    'a\\nb\\x1b[31m.png'
    >>> len(shown("x" * 1000))
    200
    """
    text = "".join(c if c.isprintable() else _escaped(c) for c in str(name))
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _escaped(character: str) -> str:
    # File names that are not UTF-8 arrive with each strange byte as U+DC80 to U+DCFF (PEP 383).
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
