"""What we know beforehand: the seed article and the registry of actors, partnerships, pillars and technologies."""
