"""Convolutional networks as recognisers, trained with torch: the only package that imports it."""
