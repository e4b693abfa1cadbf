"""What the tests of `core` share beside the databases: passwords that are cheap to hash."""

import bcrypt
import pytest


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> None:
    """bcrypt at its lowest cost: an office has sixteen accounts, and at full cost each takes a quarter of a second."""
    real = bcrypt.gensalt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcrypt, "gensalt", lambda *_: real(4))  # whatever cost is asked for
        yield
