"""PyTorch source of a network."""
