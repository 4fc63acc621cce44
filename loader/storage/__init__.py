"""The store of articles: the database beneath it, what it keeps, what comes in and what goes out."""
