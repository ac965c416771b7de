"""Whether the feeds that figures rest on are complete."""
