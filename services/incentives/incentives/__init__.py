"""Incentives: rules, slips, ledger, statements."""
