"""Public verification (公开核验) of cards and entry proofs, by code or by file: /verify. Open without signing in."""

from __future__ import annotations

import html
from collections.abc import Iterable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.ground import db, typed
from core.ground.access import Refused
from core.ground.hours import hours_text
from core.ledger.standing import Standing
from core.records import cards, proofs
from core.records.cards import Verification


def verify(request: Request) -> Response:
    """Card verification (审验卡核验) by its code; open to everybody. 404 for an unknown code."""
    with db.reading() as session:
        found = cards.verification(session, request.path_params["code"])
    return HTMLResponse(_verification_page(found), status_code=200 if found else 404)


def verify_form(request: Request) -> Response:
    """Verification form (核验表单): a code to type, a proof's file to upload; a typed code goes to its own address."""
    code = typed.plain(request.query_params.get("code", ""))
    if code:
        return RedirectResponse(f"/verify/{quote(code, safe='')}", status_code=303)
    return HTMLResponse(_page("审验卡与入账证明核验", _FORM + _PROOF_FORM))


async def verify_proof(request: Request) -> Response:
    """Proof verification (入账证明核验): whether the uploaded file holds, and its entry stands today.

    Open to everybody. 413 for a file that is empty or too large to be a proof.
    """
    if not 0 < int(request.headers.get("content-length", "0")) <= proofs.LARGEST:  # the server lets no more through
        return HTMLResponse(
            _page("入账证明核验", f"<p class=bad>请选择随证明下载的 .json 文件。</p>{_PROOF_FORM}"), 413
        )
    async with request.form(max_files=1, max_fields=1) as form:
        given = form.get("proof")
        content = await given.read() if isinstance(given, UploadFile) else b""
    return HTMLResponse(await run_in_threadpool(_proof_page, content))


def _proof_page(content: bytes) -> str:
    """The result page of a proof (入账证明核验结果)."""
    try:
        proof, faults = proofs.read(content), proofs.faults(content)
    except Refused as refused:
        return _page("入账证明核验", f"<p class=bad>{html.escape(refused.words)}</p>{_PROOF_FORM}")
    if faults:
        verdict = f"<p class=bad>证明不成立：{html.escape('；'.join(faults))}。</p>"
        return _page("入账证明核验结果", verdict + _facts(proof.facts()))
    with db.reading() as session:
        now = proofs.today(session, content)
    verdict = f"<p class=good>证明成立：由本系统于{db.office_day(proof.issued_at)}出具，内容未被改动。</p>"
    if now is None:
        verdict += "<p class=bad>但本系统现在的学时账中没有这一批，请向出具机关查询。</p>"
    elif now.standing is Standing.REVERSED:
        verdict += f"<p class=bad>但这笔学时已于{now.on}冲销（第{now.by}批），现在不再计入。</p>"
    elif now.standing is Standing.STANDS:
        verdict += "<p class=good>这笔学时现在仍然有效。</p>"
    return _page("入账证明核验结果", verdict + _facts(proof.facts()))


_FORM = """<form action="/verify"><label>审验卡上的验证码（16位，可不填横线）
<input name="code" required minlength="16" maxlength="19" autocomplete="off" placeholder="XXXX-XXXX-XXXX-XXXX"></label>
<button>核验</button></form>"""
_PROOF_FORM = """<form action="/verify" method="post" enctype="multipart/form-data">
<label>入账证明的校验文件（随证明下载的 .json）
<input type="file" name="proof" required accept=".json"></label><button>核验</button></form>"""


def _verification_page(found: Verification | None) -> str:
    """The result page of a card (审验卡核验结果): valid, revoked, superseded, unknown."""
    if found is None:
        return _page(
            "没有查到这张审验卡",
            "<p class=bad>验证码不存在，或卡片内容与签名不符。请核对验证码；仍查不到的，不应作为学时证明。</p>" + _FORM,
        )
    if found.revoked:
        why = f"此卡已于{found.revoked.on}失效，卡上所载学时不再有效（{html.escape(found.revoked.words)}）"
        verdict = f"<p class=bad>{why}，请以重新打印的审验卡为准。</p>"
    elif found.holds:
        verdict = "<p class=good>此卡真实有效：所载学时与学时记录一致。</p>"
    else:
        verdict = "<p class=bad>此卡由本系统出具，但现有学时记录少于卡上所载，请以重新打印的审验卡为准。</p>"
    if found.corrected:
        verdict += "<p class=note>出具此卡之后，该人员的姓名或身份证号已更正，请以重新打印的审验卡为准。</p>"
    rows = (
        ("验证码", found.code),
        ("姓名", found.name),
        ("身份证号", found.id_mask),
        ("工作单位", found.employer or "—"),
        ("学时年度", str(found.year)),
        *((name, f"{hours_text(hours)} 学时") for name, hours in found.hours),
        ("出具日期", str(found.issued_on)),
    )
    return _page("审验卡核验结果", verdict + _facts(rows))


def _facts(rows: Iterable[tuple[str, str]]) -> str:
    """A table of labelled values in HTML, escaped."""
    return f"<table>{''.join(f'<tr><th>{html.escape(label)}<td>{html.escape(value)}' for label, value in rows)}</table>"


def _page(title: str, body: str) -> str:
    """The HTML page (页面) around a form or a result; it needs no script and no other file."""
    return f"""<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>
<style>
:root{{color-scheme:light dark}}
body{{font:16px/1.7 "Microsoft YaHei","PingFang SC","Noto Sans CJK SC",sans-serif;max-width:34rem;margin:2rem auto;
padding:0 1rem}}
h1{{font-size:1.4rem;font-weight:600}} small{{color:gray}} table{{border-collapse:collapse;width:100%}}
th,td{{text-align:left;padding:.45rem .6rem;border-bottom:1px solid #8884}} th{{font-weight:400;color:gray;width:7rem}}
.good,.bad,.note{{padding:.7rem 1rem;border-radius:6px;color:#fff}} .good{{background:#2e7d4f}}
.bad{{background:#a8503f}} .note{{background:#9a6b12}}
input{{display:block;font:inherit;width:100%;box-sizing:border-box;padding:.5rem;margin:.3rem 0 .8rem}}
button{{font:inherit;background:#174e86;color:#fff;border:0;border-radius:6px;padding:.5rem 1.4rem}}
</style><h1>{title}</h1>{body}<p><small>内蒙古自治区专业技术人员继续教育管理系统</small></p></html>"""
