"""Explanations of a convolutional network."""
