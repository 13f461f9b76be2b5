"""What every recogniser is: its contract, and the preprocessing of its pictures."""
