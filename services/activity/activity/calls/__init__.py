"""Calls with their transcripts and digests."""
