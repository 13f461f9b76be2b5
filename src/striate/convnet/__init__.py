"""Convolutional networks that learn: the only room that knows torch."""
