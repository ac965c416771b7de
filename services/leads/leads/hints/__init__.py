"""What won customers much like this one, and what was done before they were won (LD12)."""
