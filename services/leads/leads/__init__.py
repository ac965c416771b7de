"""Leads: capture, grading, assignment, clocks, pool, customers, handover."""
