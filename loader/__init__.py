"""What we read and write: articles in, named graphs of statements out."""
