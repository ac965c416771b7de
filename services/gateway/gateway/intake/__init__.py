"""From an HTTP request to a message that keeps its contract: stricter than protobuf's own JSON reader, and in words."""
