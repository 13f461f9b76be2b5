"""Where pictures come from: one file for each kind of source."""

from striate.data.sources.open import open_source

__all__ = ["open_source"]
