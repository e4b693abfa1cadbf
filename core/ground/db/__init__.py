"""The database: engine and transactions, keys, column types, bulk rows, schema and append-only guards."""

from core.ground.db.bulk import day_number, in_bulk, insert, integers
from core.ground.db.columns import (
    EncryptedText,
    Hours,
    Moment,
    Years,
    as_kept,
    canonical,
    canonical_rows,
    hundredths,
    json_rows,
    moment_text,
    office_day_of,
)
from core.ground.db.guards import alembic_config, append_only, faults, installed, outdated, upgrade
from core.ground.db.place import OFFICE_ZONE, ROOT, home, office_day, url
from core.ground.db.sealing import blind_index, blind_indexes, has_keys, keys, seal, unseal
from core.ground.db.searching import holding, numbered
from core.ground.db.sessions import at_the_end, close, engine, finish, lock, reading, rehearsal, rehearsed, transaction

__all__ = [
    "OFFICE_ZONE",
    "ROOT",
    "EncryptedText",
    "Hours",
    "Moment",
    "Years",
    "alembic_config",
    "append_only",
    "as_kept",
    "at_the_end",
    "blind_index",
    "blind_indexes",
    "canonical",
    "canonical_rows",
    "close",
    "day_number",
    "engine",
    "faults",
    "finish",
    "has_keys",
    "holding",
    "home",
    "hundredths",
    "in_bulk",
    "insert",
    "installed",
    "integers",
    "json_rows",
    "keys",
    "lock",
    "moment_text",
    "numbered",
    "office_day",
    "office_day_of",
    "outdated",
    "reading",
    "rehearsal",
    "rehearsed",
    "seal",
    "transaction",
    "unseal",
    "upgrade",
    "url",
]
