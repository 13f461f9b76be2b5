"""Networks that were trained elsewhere: their weights, folding, features, and the recogniser."""
