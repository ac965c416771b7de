"""The running system on this machine: where everything lies, how it starts, how it ends."""
