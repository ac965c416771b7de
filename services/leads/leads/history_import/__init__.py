"""History brought along by file: customers, contacts, follow-ups and orders of the system before (LD1.6)."""
