"""Bags of words: dense SIFT, visual words or Fisher vectors, spatial pyramids, kernel maps and linear SVMs."""
