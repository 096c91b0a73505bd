"""How results are written down: values that describe a document, and one small file for each format."""
