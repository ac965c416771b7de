"""The lead itself: its states, its record, its timeline."""
