"""Pictures of networks as SVG text, made of strings alone."""

from striate.arch.drawing.sheet import draw

__all__ = ["draw"]
