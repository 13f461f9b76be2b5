"""Convolutional networks as recognisers, trained with torch: the only room that imports it."""
