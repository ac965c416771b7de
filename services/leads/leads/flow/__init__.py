"""Where leads go: per rep and month, and step by step from capture to contract (LD8.1)."""
