"""The departed rep who got every lead: HR falls silent at 23:59, somebody leaves, and 127 leads come in next day."""
