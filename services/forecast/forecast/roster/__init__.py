"""Employees, units and customers: read-only projections."""
