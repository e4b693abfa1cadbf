@echo off
rem 双击启动；停止请在此窗口按 Ctrl+C
chcp 65001 >nul
cd /d "%~dp0"
where py >nul 2>nul
if errorlevel 1 (python run.py %*) else (py -3 run.py %*)
if errorlevel 1 pause
