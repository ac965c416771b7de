"""The closeloop command: up, demo, down, clock, replay, verify-audit."""
