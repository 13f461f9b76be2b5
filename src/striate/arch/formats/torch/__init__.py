"""PyTorch source text of a network."""
