#!/bin/bash
# Prints the folder of a Node of the given major version, which it installs through npm into .node/ if it is not there.
set -euo pipefail
cd "$(dirname "$0")/.."
major=$1
case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) echo "no Node for $(uname -m) comes through npm" >&2; exit 1 ;; esac
home=.node/$major
bin=$home/node_modules/node-linux-$arch/bin
if [ ! -x "$bin/node" ]; then
  mkdir -p "$home"
  npm install --prefix "$home" --no-audit --no-fund --loglevel=error --no-save "node-linux-$arch@$major" > /dev/null
fi
echo "$PWD/$bin"
