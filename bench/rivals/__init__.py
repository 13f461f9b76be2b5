"""The rivals of the benches: scripts of their own, run from `bench/` as `python -m rivals.NAME`, each in a process of
its own and, where it needs one, in an environment of its own. Each prints one line of JSON.
"""
