"""An article as parsed, and what is asked of its words again and again; knows nothing of who says what."""
