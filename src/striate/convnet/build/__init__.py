"""From a `Network` to a torch module: operations, initial weights, and input normalisation."""
