"""One revision per form of the workspace file; its number is the file's ``user_version``."""
