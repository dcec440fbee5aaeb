"""Everything that is stored: tables, migrations and repositories."""
