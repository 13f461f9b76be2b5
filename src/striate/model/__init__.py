"""Recognisers: their contract, the preprocessing of their pictures, and explanations."""
