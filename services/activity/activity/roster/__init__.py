"""Who works where: a read-only projection of integration's employees."""
