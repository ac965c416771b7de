"""Grades A, B and C of customers: by weighted factors, with the reason, and a person's own word beside it (LD2.2)."""
