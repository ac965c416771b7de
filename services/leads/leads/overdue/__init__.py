"""Clocks that ran out: who is told, and what the timeline says (LD5.1, LD5.2, LD6.1)."""
