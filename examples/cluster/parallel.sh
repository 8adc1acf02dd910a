#!/usr/bin/env bash
# Computes the jobs of experiments with GNU parallel, then writes results and figures:
#
#     examples/cluster/parallel.sh --jobs 4 -- x09 x10 --threads 1
#     examples/cluster/parallel.sh --sshlogin node1,node2 --jobs 1 -- --preset cpu --out /shared/out
#
# What stands before -- is for parallel, the rest for `npm run reproduce`; paths count from the checkout, which all
# machines see at the same place. The exit code is parallel's, the number of jobs that failed, or that of reproduce.
set -euo pipefail
cd "$(dirname "$0")/../.."

options=()
while (($#)) && [ "$1" != -- ]; do
  options+=("$1")
  shift
done
shift $(($# > 0))
reproduce=(node --import tsx examples/reproduce.ts "$@")

"${reproduce[@]}" --list | sed -n 's/^to do *//p' |
  parallel --will-cite --no-run-if-empty --quote --workdir "$PWD" --line-buffer --tag \
    "${options[@]}" "${reproduce[@]}" --only {}
"${reproduce[@]}"
