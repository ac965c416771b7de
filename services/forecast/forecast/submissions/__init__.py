"""What reps claim, and what it counts as."""
