"""One file for each kind of place. A file here is found by import; nothing else has to know it."""
