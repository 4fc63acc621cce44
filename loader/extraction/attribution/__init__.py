"""Which words are attributed, by which cue, to which words."""
