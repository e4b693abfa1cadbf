"""The certificate of a server that others connect to."""

from __future__ import annotations

import argparse

from core.cli import console
from core.ground import certificates
from core.ground.access import Refused


@console.command
def prepare(options: argparse.Namespace) -> int:
    """A certificate for these names and addresses: certificate, key, authority, each a line on stdout.

    One of the office's own (`--cert`, `--key`) is checked and nothing is made: certificate and key on stdout.
    """
    if bool(options.cert) != bool(options.key):
        raise Refused("key", "--cert 和 --key 要一起写 (both together)")
    if options.cert:
        if hint := certificates.check(options.cert, options.key, options.names, now=console.now()):
            console.say(hint)
        print(options.cert, options.key, sep="\n")
        return 0
    served = certificates.prepare(options.names, now=console.now())
    for path in (served.certificate, served.key, served.authority):
        print(path)
    console.say(f"根证书的SHA-256指纹 (the authority's fingerprint): {certificates.fingerprint(served.authority)}")
    return 0
