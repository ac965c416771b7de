"""Orders from all sources, one deal each, and what they come to."""
