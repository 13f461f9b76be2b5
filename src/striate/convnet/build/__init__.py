"""Building of a torch module from a `Network`: operations, initial weights and input normalisation."""
