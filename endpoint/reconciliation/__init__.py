"""The Reconciliation Service API over an authority or the served graph."""
