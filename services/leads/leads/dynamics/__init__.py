"""What happens around a customer outside our own work: tenders, the company register, sign-ups (LD8.2)."""
