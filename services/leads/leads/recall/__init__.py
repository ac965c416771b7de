"""Leads are taken back from an account that was not what it seemed, and go through the assignment again."""
