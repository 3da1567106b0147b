"""`reald2iff demos convert`: demonstrations from one format to another."""
