"""What we say: the vocabulary, its shapes, the minting of IRIs and the layout of a store."""
