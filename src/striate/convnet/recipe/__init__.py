"""Recipe of a training run as data: its fields, validation, presets and learning-rate schedule."""
