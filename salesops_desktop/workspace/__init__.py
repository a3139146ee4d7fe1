"""The SQLite file: schema, migrations, backups, change log, undo."""
