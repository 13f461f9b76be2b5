"""Training: a loop that can be stopped at any step, planned by steps or by the clock, in one process or many."""
