#!/usr/bin/env bash
# Submits the jobs of experiments that are still to do to Slurm, and behind them what writes results and figures:
#
#     examples/cluster/slurm.sh --gpus-per-task=1 --time=24:00:00 -- --preset paper --backend tfjs-node-gpu --out /shared/out
#
# What stands before -- is for sbatch, the rest for `npm run reproduce`; paths count from the checkout, which all nodes
# see. The jobs of each wave of --list are an array, which begins when the wave before it has ended, well or not: what
# was not finished goes on in a task that needs it, or when this script is called again.
set -euo pipefail
cd "$(dirname "$0")/../.."

options=()
while (($#)) && [ "$1" != -- ]; do
  options+=("$1")
  shift
done
shift $(($# > 0))

after=()
all=
submit() { sbatch --parsable "${options[@]}" "$@" | cut -d ';' -f 1; }

# A wave a line: the keys that are to do in a paragraph of the list.
waves=$(node --import tsx examples/reproduce.ts "$@" --list |
  awk -v RS= -F '\n' '{ keys = ""; for (i = 1; i <= NF; i++) if (sub(/^to do */, "", $i)) keys = keys " " $i; if (keys) print keys }')
while read -r -a keys; do
  ((${#keys[@]})) || continue
  id=$(submit "${after[@]}" --array="1-${#keys[@]}" examples/cluster/slurm.sbatch "${keys[@]}" -- "$@")
  echo "array $id: ${#keys[@]} jobs"
  after=(--dependency="afterany:$id")
  all+=:$id
done <<<"$waves"

# Only if every task of every array has succeeded.
id=$(submit ${all:+"--dependency=afterok$all" --kill-on-invalid-dep=yes} examples/cluster/slurm.sbatch -- "$@")
echo "job $id: results and figures"
