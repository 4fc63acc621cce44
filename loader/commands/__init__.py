"""The commands of the loader: each takes what was typed, has the loader do it, and tells how it went."""
