"""What we answer: SPARQL over HTTP on the published snapshots of a store."""
