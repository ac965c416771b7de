"""Back to the pool when nothing happens (LD6)."""
