"""From paths to outcomes: list, read, find, decide, edit, prove, write. Library knowledge lives in the transforms."""
