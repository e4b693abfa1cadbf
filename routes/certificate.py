"""The office's own certificate authority (根证书): how a PC comes to trust it, in drawings, and its file to install."""

from __future__ import annotations

import html
import os
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from core.ground import certificates
from routes import verify

AUTHORITY = "CE_AUTHORITY"
"""Environment variable: the file of the authority that the server's certificate was made by, if it was made."""


def there_is_one() -> bool:
    """Whether this server's certificate was made by an authority of its own."""
    return bool(os.environ.get(AUTHORITY)) and Path(os.environ[AUTHORITY]).exists()


def file(_request: Request) -> Response:
    """The authority's certificate as a file that Windows opens; it is no secret. 404 where there is none."""
    if not there_is_one():
        return PlainTextResponse("本系统没有自制的证书，不需要安装。", status_code=404)
    headers = {"Content-Disposition": 'attachment; filename="jxjy-ca.crt"'}
    content = Path(os.environ[AUTHORITY]).read_bytes()
    return Response(content, media_type="application/x-x509-ca-cert", headers=headers)


def page(_request: Request) -> Response:
    """How to install it (安装证书的办法), open to everybody, in drawings and words."""
    if not there_is_one():
        return HTMLResponse(verify.page("安装证书", "<p>本系统没有使用自制的证书，不需要安装。</p>"))
    steps = _steps(certificates.fingerprint(Path(os.environ[AUTHORITY])))
    return HTMLResponse(verify.page("安装证书", steps, _STYLE))


def _window(title: str, lines: list[str], buttons: list[str], pressed: str) -> str:
    """A dialog of Windows as a drawing: its title, what stands in it (● and ☑ are chosen), its buttons."""
    drawn = [
        f'<svg viewBox="0 0 340 {70 + 24 * len(lines)}" role="img" aria-label="{title}">',
        f'<rect x="1" y="1" width="338" height="{68 + 24 * len(lines)}" rx="6" class="w"/>',
        f'<path d="M1 30h338" class="l"/><text x="12" y="21" class="t">{title}</text>',
    ]
    for at, line in enumerate(lines):
        kind = ' class="h"' if line[:1] in "●☑" else ""
        drawn.append(f'<text x="16" y="{52 + 24 * at}"{kind}>{line}</text>')
    foot = 42 + 24 * len(lines)
    for at, name in enumerate(reversed(buttons)):
        left = 340 - 108 * (at + 1)
        kind = "p" if name == pressed else "b"
        drawn.append(f'<rect x="{left}" y="{foot}" width="98" height="22" rx="3" class="{kind}"/>')
        drawn.append(f'<text x="{left + 49}" y="{foot + 16}" text-anchor="middle" class="{kind}t">{name}</text>')
    return "".join([*drawn, "</svg>"])


_NAME = "继续教育管理系统根证书"
_STEPS = [
    (
        "双击下载的文件，点“安装证书”。",
        ("证书", ["证书信息", f"颁发给：{_NAME}", f"颁发者：{_NAME}"], ["安装证书(I)…", "确定"], "安装证书(I)…"),
    ),
    (
        "选“本地计算机”（没有管理员权限的选“当前用户”），点“下一步”。",
        (
            "证书导入向导",
            ["欢迎使用证书导入向导", "○ 当前用户(C)", "● 本地计算机(L)"],
            ["下一步(N)", "取消"],
            "下一步(N)",
        ),
    ),
    (
        "选“将所有的证书都放入下列存储”，点“浏览”，选“受信任的根证书颁发机构”。",
        (
            "证书导入向导",
            ["○ 根据证书类型，自动选择证书存储", "● 将所有的证书都放入下列存储(P)", "☑ 受信任的根证书颁发机构"],
            ["浏览(R)…", "下一步(N)"],
            "浏览(R)…",
        ),
    ),
    (
        "点“下一步”“完成”。如提示安全警告，先核对下面的指纹，一致的点“是”。",
        (
            "安全警告",
            ["即将安装来自以下机构的证书：", _NAME, "● 指纹与管理员告知的一致"],
            ["是(Y)", "否(N)"],
            "是(Y)",
        ),
    ),
]
"""What to do on a Windows PC, each with what is then on its screen."""


def _steps(fingerprint: str) -> str:
    """The whole way, from the file to the browser that no longer complains."""
    steps = "".join(f"<li>{words}{_window(*drawing)}" for words, drawing in _STEPS)
    name = html.escape(_NAME)
    return f"""
<p>第一次用这台电脑或手机打开时，浏览器会提示“连接不是私密连接”。安装一次根证书，以后就不再提示，输入的内容全程加密。</p>
<p><a class=go href="/certificate/jxjy-ca.crt" download>下载根证书 jxjy-ca.crt</a></p>
<ol>{steps}<li>关闭浏览器后重新打开本系统。</ol>
<p>SHA-256指纹（请与管理员从服务器窗口中看到的核对）：<br><code>{html.escape(fingerprint)}</code></p>
<p>由管理员统一安装的，可在每台电脑上以管理员身份执行 <code>certutil -addstore -f Root jxjy-ca.crt</code>，
或用组策略下发。火狐浏览器另在“设置—隐私与安全—证书—查看证书—证书颁发机构”中导入同一文件。</p>
<h2>手机和平板</h2>
<p>用手机打开本页，下载上面的根证书，再按手机的系统办（各品牌的菜单名称略有不同，可在“设置”中搜索“证书”）：</p>
<ul>
<li>安卓、鸿蒙（华为、小米、OPPO、vivo等）：“设置—安全（或：密码与安全、更多安全设置）—加密和凭据—从存储设备安装证书—CA证书”，
选下载的文件，核对指纹后安装。手机没有锁屏密码的会要求先设一个。
<li>苹果：用自带的Safari打开本页下载，“设置—已下载描述文件”点“安装”；再到“设置—通用—关于本机—证书信任设置”，
打开“{name}”右边的开关，少了这一步仍会提示。
</ul>
<p>手机须连着能打开本系统的网络。微信里打不开的，点右上角“在浏览器打开”。</p>
<p>这个根证书只能用于本服务器和内网地址，不能用于其他网站。</p>"""


_STYLE = """
code{overflow-wrap:anywhere} li{margin:.8rem 0}
a.go{display:inline-block;background:#174e86;color:#fff;border-radius:6px;padding:.4rem 1.2rem;text-decoration:none}
main svg{display:block;width:100%;max-width:26rem;margin:.6rem 0;font-size:13px}
svg .w{fill:#fff;stroke:#5f6b76} svg .l{stroke:#c5cfd9} svg text{fill:#1b2733} svg .t{font-weight:600}
svg .h{fill:#174e86;font-weight:600} svg .b{fill:#f3f6f9;stroke:#c5cfd9} svg .p{fill:#174e86} svg .pt{fill:#fff}
"""
