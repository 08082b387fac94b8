#!/bin/sh
# Installs what the outer tests use from Debian, where that is possible; tests that miss it say so and skip.
set -u
missing=""
[ -x /usr/bin/chromium ] || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -x /usr/bin/storescu ] || missing="$missing dcmtk"
[ -x /usr/sbin/Orthanc ] || missing="$missing orthanc"
[ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ] || missing="$missing orthanc-dicomweb"
[ -x /usr/bin/dciodvfy ] || missing="$missing dicom3tools"
[ -x /usr/bin/DicomSRValidator ] || missing="$missing pixelmed-apps openjdk-17-jre-headless"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed (needs root and apt-get):$missing. The tests that use them will be skipped." >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    echo "Could not install:$missing. The tests that use them will be skipped." >&2
