"""A fresh machine's one door: `python run.py` sets up and serves, `test` sets up and tests, `bundle` packs.

Standard library only, for any Python 3.11 or later. Everything it makes lives in `.venv` beside this file; delete that
folder to start over. Nothing about the office lives here.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import importlib.util
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed.txt"
WHEELS = ROOT / "wheelhouse"
"""The packages themselves, in a folder that `bundle` made: nothing is asked of a network then."""
MOST_PROCESSES = 32
HERE = "127.0.0.1"
ANYWHERE = "0.0.0.0"  # noqa: S104  encrypted, and only under the names of --host
CHROME_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
CHROME_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


class Stopped(Exception):
    """The run cannot go on; the words say what to do."""


def say(words: str) -> None:
    """Tell the person at the console, in any encoding the console has."""
    print(f"== {words}", flush=True)


def call(*command: str | Path, tied: bool = False, **environment: str) -> bool:
    """Run a program in the checkout, with UTF-8 on Windows too, and say whether it succeeded.

    It keeps what it compiles: else each process of an office, of a command, of a test compiles everything anew.
    Whatever ends us ends the program first, in its own time. `tied`: it ends by itself where we cannot end it (killed,
    the console closed): it reads from us, and what it reads ends with us.
    """
    environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "", **environment}
    if tied:
        environment["CE_TIED"] = "1"
    held = subprocess.PIPE if tied else None
    with subprocess.Popen([str(part) for part in command], cwd=ROOT, env=environment, stdin=held) as program:
        try:
            return program.wait() == 0
        except KeyboardInterrupt:  # the console has sent Ctrl+C to the program too
            program.wait()
            raise
        except SystemExit:  # SIGTERM reached only us
            program.terminate()
            raise


# --- set up -----------------------------------------------------------------------------------------------------------


def prepare(*wanted: str) -> None:
    """Make `.venv` hold the packages pinned in these files; instant and without a network where it already does.

    The stamp is taken away before anything is installed and written after everything is, so that an installation cut
    short is never trusted: the next start makes the environment anew.
    """
    installed = STAMP.read_text("ascii").split() if STAMP.exists() and PYTHON.exists() else []
    if all(_digest(name) in installed for name in wanted):
        return
    say("准备运行环境，首次约需几分钟 (setting up; the first time takes minutes)")
    if _digest("requirements.txt") not in installed:
        _make_venv()
    STAMP.unlink(missing_ok=True)
    for name in wanted:
        if not call(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *_pip_options(), "-r", name):
            if WHEELS.is_dir():
                raise Stopped(
                    "离线安装包里没有适合这台电脑的软件包：请安装与制作安装包时相同版本的 64 位 Python "
                    "(the bundle is for another Python: install a 64-bit one of the version it was made with)"
                )
            raise Stopped(
                "安装软件包失败：请检查网络后重新运行；单位内网请先按网管的说明设置 pip 镜像 "
                "(packages could not be installed: check the network or set pip's index, then run again)"
            )
    STAMP.write_text("\n".join(map(_digest, wanted)), "ascii")


def _pip_options() -> Sequence[str]:
    """Wheels only, each by its pinned hash; out of the bundle's folder where there is one."""
    here = ("--no-index", "--find-links", str(WHEELS)) if WHEELS.is_dir() else ()
    return ("--only-binary=:all:", "--require-hashes", *here)


def _digest(requirements: str) -> str:
    """What the stamp says of a requirements file once installed: it changes with the file and with the Python."""
    return hashlib.sha256(sys.version.encode() + (ROOT / requirements).read_bytes()).hexdigest()


def _make_venv() -> None:
    """A new, empty virtual environment, in place of whatever was there."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if importlib.util.find_spec("ensurepip") is None and not apt_install(package):
        command = f"sudo apt-get install {package}" if shutil.which("apt-get") else "install Python with pip and venv"
        raise Stopped(f"此 Python 缺少 venv，请先运行 (this Python lacks venv; first run): {command}")
    if not call(sys.executable, "-m", "venv", "--clear", VENV):
        raise Stopped(
            f"无法建立，请先关闭本系统并删除该文件夹 (close the system, delete this folder, try again): {VENV}"
        )


def apt_install(*packages: str) -> bool:
    """Install Debian packages when we are root on a Debian; False where that is not possible or fails."""
    if os.name == "nt" or not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    say(f"apt-get install {' '.join(packages)}")
    options = ("-q", "-y", "--no-install-recommends")
    call("apt-get", "update", "-q")
    return call("apt-get", "install", *options, *packages, DEBIAN_FRONTEND="noninteractive")


# --- serve ------------------------------------------------------------------------------------------------------------


def serve(
    *,
    port: int,
    browser: bool,
    demo: bool,
    hosts: Sequence[str] = (),
    given: tuple[str, str] | None = None,
    processes: int = 1,
) -> int:
    """Set up, bring the database up to date, and serve until Ctrl+C; the exit code.

    Without `hosts`, to this machine alone and unencrypted; with them, to all that reach it under these names, by HTTPS
    with the certificate and key `given`, or with one of the office's own. The port is held from the start, so that a
    second start meanwhile is refused at once. With several `processes` the clients are distributed among them by
    address (`web.processes`).
    """
    there = f"[{hosts[0]}]" if hosts and ":" in hosts[0] else (hosts or (HERE,))[0]
    address = f"{'https' if hosts else 'http'}://{there}:{port}"
    bound = ANYWHERE if hosts else HERE
    with _held(port, bound, address):
        prepare("requirements.txt")
        if not call(PYTHON, "-m", "core", "init", "--demo" if demo else "--schema"):
            raise Stopped("数据库未能就绪，原因见上 (the database could not be prepared, see above)")
    environment = {"CE_HOSTS": ",".join(hosts)} if hosts else {}
    certificate, key, *authority = _certificate(hosts, given) if hosts else ("", "")
    if hosts:
        environment["CE_AUTHORITY"] = "".join(authority)
    if processes > 1:
        command = ["web.processes", "--processes", str(processes), "--address", bound, "--port", str(port)]
        command += ["--cert", certificate, "--key", key] if hosts else []
    else:
        command = ["streamlit", "run", "app.py", "--server.address", bound, "--server.port", str(port)]
        command += ["--server.headless", "true"]
        command += ["--server.sslCertFile", certificate, "--server.sslKeyFile", key] if hosts else []
    threading.Thread(target=_announce, args=(port, bool(hosts), address, browser), daemon=True).start()
    try:
        return 0 if call(PYTHON, "-m", *command, tied=True, **environment) else 1
    except KeyboardInterrupt:
        say("已停止 (stopped)")
        return 0


def _processes(hosts: Sequence[str]) -> int:
    """How many processes serve where nobody says: one alone where only this machine connects, or on Windows.

    There the handing over of connections has been read, not tried. Each takes some 300 MB.
    """
    return min(os.cpu_count() or 1, 4) if hosts and os.name != "nt" else 1


def _certificate(hosts: Sequence[str], given: tuple[str, str] | None) -> list[str]:
    """Certificate and key for these names: those given, once they are found fit; else, with the authority behind them,
    of the office's own making, anew near their end."""
    own = ["--cert", given[0], "--key", given[1]] if given else []
    made = subprocess.run(
        [str(PYTHON), "-m", "core", "certificate", *own, "--", *hosts],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if made.returncode:
        raise Stopped("证书未能就绪，原因见上 (the certificate could not be prepared, see above)")
    return made.stdout.splitlines()


@contextlib.contextmanager
def _held(port: int, bound: str, address: str) -> Iterator[None]:
    """Hold the port, or say who should give way."""
    with socket.socket() as holder:
        if os.name != "nt":  # a server that has just ended must not keep us waiting; on Windows it does not
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((bound, port))
            holder.listen()
        except OSError as error:
            raise Stopped(
                f"端口 {port} 已被占用：系统可能已在运行，请打开 {address} ；"
                f"或换一个端口 (port {port} is taken; use another): python run.py --port {port + 1}"
            ) from error
        yield


def _announce(port: int, encrypted: bool, address: str, browser: bool) -> None:
    """Once the server answers, say so and open the browser."""
    while True:
        time.sleep(0.2)
        with contextlib.suppress(OSError, http.client.HTTPException):
            if encrypted:  # whether it runs is asked, not who it is
                ours = ssl._create_unverified_context()  # noqa: S323
                connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                    HERE, port, timeout=5, context=ours
                )
            else:
                connection = http.client.HTTPConnection(HERE, port, timeout=5)
            connection.request("GET", "/_stcore/health")
            if connection.getresponse().status == 200:
                break
    say(f"系统已启动 (serving): {address}    停止请按 (to stop) Ctrl+C")
    if encrypted:
        say(f"各电脑首次使用请打开 (each PC opens first): {address}/certificate")
    if browser:
        webbrowser.open(address)


# --- test -------------------------------------------------------------------------------------------------------------


def test(arguments: Sequence[str]) -> int:
    """Set up what the tests need and run them: 0 when all passed.

    Without arguments that is everything: lint, format, types, then pytest on all cores. With arguments it is pytest
    with these arguments. The tests' PostgreSQL comes with the packages; their browser's path is in TEST_BROWSER.
    """
    prepare("requirements.txt", "requirements-dev.txt")
    browser = _browser()
    if arguments:
        return 0 if call(PYTHON, "-m", "pytest", *arguments, TEST_BROWSER=browser) else 1
    workers = str((os.cpu_count() or 1) + 1)  # one more than cores: browser tests mostly wait
    call(PYTHON, "-m", "compileall", "-q", "-j", "0", "core", "web", "routes", "pages", "benchmarks")
    failed: list[str] = []

    def step(name: str, module: str, *options: str) -> None:
        started = time.monotonic()
        if not call(PYTHON, "-m", module, *options, TEST_BROWSER=browser):
            failed.append(name)
        say(f"{name}: {'FAILED' if name in failed else 'ok'}, {time.monotonic() - started:.0f} s")

    step("ruff check", "ruff", "check", ".")
    step("ruff format", "ruff", "format", "--check", ".")
    audited: list[str] = []

    def besides() -> None:
        step("mypy", "mypy")
        audited.append(_audited())

    beside = threading.Thread(target=besides)  # one core's work, while pytest waits at times; then it waits itself
    beside.start()
    step("pytest", "pytest", "-n", workers, "--dist", "worksteal", "--durations=10")
    beside.join()
    for words in audited:
        say(words)
    return 1 if failed else 0


def _audited() -> str:
    """Which pinned packages have known holes, where the service that knows them is reached; never a failure.

    What a package is found to have tomorrow is no fault of today's change.
    """
    command = [str(PYTHON), "-m", "pip_audit", "--requirement", "requirements.txt", "--require-hashes"]
    command += ["--disable-pip", "--timeout", "5", "--progress-spinner", "off"]
    words = {**os.environ, "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(command, cwd=ROOT, env=words, timeout=60, capture_output=True, encoding="utf-8")
    except subprocess.TimeoutExpired:
        return "pip-audit: 没有连上漏洞库，未核对 (its service was not reached)"
    if done.returncode and "Traceback" not in done.stderr and done.stdout.strip():
        return f"pip-audit: 以下软件包有已知漏洞，请更新 (known holes)\n{done.stdout}"
    if done.returncode:
        return "pip-audit: 没有连上漏洞库，未核对 (its service was not reached)"
    return "pip-audit: ok"


def _browser() -> str:
    """See that the tests have a browser, a Chinese font and what Playwright's driver lacks on a bare Debian.

    The answer is the path of a Chromium, Chrome or Edge, empty for the browser that Playwright keeps itself.
    """
    found = _installed_browser()
    if shutil.which("dpkg"):
        wanted = ["libatomic1", "fonts-noto-cjk", *([] if found else ["chromium"])]
        lacking = [
            name
            for name in wanted
            if subprocess.call(["dpkg", "-s", name], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        ]
        if lacking and not apt_install(*lacking):
            say(f"测试还需要 (the tests also need): sudo apt-get install {' '.join(lacking)}")
        found = found or _installed_browser()
    if not found and not call(PYTHON, "-m", "playwright", "install", "chromium"):
        raise Stopped("请先安装 Chrome、Chromium 或 Edge (install one of them first)")
    say(f"测试用浏览器 (browser for the tests): {found or 'Playwright'}")
    return found


def _installed_browser() -> str:
    return next(filter(None, map(shutil.which, (*CHROME_NAMES, *CHROME_PLACES))), "")


# --- hand out --------------------------------------------------------------------------------------------------------


def bundle(arguments: Sequence[str]) -> int:
    """Make the folder that installs on another machine without a network; the exit code."""
    prepare("requirements.txt")
    return 0 if call(PYTHON, "-m", "deploy.bundle", *arguments) else 1


# --- the door ---------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str]) -> int:
    """Read the command line, do what it says, and turn every expected trouble into words and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if sys.version_info < (3, 11):
        say(f"需要 Python 3.11 或更高版本，当前是 (Python 3.11 or later is needed, this is) {sys.version.split()[0]}")
        return 1
    parser = argparse.ArgumentParser(
        prog="python run.py",
        description="继续教育管理系统：安装并启动 (set up and serve)",
        epilog="python run.py test [pytest arguments]: 安装测试所需并运行全部检查 (set up and run every check); "
        "python run.py bundle [FOLDER]: 制作离线安装包 (a folder that installs without a network)",
    )
    parser.add_argument("--port", type=int, default=8501, metavar="N", help="端口，默认 8501 (default 8501)")
    parser.add_argument("--no-browser", action="store_true", help="不打开浏览器 (do not open a browser)")
    parser.add_argument("--demo", action="store_true", help="载入演示数据 (with the demonstration office)")
    parser.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="他人打开本系统用的地址或名称，可写多个；改用HTTPS (others connect under this name or address, by HTTPS)",
    )
    parser.add_argument("--cert", metavar="FILE", help="已有的证书，PEM (a certificate of your own; with --key)")
    parser.add_argument("--key", metavar="FILE", help="证书的私钥，PEM (its key)")
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="几个进程同时服务；不写的，写了 --host 时按处理器核数，最多 4 个，其他为 1 个 "
        "(so many processes serve at the same time; with --host as many as cores, up to 4)",
    )
    try:
        if arguments[:1] == ["test"] and arguments[1:2] not in (["-h"], ["--help"]):
            return test(arguments[1:])
        if arguments[:1] == ["bundle"]:
            return bundle(arguments[1:])
        options = parser.parse_args(arguments)
        if not 0 < options.port < 65536:
            parser.error("--port: 1 ... 65535")
        if options.processes is not None and not 1 <= options.processes <= MOST_PROCESSES:
            parser.error(f"--processes: 1 ... {MOST_PROCESSES}")
        if bool(options.cert) != bool(options.key) or (options.cert and not options.host):
            parser.error("--cert --key --host: 三项要一起写 (all three together)")
        given = (str(Path(options.cert).resolve()), str(Path(options.key).resolve())) if options.cert else None
        return serve(
            port=options.port,
            browser=not options.no_browser,
            demo=options.demo,
            hosts=options.host,
            given=given,
            processes=options.processes or _processes(options.host),
        )
    except Stopped as stopped:
        say(str(stopped))
        return 1
    except KeyboardInterrupt:
        say("已中断，再次运行即可继续 (interrupted; run again to go on)")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
