"""What the text of a query or an update tells, and how the engine wants it written."""
