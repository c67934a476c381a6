#!/bin/sh
# Make a site of the last run's results, with those of the runs before as its history. Needs Node, and once its registry.
set -eu
cd "$(dirname "$0")/.."
reports=${FOCUS__REPORTS__DIRECTORY:-reports}
allure=report/node_modules/.bin/allure

if [ ! -d "$reports/allure-results" ]; then
  echo "There are no results in $reports/allure-results yet: make acceptance" >&2
  exit 1
fi
rm -rf "$reports/allure-report"

major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p')
if [ "${major:-0}" -lt 20 ] || ! command -v npm >/dev/null; then
  echo "No site was made of the results: that needs Node.js 20 or later with npm. Then: make report" >&2
  exit 1
fi
if ! [ report/node_modules/.package-lock.json -nt report/package-lock.json ]; then
  echo "Installing Allure …"
  if ! npm ci --prefix report --loglevel=error; then
    echo "No site was made of the results: Allure could not be installed from the registry of npm. Then: make report" >&2
    exit 1
  fi
fi
# Results that are in the history already are not another run.
[ "$reports/allure-history.jsonl" -nt "$reports/allure-results" ] && export FOCUS_SAME_RUN=yes
"$allure" generate --config report/allurerc.mjs "$reports/allure-results" >"$reports/allure.log" 2>&1 &&
  node report/keep_local.mjs "$reports/allure-report" || { cat "$reports/allure.log" >&2; exit 1; }
echo "Site: $reports/allure-report/index.html"
FOCUS_SAME_RUN=yes "$allure" quality-gate --config report/allurerc.mjs "$reports/allure-results" && echo "Quality gate: passed"
