"""Inference: features, folded batch normalisation, fused convolutions, precision and test-time augmentation."""
