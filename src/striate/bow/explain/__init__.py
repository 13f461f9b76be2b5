"""Explanations of bags of visual words: contributions to a decision, maps, patches and pages of words."""
