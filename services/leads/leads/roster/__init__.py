"""Employees as integration tells them, and what each rep may take."""
