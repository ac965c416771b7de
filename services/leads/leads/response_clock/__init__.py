"""The golden response clock: remind, pop up, mail, yellow mark (LD5)."""
