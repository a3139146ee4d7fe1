"""What marks a file as a workspace, and which form of it this program writes."""

APPLICATION_ID = 0x53414C4F
"""'SALO' in the header of every workspace (``PRAGMA application_id``)."""

SCHEMA_VERSION = 5
"""The number of the newest migration (``PRAGMA user_version``)."""

REVISION = f"{SCHEMA_VERSION:04}"
"""The same number as Alembic writes it."""
