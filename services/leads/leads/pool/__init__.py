"""The public pool (公海): find, claim, hold on to, give back, hand out (LD7)."""
