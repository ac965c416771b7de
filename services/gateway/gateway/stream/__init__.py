"""Live updates: the notification inbox of integration, as it fills, to each person's open pages."""
