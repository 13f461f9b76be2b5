"""Drawings of networks as SVG text, made of strings alone."""

from striate.arch.draw.figure import draw

__all__ = ["draw"]
