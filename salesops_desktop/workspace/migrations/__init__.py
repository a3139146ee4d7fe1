"""One revision per form of the workspace file; its number is the file's ``user_version``.

When a model changes: store a file of the present form in ``tests/workspace/files`` (gzipped, with its content hash in
the README there), run ``python -m salesops_desktop.workspace.migrations "What the new form brings"``, read and mend the
revision it drafts, and raise ``SCHEMA_VERSION``. The tests compare the migrated file with a new one:
tables, columns, references, indexes and triggers, whatever the order in which they came.
"""
