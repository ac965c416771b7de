"""What each rule comes to on each deal: shared, cut by the caps of the month, held by budgets."""
