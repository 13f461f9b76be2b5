"""Core: parameters, bounded text, model files, caches and workers for all packages; no pictures and no networks."""
