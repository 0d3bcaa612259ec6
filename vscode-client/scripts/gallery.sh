#!/usr/bin/env bash
# Takes pictures of the panel in its states, themes and widths: gallery.sh FOLDER. Needs Chromium.
# THEMES, WIDTHS and SCENES (names in scripts/gallery.mjs) choose some of them.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:?gallery.sh FOLDER}")
mkdir -p "$out"
npx esbuild test/gallery.ts --bundle --outfile="$out/gallery.js" --log-level=warning
npx esbuild src/panel/panel.css --bundle --outfile="$out/gallery.css" --log-level=warning
echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>SpeQL</title><link rel="stylesheet" href="gallery.css"><body><script src="gallery.js"></script></body></html>' > "$out/gallery.html"
node scripts/gallery.mjs "$out"
