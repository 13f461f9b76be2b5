"""The version of striate, in one place."""

__version__ = "0.1.0"
