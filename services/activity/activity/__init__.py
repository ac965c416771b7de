"""Activity: follow-ups, visits, evidence, archive, commitments, metrics."""
