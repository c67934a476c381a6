#!/bin/sh
# site.sh FOLDER: make a site of the results of the run with this folder, reports/runs/NAME, with those of the runs
# before as its history. Needs Node, and once its registry.
set -eu
run=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
allure=report/node_modules/.bin/allure
FOCUS_RUN_FOLDER=$run
FOCUS_HISTORY=$(dirname "$(dirname "$run")")/allure-history.jsonl  # beside the folder of all runs
export FOCUS_RUN_FOLDER FOCUS_HISTORY

if [ ! -d "$run/allure-results" ]; then
  echo "There are no results in $run/allure-results" >&2
  exit 1
fi
rm -rf "$run/allure-report"

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
[ -e "$run/in-history" ] && export FOCUS_SAME_RUN=yes
"$allure" generate --config report/allurerc.mjs "$run/allure-results" >"$run/allure.log" 2>&1 &&
  node report/keep_local.mjs "$run/allure-report" || { cat "$run/allure.log" >&2; exit 1; }
: >"$run/in-history"
echo "Site: $run/allure-report/index.html"
FOCUS_SAME_RUN=yes "$allure" quality-gate --config report/allurerc.mjs "$run/allure-results" && echo "Quality gate: passed"
