"""Rules as decision models: drafted, checked, published for a period."""
