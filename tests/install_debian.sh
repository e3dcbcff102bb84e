#!/bin/sh
# Makes sure that a Debian package is there; elsewhere says which one is missing and how to get it.
set -eu
package=$1
case $package in
    chromium)
        for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
            [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && exit 0
        done ;;
esac
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
    exit 0
fi
echo "make needs the package '$package', which only an administrator of a Debian system gets by itself:" \
     "install it (Debian: sudo apt-get install $package; else name a Chromium in CHROMIUM=/path) and run make again." >&2
exit 1
