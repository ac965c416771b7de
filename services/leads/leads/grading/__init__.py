"""Grades A, B, C and what each requires (LD2)."""
