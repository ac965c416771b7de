"""Integration: feeds, directory, receipts, matching, notifications."""
