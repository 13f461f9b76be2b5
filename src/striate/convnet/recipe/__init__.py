"""What a training run is, as data: the recipe, its validation, its presets and its learning-rate schedule."""
