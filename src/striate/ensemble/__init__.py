"""Ensembles: several recognisers that answer as one, their weights, and the test that they are better than one."""
