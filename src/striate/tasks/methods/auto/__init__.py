"""`auto`: selection among hand-crafted, learnt and transferred recognisers, within a time; the default."""

from striate.tasks.methods.auto.auto_method import AutoMethod

__all__ = ["AutoMethod"]
