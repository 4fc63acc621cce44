"""What attributions and the article itself say: who speaks, about what, how, with which stance."""
