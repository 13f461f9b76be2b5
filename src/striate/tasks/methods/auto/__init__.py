"""`auto`: selection among hand-crafted, learnt and transferred recognisers, within a time; the default."""

from striate.tasks.methods.auto.method import AutoMethod

__all__ = ["AutoMethod"]
