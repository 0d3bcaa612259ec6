#!/usr/bin/env bash
# Takes pictures of the panel in its states, themes and widths: gallery.sh FOLDER. Needs Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:?gallery.sh FOLDER}
mkdir -p "$out"
npx esbuild test/gallery.ts --bundle --outfile="$out/gallery.js" --log-level=warning
npx esbuild src/panel/panel.css --outfile="$out/gallery.css" --log-level=warning
echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>SpeQL</title><link rel="stylesheet" href="gallery.css"><body><script src="gallery.js"></script></body></html>' > "$out/gallery.html"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
# shot NAME WIDTH HEIGHT HASH
shot() {
  chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update \
    --disable-sync --hide-scrollbars --force-device-scale-factor=1 --user-data-dir="$profile" --virtual-time-budget=400 \
    --window-size="$(($2 < 500 ? 500 : $2)),$3" --screenshot="$out/$1.png" "file://$(realpath "$out")/gallery.html#width=$2&$4" 2> "$out/$1.log"
}
for theme in dark light; do
  for width in 900 420; do
    for scene in ${SCENES:-rows:exact diff:repaired jobs:exact rows:failed rows:stale rows:few rows:empty}; do
      shot "${scene#*:}-${scene%:*}-$theme-$width" "$width" 620 "theme=$theme&scene=${scene#*:}&tab=${scene%:*}"
    done
  done
done
