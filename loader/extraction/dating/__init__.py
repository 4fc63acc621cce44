"""The times that an article names, and what they come to."""
