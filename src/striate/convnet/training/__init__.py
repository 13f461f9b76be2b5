"""Training: a loop that can be stopped anywhere, planned by steps or by the clock, on one machine or many."""
