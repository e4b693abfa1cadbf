#!/bin/sh
# Starts the system; Ctrl+C ends it.
cd "$(dirname "$0")" || exit 1
exec python3 run.py "$@"
