"""Employees and customers as their owners told them, every version."""
