"""Explanations of a convolutional network: what its units respond to, and the evidence for one prediction.

One file a method. Each is a function of an `ExplainedNet`, a picture or a set of pictures, and a `Target`, and
returns an `Explanation`; `METHODS_OF_LOOK` in `methods.py` lists them.
"""
