"""The one history of the schema.

Each file in ``versions`` has ``upgrade(op)``, which is handed its Alembic operations. They are not
imported from ``alembic.op``: that is one global per process, and ComfyUI migrates a database of its
own through it, so two migrations at once would write into each other's database.
There is no downgrade: the copy made before an upgrade is the way back.
"""
