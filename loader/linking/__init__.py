"""From a mention to the thing it names: authorities, candidates, decisions, and their record."""
