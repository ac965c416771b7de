"""What rules and groups may cost in a period."""
