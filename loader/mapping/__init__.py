"""What a document becomes: quads, flat JSON, and what all articles say of an actor together."""
