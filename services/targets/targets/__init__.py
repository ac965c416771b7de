"""Targets: baselines, plans, pacing, lights, scorecards."""
