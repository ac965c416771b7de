"""What happens around a customer: tenders, the company register, sign-ups, its orders and tickets (LD8.2)."""
