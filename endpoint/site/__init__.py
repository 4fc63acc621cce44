"""What people and programs are shown: pages of the data, the vocabulary, the description of the service."""
