"""Certificates (证书): for HTTPS inside an office an authority of its own, which its PCs install once, and a leaf; and
what the office's PDF files are signed with.

The authority may vouch for this machine's names and for private addresses alone (name constraints): whoever steals it
cannot pass for a bank. Its key is sealed with the office's; only the leaf's lies open, which the server reads.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import secrets
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core.ground import db
from core.ground.access import Refused

AUTHORITY_LASTS = timedelta(days=3650)
LEAF_LASTS = timedelta(days=397)
"""The longest that browsers take."""
RENEWED = timedelta(days=30)
"""So long before its end a leaf is made anew, at the start."""
_EVERYWHERE = ("localhost", "127.0.0.1", "::1")
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "::1/128")

SIGNATORY = "CE_SIGNATURE"
"""Environment variable: the office's own certificate for documents, a file of PKCS#12 with an RSA key, which
`CE_SIGNATURE_PASSPHRASE` opens."""
_SINCE = datetime(2020, 1, 1, tzinfo=UTC)
"""Since when the certificate made here holds: also a card of before is signed as of its own day."""
_UNTIL = datetime(2050, 1, 1, tzinfo=UTC)

Named = x509.DNSName | x509.IPAddress


@dataclass(frozen=True)
class Served:
    """The files a server needs: certificate with its authority behind it, key; and the authority, for the PCs."""

    certificate: Path
    key: Path
    authority: Path


def folder() -> Path:
    """Where they lie: `CE_HOME/tls`."""
    path = db.home() / "tls"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def prepare(names: list[str], *, now: datetime) -> Served:
    """A certificate for these names and addresses (准备证书): the one there is, or a new one near its end.

    The authority stays as long as it may vouch for them all and outlives the leaf; a new one has to be installed on
    the PCs anew. Refused codes: "host" (a name that is none).
    """
    wanted = [_named(name) for name in dict.fromkeys([*names, *_EVERYWHERE])]
    served = Served(folder() / "server.crt", folder() / "server.key", folder() / "ca.crt")
    held = _authority(wanted, served.authority, now)
    if not _serves(served, wanted, held[0], now):
        _leaf(served, wanted, *held, now)
    return served


def check(certificate: Path, key: Path, names: list[str], *, now: datetime) -> str:
    """Hold a certificate of the office's own (自备证书) against what a server needs of it; answers a hint, or nothing.

    A server that starts with a wrong one answers nobody, and says why in OpenSSL's words or not at all.
    Refused codes: "certificate", "key" (with what to do), "host" (it does not name one of `names`).
    """
    leaf, private = _leaf_of(certificate), _private(key)
    if private.public_key() != leaf.public_key():
        raise Refused(
            "key",
            f"私钥 {key} 与证书 {certificate} 不是一对。请用申请这张证书时生成的私钥；"
            "证书文件里有多张证书的，服务器证书须放在最前面 (the key does not belong to the first certificate)。",
        )
    until = db.office_day(leaf.not_valid_after_utc)
    if leaf.not_valid_after_utc < now:
        raise Refused("certificate", f"证书 {certificate} 已于{until}到期，请换用新证书后再启动 (expired)。")
    if leaf.not_valid_before_utc > now:
        since = db.office_day(leaf.not_valid_before_utc)
        words = f"证书 {certificate} 自{since}起有效，本机日期是{db.office_day(now)}。"
        raise Refused("certificate", f"{words}请核对本机的日期和时间 (not yet valid)。")
    named = _names(leaf)
    if lacking := [name for name in names if not _covers(named, _named(name))]:
        holds = "、".join(str(each.value) for each in named) or "没有写名称"
        raise Refused(
            "host",
            f"证书 {certificate} 不是发给 {'、'.join(lacking)} 的，浏览器会拒绝打开。证书里的名称：{holds}。"
            "请把 --host 写成证书里的名称，或换用写有这个名称的证书 (the certificate does not name it)。",
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise Refused(
            "certificate", f"本机的加密程序不接受证书 {certificate}，请向签发机构重新申请 (not accepted: {error})。"
        ) from error
    return f"证书 {until} 到期，请及早换新 (expires soon)。" if leaf.not_valid_after_utc < now + RENEWED else ""


_CONVERTED = "openssl pkcs12 -in 文件.pfx -nodes -out 新文件.pem"


def _leaf_of(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0]
    except OSError as error:
        raise Refused("certificate", f"读不到证书 {path}：{error.strerror}。请核对 --cert 的路径。") from error
    except ValueError as error:
        raise Refused(
            "certificate",
            f"{path} 里没有PEM格式的证书（以 -----BEGIN CERTIFICATE----- 开头）。请核对 --cert；"
            f".pfx、.p12文件先转换：{_CONVERTED} (no certificate in PEM)。",
        ) from error


def _private(path: Path) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise Refused("key", f"读不到私钥 {path}：{error.strerror}。请核对 --key 的路径。") from error
    except TypeError as error:
        raise Refused(
            "key",
            f"私钥 {path} 有口令，服务启动时没有人输入。请另存一份不带口令的，只让运行本系统的账号可读："
            f"openssl pkey -in {path} -out 新文件.key (the key is encrypted)。",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused(
            "key",
            f"{path} 里没有PEM格式的私钥（第一行以 -----BEGIN 开头，写有“PRIVATE KEY”）。请核对 --key；"
            f".pfx、.p12文件先转换：{_CONVERTED} (no key in PEM)。",
        ) from error


def _names(leaf: x509.Certificate) -> list[Named]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:  # browsers do not read the subject any more
        return []
    return [each for each in found if isinstance(each, x509.DNSName | x509.IPAddress)]


def _covers(named: list[Named], wanted: Named) -> bool:
    """Whether a browser finds the name in the certificate: itself, or its domain with a star for its first part."""
    if isinstance(wanted, x509.IPAddress):
        return wanted in named
    among = {each.value.lower() for each in named if isinstance(each, x509.DNSName)}
    return wanted.value in among or f"*.{wanted.value.partition('.')[2]}" in among


def fingerprint(authority: Path) -> str:
    """SHA-256 of an authority's certificate as Windows shows it (指纹), in pairs of digits."""
    found = print_of(x509.load_pem_x509_certificate(authority.read_bytes()))
    return " ".join(found[at : at + 2] for at in range(0, len(found), 2))


def _named(name: str) -> Named:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        pass
    try:
        return x509.DNSName(name.encode("idna").decode().lower())
    except UnicodeError as error:
        raise Refused("host", f"“{name}”不是主机名或地址，请写成 192.168.1.20 或 jxjy.example.gov.cn 这样。") from error


def _authority(wanted: list[Named], path: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The authority that may vouch for all of these, made anew where there is none."""
    sealed = path.with_name("ca.key")
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        pem = db.unseal(sealed.read_bytes(), key=db.keys().files, purpose="tls authority")
        key = serialization.load_pem_private_key(pem, None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and _vouches(found, wanted, now):
            return found, key
    except (OSError, ValueError, InvalidTag):
        pass
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"继续教育管理系统根证书 {db.office_day(now)}")])
    permitted = [*wanted, *(x509.IPAddress(ipaddress.ip_network(each)) for each in _PRIVATE)]
    permitted = [x509.IPAddress(_network(each)) if isinstance(each, x509.IPAddress) else each for each in permitted]
    made = (
        _builder(subject, subject, key.public_key(), now, AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(sealed, db.seal(_pem(key), key=db.keys().files, purpose="tls authority"))
    _write(path, made.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return made, key


def _network(address: x509.IPAddress) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(str(address.value))


def _vouches(authority: x509.Certificate, wanted: list[Named], now: datetime) -> bool:
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    networks = [_network(each) for each in constraints if isinstance(each, x509.IPAddress)]
    names = {each.value for each in constraints if isinstance(each, x509.DNSName)}

    def may(each: Named) -> bool:
        if isinstance(each, x509.DNSName):
            return each.value in names
        return any(each.value in network for network in networks)

    lasts = authority.not_valid_before_utc <= now and authority.not_valid_after_utc >= now + LEAF_LASTS
    return lasts and all(map(may, wanted))


def _serves(served: Served, wanted: list[Named], authority: x509.Certificate, now: datetime) -> bool:
    """Whether the leaf there is will do: for these names, by this authority, with its key, and not near its end."""
    try:
        leaf = x509.load_pem_x509_certificate(served.certificate.read_bytes())
        key = serialization.load_pem_private_key(served.key.read_bytes(), None)
        leaf.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001  whatever is wrong with it, another is made
        return False
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        set(names) == set(wanted)
        and key.public_key() == leaf.public_key()
        and leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc - RENEWED
    )


def _leaf(
    served: Served,
    wanted: list[Named],
    authority: x509.Certificate,
    signing: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(wanted[0].value)[:64])])
    leaf = (
        _builder(subject, authority.subject, key.public_key(), now, LEAF_LASTS)
        .add_extension(x509.SubjectAlternativeName(wanted), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )
    _write(served.key, _pem(key))
    both = (each.public_bytes(serialization.Encoding.PEM) for each in (leaf, authority))
    _write(served.certificate, b"".join(both), mode=0o644)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    began = now - timedelta(days=1)  # for PCs whose clock is behind
    return x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), began, began + lasts)


def _usage(*, authority: bool, documents: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=documents,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True)
class Signatory:
    """What PDF files are signed with (电子签名证书): key, certificate, and those above it."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()


def signatory() -> Signatory:
    """The certificate for documents (电子签名证书): the office's own, else one made here, in `CE_HOME/signing`.

    A self-made certificate belongs to the current secret key: after key rotation another one is made, so that a leaked
    former key cannot sign PDF files. PDF readers show the signer, but trust a self-made certificate only once it is
    imported.
    Refused codes: "certificate" (the office's own cannot be used).
    """
    given = os.environ.get(SIGNATORY, "")
    if given:
        return _given(Path(given), os.environ.get(f"{SIGNATORY}_PASSPHRASE", ""))
    place = db.home() / "signing"
    present = db.keys().files[:1]
    try:
        return _made(place, present, (place / "office.crt").stat().st_mtime_ns)
    except (OSError, ValueError, InvalidTag):
        _make(place, present)
        return _made(place, present, (place / "office.crt").stat().st_mtime_ns)


def signatories() -> list[x509.Certificate]:
    """Every certificate that PDF files were signed with (历次电子签名证书), the one in use first, without issuers.

    One that cannot be used now is left out. None before the office has a key: asking makes none.
    """
    if not db.has_keys():
        return []
    try:
        now = [signatory().certificate]
    except Refused:
        now = []
    kept = [x509.load_der_x509_certificate(each.read_bytes()) for each in sorted(_used().glob("*.cer"))]
    return now + [each for each in kept if each not in now]


def print_of(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate (指纹) as 64 digits."""
    return certificate.fingerprint(hashes.SHA256()).hex().upper()


def _used() -> Path:
    """Where each certificate that ever signed lies, by its fingerprint: what it signed outlives its renewal."""
    return db.home() / "signing" / "used"


def _remember(certificate: x509.Certificate) -> None:
    if not (path := _used() / f"{print_of(certificate)}.cer").exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, certificate.public_bytes(serialization.Encoding.DER), mode=0o644)


@functools.lru_cache(maxsize=2)
def _given(path: Path, passphrase: str) -> Signatory:
    try:
        key, certificate, above = pkcs12.load_key_and_certificates(path.read_bytes(), passphrase.encode() or None)
    except (OSError, ValueError) as error:
        raise Refused(
            "certificate",
            f"打不开电子签名证书 {path}：应为PKCS#12文件（.p12、.pfx），口令写在 {SIGNATORY}_PASSPHRASE。"
            "请核对后重新启动。",
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey) or certificate is None:
        raise Refused("certificate", f"电子签名证书 {path} 里没有RSA私钥和证书，请向签发机构索取带私钥的RSA证书。")
    _remember(certificate)
    return Signatory(key, certificate, tuple(above))


@functools.lru_cache(maxsize=2)
def _made(place: Path, present: tuple[bytes, ...], _changed: int) -> Signatory:
    certificate = x509.load_pem_x509_certificate((place / "office.crt").read_bytes())
    pem = db.unseal((place / "office.key").read_bytes(), key=present, purpose="pdf signature")
    # Made here and sealed: its primes need no proof each time, the check against the certificate is enough.
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificate.public_key():
        raise ValueError("another key")
    _remember(certificate)
    return Signatory(key, certificate)


def _drawn() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


def _make(place: Path, present: tuple[bytes, ...]) -> None:
    place.mkdir(mode=0o700, exist_ok=True)
    key = _drawn()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "专业技术人员继续教育管理系统电子签名")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), _SINCE, _UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False, documents=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(place / "office.key", db.seal(_pem(key), key=present, purpose="pdf signature"))
    _write(place / "office.crt", certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """A file whole or not at all; a key is its owner's alone."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    partial.replace(path)
