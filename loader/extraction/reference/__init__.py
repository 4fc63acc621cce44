"""Whom and what the words of an article denote: names, persons, bodies, and the phrases that stand for them."""
