"""Public verification (公开核验) of cards and entry proofs, by code or by file: /verify. Open without signing in."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from core.ground import certificates as signed_by
from core.ground import db, signing, typed
from core.ground.access import Refused
from core.ledger.standing import Standing
from core.people import keys as office_keys
from core.people import setup
from core.records import cards, checking, completions, offline, proofs, tokens
from core.records.cards import Answer, Verification
from core.records.checking import Confirmed
from core.records.completions import Verified
from routes import learner
from routes.pace import Busy, Pace

Found = TypeVar("Found")


_pace = Pace()


async def _looked(request: Request, look: Callable[[Session, datetime], Found | None]) -> Found | Response | None:
    """What a look into the office finds, in a transaction of its own and at the pace of whoever asks."""

    def act() -> Found | None:
        with db.transaction() as session:
            return look(session, setup.moment(session, datetime.now(UTC)))

    try:
        return await _pace.looked(request.client.host if request.client else "", act)
    except Busy:
        words = "<p class=bad>这个网络正在大量试错，请稍候再核验。</p>"
        told = await _told(429, page, "请稍候", words)
        told.headers["Retry-After"] = "10"
        return told


async def _told(status: int, make: Callable[..., str], *given: Any, **more: Any) -> Response:
    """A page made beside the loop, since it asks the database (`page`)."""
    return HTMLResponse(await run_in_threadpool(make, *given, **more), status)


async def verify(request: Request) -> Response:
    """Verification (核验) of a card or a certificate by its code; open to everybody. 404 for an unknown code, 429 for
    guessing."""
    code = request.path_params["code"]

    def look(session: Session, now: datetime) -> Verification | Verified | None:
        if request.method == "HEAD":  # which nobody reads
            return cards.verification(session, code) or completions.verification(session, code)
        return checking.check(session, code, now=now) or completions.verification(session, code)

    found: Verification | Verified | Response | None = await _looked(request, look)
    if isinstance(found, Response):
        return found
    if isinstance(found, Verified):
        return await _told(200, _completion_page, found)
    return await _told(200 if found else 404, _verification_page, found, typed_code=code)


async def confirm(request: Request) -> Response:
    """Whether the bearer is the card's holder (核对持卡人): name and last four digits, yes or no. 404, 429 as above."""
    code = request.path_params["code"]
    if not 0 < _size(request) <= _LONGEST:
        return await _told(413, _verification_page, None)
    async with request.form(max_files=0, max_fields=2) as form:
        name, last_four = (str(form.get(each, ""))[:60] for each in ("name", "last_four"))
    asked = await _looked(request, lambda session, now: checking.confirm(session, code, name, last_four, now=now))
    if isinstance(asked, Response):
        return asked
    if asked is None:
        return await _told(404, _verification_page, None)
    again = ("", "") if asked.agreed else (name[:40], last_four[:4])  # to be put right
    return await _told(429 if asked.wait else 200, _verification_page, asked.card, asked, bearer=again)


def verify_form(request: Request) -> Response:
    """Verification form (核验表单): a code to type, a proof's file to upload; a typed code goes to its own address."""
    code = request.query_params.get("code", "")
    if typed.plain(code):
        return _to_its_address(code)
    return HTMLResponse(page("审验卡与入账证明核验", _form() + _PROOF_FORM + _OFFLINE + _key_list()))


def _size(request: Request) -> int:
    """Bytes that a request says it has; 0 where it says nothing of use."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 12 else 0


def _to_its_address(code: str) -> Response:
    """The page of a card by what was typed or scanned."""
    return RedirectResponse(f"/verify/{quote(cards.plain_code(code) or typed.plain(code), safe='')}", status_code=303)


async def verify_sent(request: Request) -> Response:
    """Verification (核验) of what was sent: a code typed or scanned, or the file of a proof: whether it holds, and its
    entry stands today.

    Open to everybody. 413 for a file that is empty or too large to be a proof.
    """
    if not 0 < _size(request) <= proofs.LARGEST:  # the server lets no more through
        words = f"<p class=bad>请选择随证明下载的 .json 文件。</p>{_PROOF_FORM}"
        return await _told(413, page, "入账证明核验", words)
    async with request.form(max_files=1, max_fields=1) as form:
        if typed.plain(code := str(form.get("code", ""))):
            return _to_its_address(code)
        given = form.get("proof")
        content = await given.read() if isinstance(given, UploadFile) else b""
    return await _told(200, _proof_page, content)


def _key_list() -> str:
    """The office's keys in words (机关公钥), to be held against the file that verifies without a network."""
    if not db.has_keys():
        return ""
    with db.reading() as session:
        void = office_keys.void(session) if setup.is_open(session) else {}
    rows = "".join(
        f"<tr><td class=key>{each.written}<td>"
        + (f"{void[each.fingerprint]}作废" if each.fingerprint in void else "曾用" if at else "现用")
        for at, each in enumerate(signing.public_keys())
    )
    return (
        "<h2 id=keys>机关公钥指纹</h2><p>离线核验工具下方的公钥指纹应是其中之一；都不是的，工具或卡不是本系统的。</p>"
        f"<table>{rows}</table><p><a href='/.well-known/jwks.json'>公钥列表（供程序读取）</a></p>"
    ) + _certificate_list()


def _certificate_list() -> str:
    """What PDF files are signed with (电子签名证书), and how a reader of PDF comes to trust it."""
    prints = map(signed_by.print_of, signed_by.signatories())
    rows = "".join(
        f"<tr><td class=key>{' '.join(each[at : at + 4] for at in range(0, 64, 4))}"
        f"<td><a href='/.well-known/pdf-signature/{each}.cer' download>下载</a>"
        for each in prints
    )
    if not rows:
        return ""
    return (
        "<h2 id=certificates>PDF电子签名证书</h2><p>PDF文件上的签名由下列证书作出，最上面的是现用的。阅读器显示签名者"
        "未知的：在签名属性中查看证书，SHA-256指纹与下列之一相同，即下载该证书，在阅读器的“受信任的证书（身份）”中导入并"
        "设为可信，以后打开即显示签名有效、文件未被改动。指纹都不同的，不是本系统出具的文件。</p>"
        f"<table>{rows}</table><p><a href='/.well-known/pdf-signature.pem'>全部证书（PEM）</a></p>"
    )


def keys(_request: Request) -> Response:
    """Public keys (验证公钥) of the office that still hold, the newest first, as a JSON Web Key Set (RFC 7517)."""
    if not db.has_keys():
        return PlainTextResponse("not found", status_code=404)
    with db.reading() as session:
        void = office_keys.void(session) if setup.is_open(session) else {}
    return JSONResponse({"keys": [each.jwk for each in signing.public_keys() if each.fingerprint not in void]})


def certificates(_request: Request) -> Response:
    """Certificates that PDF files are and were signed with (电子签名证书), in PEM, the one in use first."""
    found = signed_by.signatories()
    if not found:
        return PlainTextResponse("not found", status_code=404)
    content = b"".join(each.public_bytes(Encoding.PEM) for each in found)
    return Response(content, media_type="application/x-pem-file")


def certificate(request: Request) -> Response:
    """One of them by its fingerprint (SHA-256), in DER, as readers of PDF import it."""
    wanted = request.path_params["fingerprint"].upper()
    for each in signed_by.signatories():
        if signed_by.print_of(each) == wanted:
            headers = {"Content-Disposition": f'attachment; filename="jxjy-pdf-{wanted[:8]}.cer"'}
            return Response(each.public_bytes(Encoding.DER), media_type="application/pkix-cert", headers=headers)
    return PlainTextResponse("not found", status_code=404)


def status(_request: Request) -> Response:
    """Signed list of revoked cards (注销名单), as `offline.status` has it."""
    return _offline(offline.status, "application/cose", {})


def offline_verifier(_request: Request) -> Response:
    """The file that verifies cards without a network (离线核验工具); it is saved, and runs from where it lies."""
    headers = {"Content-Disposition": 'attachment; filename="offline-verifier.html"'}
    return _offline(offline.verifier, "text/html; charset=utf-8", headers)


def _offline(made: Callable[..., bytes], kind: str, headers: dict[str, str]) -> Response:
    """What is made for those without a network; 404 while there is no office yet."""
    with db.reading() as session:
        if not setup.is_open(session):
            return PlainTextResponse("系统还没有开办。", status_code=404)
        content = made(session, now=setup.moment(session, datetime.now(UTC)))
    return Response(content, media_type=kind, headers=headers)


def _proof_page(content: bytes) -> str:
    """The result page of a proof (入账证明核验结果)."""
    try:
        proof, faults = proofs.read(content), proofs.faults(content)
    except Refused as refused:
        return page("入账证明核验", f"<p class=bad>{html.escape(refused.words)}</p>{_PROOF_FORM}")
    if faults:
        verdict = f"<p class=bad>证明不成立：{html.escape('；'.join(faults))}。</p>"
        return page("入账证明核验结果", verdict + _facts(proof.facts()) + _PROOF_FORM)
    with db.reading() as session:
        now, void = proofs.today(session, content), proofs.void_since(session, content)
    if void:
        words = f"签署这份证明的密钥已于{void}作废，不能再凭签名认定，请持有人重新出具。"
        return page("入账证明核验结果", f"<p class=bad>{words}</p>{_facts(proof.facts())}{_PROOF_FORM}")
    verdict = f"<p class=good>证明成立：由本系统于{db.office_day(proof.issued_at)}出具，内容未被改动。</p>"
    if now is None:
        verdict += "<p class=bad>但本系统现在的学时账中没有这一批，请向出具机关查询。</p>"
    elif now.standing is Standing.REVERSED:
        verdict += f"<p class=bad>但这笔学时已于{now.on}冲销（第{now.by}批），现在不再计入。</p>"
    elif now.standing is Standing.STANDS:
        verdict += "<p class=good>这笔学时现在仍然有效。</p>"
    return page("入账证明核验结果", verdict + _facts(proof.facts()) + _PROOF_FORM)


_UNKNOWN = f"""验证码不存在，或卡片内容与签名不符。请核对验证码（16位字母和数字，{tokens.NEVER}）；\
仍查不到的，不应作为学时证明。"""
_A_NUMBER = "填的是编号，编号不能用来核验。请填卡上“验证码”后面的16位字母和数字，形如XXXX-XXXX-XXXX-XXXX。"
_LONGEST = 4096
"""Bytes of a name and four digits, however they are encoded."""
_FORM = """<form action="/verify" method="post"><h2>{title}</h2>
<label>卡上的验证码（16位字母和数字，{never}；可不填横线），或用扫码枪扫卡上的二维码
<input name="code" required minlength="16" maxlength="2000" autocomplete="off"
placeholder="XXXX-XXXX-XXXX-XXXX" value="{typed}"></label><button>核验</button></form>"""
_BEARER_FORM = """<form action="/verify/{code}" method="post"><h2>核对持卡人</h2>
<p>按持卡人的证件填写，只回答是否相符。</p><label>姓名
<input name="name" required maxlength="40" autocomplete="off" value="{name}"></label><label>身份证号后四位
<input name="last_four" required minlength="4" maxlength="4" autocomplete="off" value="{last_four}"></label>
<button>核对</button></form>"""
_OFFLINE = """<h2>没有网络的地方</h2><p><a href="/offline-verifier.html" download>下载离线核验工具</a>，\
一个网页文件，可放U盘，用扫码枪、摄像头或图片核验审验卡。注销名单截至下载之时，请定期重新下载。</p>"""
_PROOF_FORM = """<form action="/verify" method="post" enctype="multipart/form-data"><h2>核验入账证明</h2>
<label for="proof">校验文件（随证明下载的 .json）</label><div class="file">
<input type="file" id="proof" name="proof" required accept=".json"><label class="quiet" for="proof">
<span>选择文件</span><span>已选好文件，点这里换一个</span></label></div><button>核验</button></form>"""
"""The button of the file is ours: a browser's speaks the browser's language. Its style tells what is so, no script."""


def _form(typed_code: str = "", *, title: str = "核验审验卡") -> str:
    """The form for a code, with what was typed last, to be put right."""
    return _FORM.format(typed=html.escape(typed_code[:200]), title=title, never=tokens.NEVER)


_NEXT = _form(title="核验下一张") + "<p><a href='/verify'>核验入账证明、没有网络时核验</a></p>"


def _verification_page(
    found: Verification | None,
    asked: Confirmed | None = None,
    typed_code: str = "",
    bearer: tuple[str, str] = ("", ""),
) -> str:
    """The result page of a card (审验卡核验结果): valid, superseded, revoked, unknown; and of its bearer, if asked.

    `bearer`: name and last four digits as they were typed.
    """
    if found is None:
        return page(
            "没有查到这张审验卡",
            f"<p class=bad>{_UNKNOWN if not tokens.is_number(typed_code) else _A_NUMBER}</p>" + _form(typed_code),
        )
    rows = (
        *((("编号", found.number),) if found.number else ()),
        ("验证码", found.code),
        ("姓名", found.name),
        ("工作单位", found.employer or "—"),
        ("核定机关", found.office),
        ("出具日期", str(found.issued_on)),
    )
    facts = _facts(rows) + _years(found) + _changed(found)
    name, last_four = map(html.escape, bearer)
    facts += _BEARER_FORM.format(code=found.code, name=name, last_four=last_four)
    return page("审验卡核验结果", _verdict(found) + _bearer(asked) + facts + _NEXT)


def _completion_page(found: Verified) -> str:
    """The result page of a certificate of completion (结业证书核验结果)."""
    verdict = "<p class=good>证书真实有效：由本系统出具，所载学时现在仍然有效。</p>"
    if not found.stands:
        verdict = "<p class=bad>证书由本系统出具，但所载学时已经冲销，现在不再有效。</p>"
    return page("结业证书核验结果", verdict + _facts(found.facts) + _NEXT)


def _verdict(found: Verification) -> str:
    """How it stands with a card, in words."""
    if found.revoked:
        hours = "，不应再作学时证明" if found.revoked.of_paper else "，卡上部分或全部学时已冲销"
        why = f"此卡已于{found.revoked.on}失效{hours}（{html.escape(found.revoked.kind)}）"
        verdict = f"<p class=bad>{why}，请以重新打印的审验卡为准。</p>"
    elif found.answer is Answer.VALID:
        verdict = "<p class=good>此卡真实有效：所载学时与学时记录一致。</p>"
    elif found.holds:
        verdict = (
            "<p class=note>此卡真实，出具后学时有变化：现有学时不少于卡上所载，见下表。最新情况以重新打印的为准。</p>"
        )
    else:
        verdict = "<p class=bad>此卡由本系统出具，但现有学时记录少于卡上所载，请以重新打印的审验卡为准。</p>"
    if found.newer:
        alike = "所载学时一致" if found.answer is Answer.VALID else "学时以新卡为准"
        verdict += f"<p class=note>此卡之后，已于{found.newer}出具同年度的新卡，{alike}。</p>"
    if found.corrected:
        verdict += "<p class=note>出具此卡之后，该人员的姓名或身份证号已更正，请以重新打印的审验卡为准。</p>"
    return verdict


def _years(found: Verification) -> str:
    """All years that stand on the card, to be held against the paper."""
    (first, *heads, result), *lines = found.table
    head = f"<tr><th>{first}{''.join(f'<th class=n>{_broken(each)}' for each in heads)}<th>{result}"
    rows = "".join(
        f"<tr><td>{_broken(year)}{''.join(f'<td class=n>{_broken(each)}' for each in cells)}<td>{_broken(lacks)}"
        for year, *cells, lacks in lines
    )
    table = f"<table class=years>{head}{rows}</table>"
    return f'<h2>卡上学时</h2><div class=wide tabindex=0 role=region aria-label="卡上学时">{table}</div>'


def _broken(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _changed(found: Verification) -> str:
    """Where hours are others than on the card, both side by side."""
    if not found.changed:
        return ""
    lines = "".join(
        f"<tr><td>{each.year}<td>{html.escape(each.subject)}<td class=n>{each.shown}<td class=n>{each.now}"
        for each in found.changed
    )
    heads = "<tr><th>年度<th>科目<th class=n>卡上学时<th class=n>现有学时"
    return f"<h2>卡上与现在</h2><table>{heads}{lines}</table>"


def _bearer(asked: Confirmed | None) -> str:
    """Whether the bearer is the card's holder, or how long until it may be asked again."""
    if asked is None:
        return ""
    if asked.wait:
        seconds = math.ceil(asked.wait.total_seconds())
        return f"<p class=note>这张卡已多次核对不符，请{seconds}秒后再核对。</p>"
    if asked.agreed:
        return "<p class=good>姓名和身份证号后四位与卡相符。</p>"
    return "<p class=bad>姓名或身份证号后四位与卡不符。请对照证件再核对一次；仍不符的，不是持卡人的卡。</p>"


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    """A table of labelled values in HTML, escaped."""
    return f"<table>{''.join(f'<tr><th>{html.escape(label)}<td>{html.escape(value)}' for label, value in rows)}</table>"


def page(title: str, body: str, style: str = "") -> str:
    """The HTML page (页面) around a form or a result, with the office's mark; it needs no script and no other file.

    It asks the database (`learner.head`).
    """
    return f"""<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>
<style>
:root{{color-scheme:light dark;background:Canvas;color:CanvasText}}
a{{color:light-dark(#174e86,#8dbbea)}}
:focus-visible{{outline:3px solid light-dark(#174e86,#8dbbea);outline-offset:2px}}
body{{font:1rem/1.7 "Microsoft YaHei","PingFang SC","Noto Sans CJK SC",sans-serif;max-width:34rem;
margin:1.2rem auto 2rem;padding:0 1rem}}
header{{display:flex;align-items:center;gap:.7rem;padding-bottom:.7rem;margin-bottom:1.4rem;line-height:1.4;
border-bottom:1px solid #8884;color:light-dark(#4c5761,#b6c0ca);font-size:.875rem}} header img{{flex:none}}
h1{{font-size:1.4rem;font-weight:600}} h2{{font-size:1.1rem;font-weight:600;margin:2rem 0 .4rem}}
small{{color:light-dark(#4c5761,#b6c0ca)}} table{{border-collapse:collapse;width:100%}}
th,td{{text-align:left;padding:.45rem .6rem;border-bottom:1px solid #8884}}
th{{font-weight:400;color:light-dark(#4c5761,#b6c0ca);width:7rem}}
.key{{font-family:monospace}} .key+td{{white-space:nowrap}}
.n{{text-align:right;font-variant-numeric:tabular-nums}} .years th{{width:auto}}
.years th,.years td{{padding:.45rem .3rem}} .years .n{{word-break:keep-all}}
.years th:last-child,.years td:last-child{{min-width:7rem}} .years td:first-child{{white-space:nowrap}}
@media(max-width:30rem){{.years{{font-size:.875rem}}}}
.wide{{overflow-x:auto}}
.good,.bad,.note{{padding:.7rem 1rem;border-radius:6px;color:#fff}} .good{{background:#2e7d4f}}
.bad{{background:#a8503f}} .note{{background:#9a6b12}}
input{{display:block;font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin:.3rem 0 .8rem}}
.file{{position:relative;margin:.3rem 0 .8rem}}
.file input{{position:absolute;opacity:0;width:1px;height:1px;padding:0}}
.quiet{{display:inline-block;border:1px solid #8888;border-radius:6px;padding:.45rem 1.2rem;cursor:pointer}}
:focus-visible+.quiet{{outline:3px solid light-dark(#174e86,#8dbbea);outline-offset:2px}}
:invalid+.quiet span+span,:valid+.quiet span:first-child{{display:none}}
button{{font:inherit;background:#174e86;color:#fff;border:0;border-radius:6px;padding:.5rem 1.4rem}}
{style}</style><header>{learner.head()}</header><main><h1>{title}</h1>{body}</main></html>"""
