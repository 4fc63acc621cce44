"""The processes that can be killed: those that read, the one that writes, and what all of them speak."""
