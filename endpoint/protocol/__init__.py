"""The protocols as plain values: requests, conditions, media types, codings."""
