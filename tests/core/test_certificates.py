"""HTTPS inside an office: its own authority, which vouches for nothing else, and a certificate that never ends."""

import os
import ssl
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from core.__main__ import main
from core.ground import certificates, db
from core.ground.access import Refused
from core.ground.certificates import Served
from routes import certificate
from tests import cast as c
from tests.core.test_door import ask

NAMES = ["192.168.1.20", "jxjy.office.example"]


def prepared(names: list[str] = NAMES, days: float = 0) -> tuple[Served, bytes, bytes]:
    """The files, and what the leaf and the authority are."""
    served = certificates.prepare(names, now=c.NOW + timedelta(days=days))
    return served, served.certificate.read_bytes(), served.authority.read_bytes()


def trusts(authority: bytes, chain: bytes, name: str) -> bool:
    """Whether a PC that has the authority installed takes the certificate for this name."""
    leaf, *_ = x509.load_pem_x509_certificates(chain)
    subject: Any = x509.IPAddress(ip_address(name)) if name[-1].isdigit() else x509.DNSName(name)
    store = Store(x509.load_pem_x509_certificates(authority))
    try:
        PolicyBuilder().store(store).time(c.NOW).build_server_verifier(subject).verify(leaf, [])
    except VerificationError:
        return False
    return True


def test_a_pc_with_the_authority_takes_the_server_for_its_names_and_for_no_other(home: Path) -> None:
    db.make_key()
    served, chain, authority = prepared()
    for name in [*NAMES, "127.0.0.1", "localhost"]:
        assert trusts(authority, chain, name), name
    assert not trusts(authority, chain, "192.168.1.21")
    assert not trusts(authority, chain, "bank.example")
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(served.certificate, served.key)
    for path in served.key, served.key.with_name("ca.key"):
        assert path.stat().st_mode & 0o77 == 0 or os.name == "nt"
    sealed = served.key.with_name("ca.key").read_bytes()
    assert b"PRIVATE" not in sealed  # sealed with the office's key
    with pytest.raises(Refused, match="host"):
        certificates.prepare(["a..b"], now=c.NOW)


def test_whoever_stole_the_authority_could_not_pass_for_another_site(home: Path) -> None:
    db.make_key()
    served, _, authority = prepared()
    pem = db.unseal(served.key.with_name("ca.key").read_bytes(), key=db.keys().files, purpose="tls authority")
    key: Any = serialization.load_pem_private_key(pem, None)
    (held,) = x509.load_pem_x509_certificates(authority)
    for name, taken in (("10.1.2.3", True), ("8.8.8.8", False), ("bank.example", False)):
        certificates._leaf(served, [certificates._named(name)], held, key, c.NOW)
        assert trusts(authority, served.certificate.read_bytes(), name) is taken, name


def test_a_certificate_is_renewed_near_its_end_and_the_pcs_need_nothing_for_it(home: Path) -> None:
    db.make_key()
    _, chain, authority = prepared()
    assert prepared(days=300)[1:] == (chain, authority)
    _, renewed, same = prepared(days=380)
    assert renewed != chain
    assert same == authority
    _, other, same = prepared(["192.168.1.21"], days=380)  # another private address: the authority may do that
    assert other != renewed
    assert same == authority
    assert prepared(["other.example"], days=380)[2] != authority  # a name that it may not vouch for
    _, last, authority = prepared(days=380)
    (home / "tls" / "server.key").write_bytes(b"damaged")
    assert prepared(days=380)[1] != last
    (home / "tls" / "ca.key").write_bytes(b"damaged")
    assert prepared(days=380)[2] != authority
    assert prepared(days=3650)[2] != prepared(days=380)[2]


def own(
    place: Path, *, names: list[str] = NAMES, days: tuple[int, int] = (-1, 300), password: bytes = b""
) -> list[str]:
    """A certificate of the office's own and its key, as files; their options on the command line."""
    place.mkdir(exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "office")])
    since, until = (datetime.now(UTC) + timedelta(days=each) for each in days)
    made = x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number(), since, until)
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([certificates._named(each) for each in names]), False)
    (place / "own.crt").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    sealed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (place / "own.key").write_bytes(key.private_bytes(pem, pkcs8, sealed))
    return ["--cert", str(place / "own.crt"), "--key", str(place / "own.key")]


def test_a_certificate_of_the_offices_own_is_refused_with_what_to_do_before_anything_is_served(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, other = own(tmp_path / "good"), own(tmp_path / "other")
    certificate, key = good[1], good[3]
    no_pem = tmp_path / "office.pfx"
    no_pem.write_bytes(b"\x30\x82\x00\x01")
    cut = tmp_path / "cut.crt"
    cut.write_text(Path(certificate).read_text()[:200])
    for options, said in (
        (["--cert", certificate, "--key", other[3]], "不是一对"),
        (["--cert", str(tmp_path / "none.crt"), "--key", key], "核对 --cert 的路径"),
        (["--cert", certificate, "--key", str(tmp_path / "none.key")], "核对 --key 的路径"),
        (["--cert", str(tmp_path), "--key", key], "核对 --cert 的路径"),
        (["--cert", str(no_pem), "--key", key], "openssl pkcs12"),
        (["--cert", certificate, "--key", str(no_pem)], "openssl pkcs12"),
        (["--cert", str(cut), "--key", key], "没有PEM格式的证书"),
        (["--cert", key, "--key", certificate], "没有PEM格式的证书"),
        (["--cert", certificate, "--key", certificate], "没有PEM格式的私钥"),
        (["--cert", certificate], "一起写"),
        (own(tmp_path / "a", password=b"secret"), "openssl pkey"),
        (own(tmp_path / "b", days=(-400, -1)), "到期"),
        (own(tmp_path / "c", days=(2, 400)), "日期和时间"),
        (own(tmp_path / "d", names=["192.168.1.21", "*.example"]), "不是发给 192.168.1.20、jxjy.office.example 的"),
        (own(tmp_path / "e", names=[]), "没有写名称"),
    ):
        assert main(["certificate", *options, *NAMES]) == 2, options
        found = capsys.readouterr()
        assert (said in found.err, found.out) == (True, ""), found.err
    assert main(["certificate", *good, *NAMES]) == 0
    assert capsys.readouterr() == (f"{certificate}\n{key}\n", "")
    starred = own(tmp_path / "f", names=["*.office.example"], days=(-1, 20))
    assert main(["certificate", *starred, "jxjy.office.example"]) == 0
    assert "请及早换新" in capsys.readouterr().err
    assert not (home / "tls").exists()  # nothing is made beside it


def test_the_start_asks_whether_the_given_certificate_fits(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import run

    monkeypatch.setattr(run, "PYTHON", Path(sys.executable))
    options = own(tmp_path / "good")
    given = options[1], options[3]
    assert run._certificate(NAMES, given) == [*given]
    with pytest.raises(run.Stopped):
        run._certificate(["192.168.1.99"], given)
    assert "不是发给 192.168.1.99 的" in capfd.readouterr().err


def test_the_page_about_installing_it_is_open_to_everybody_and_offers_the_authority_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from starlette.applications import Starlette

    from routes import addresses

    db.make_key()
    assert main(["certificate", *NAMES]) == 0
    made, key, authority = capsys.readouterr().out.split()
    assert [Path(each).exists() for each in (made, key)] == [True, True]
    app = Starlette(routes=addresses.ROUTES)
    paths = ["/certificate", "/certificate/jxjy-ca.crt"]
    without, missing = ask(app, *paths)
    assert "不需要安装" in without.text
    assert missing.status_code == 404
    monkeypatch.setenv(certificate.AUTHORITY, authority)
    page, file = ask(app, *paths)
    assert certificates.fingerprint(Path(authority)) in page.text
    assert page.text.count("<svg") == len(certificate._STEPS)
    assert file.content == Path(authority).read_bytes()
    assert b"PRIVATE" not in file.content
    assert main(["certificate", "a..b"]) == 2
