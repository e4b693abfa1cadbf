"""The certificate of a server that others connect to."""

from __future__ import annotations

import argparse

from core.cli import console
from core.ground import certificates


@console.command
def prepare(options: argparse.Namespace) -> int:
    """A certificate for these names and addresses: certificate, key, authority, each a line on stdout."""
    served = certificates.prepare(options.names, now=console.now())
    for path in (served.certificate, served.key, served.authority):
        print(path)
    console.say(f"根证书的SHA-256指纹 (the authority's fingerprint): {certificates.fingerprint(served.authority)}")
    return 0
