"""Running rules: in a worker of its own, bounded in time and memory."""
