"""Drawings of networks as SVG text, made without a graphics library."""

from striate.arch.draw.figure import draw

__all__ = ["draw"]
