"""Joints under fire: processes are killed, servers taken away, and everything is counted."""
