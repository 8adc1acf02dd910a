#!/usr/bin/env bash
# Builds @tensorflow/tfjs-node from its sources, for machines that cannot reach the server of its ready-made binaries.
#
#     scripts/build-tfjs-node.sh FOLDER
#
# Afterwards require("@tensorflow/tfjs-node") works in FOLDER. To use it in another project without installing it there:
# NODE_PATH=FOLDER/node_modules (absolute).
#
# The package's own installation downloads two things: TensorFlow's C library, and the binding that connects it with
# Node. The library is also part of the Python wheel tensorflow-cpu (PyPI), and the sources of the binding are part of
# the npm package, so that both registries suffice. For x86-64 Linux with g++, npm, unzip, and Python with pip; about
# 210 MB are downloaded, and 900 MB stay in FOLDER.
set -euo pipefail

# The last release of tfjs-node, whose sources these steps fit.
binding_version=4.22.0
# The binding was made for TensorFlow 2.9.1; this is a later release with the same C interface, and the last that has
# wheels for Python 3.9 to 3.11. (The wheel's Python version does not matter: nothing in it is run by Python.)
tensorflow_version=2.15.1
wheel_python=3.11
# What Node offers to bindings since version 12.22; folder and macro carry this number.
napi_version=8

if [ $# -ne 1 ] || [ "${1#-}" != "$1" ]; then
  echo "Usage: $0 FOLDER" >&2
  exit 2
fi
for program in g++ npm python3 unzip; do
  command -v "$program" > /dev/null || { echo "$0: $program is needed" >&2; exit 1; }
done
mkdir -p "$1"
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Without install scripts, which would download. The second package has the C headers of Node's interface for bindings.
[ -e package.json ] || echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --ignore-scripts "@tensorflow/tfjs-node@$binding_version"
npm install --no-audit --no-fund --ignore-scripts --no-save --prefix "$work/headers" node-api-headers@1
binding=$PWD/node_modules/@tensorflow/tfjs-node

python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --python-version "$wheel_python" --implementation cp --platform manylinux2014_x86_64 \
  --dest "$work" "tensorflow-cpu==$tensorflow_version"
unzip -q "$work"/tensorflow_cpu-*.whl 'tensorflow/include/*' 'tensorflow/libtensorflow*.so.2' -d "$work"
tensorflow=$work/tensorflow

# As the package's binding.gyp does; there the C library is libtensorflow, here it is inside of the C++ library.
libraries=$binding/deps/lib
addon=$binding/lib/napi-v$napi_version
mkdir -p "$libraries" "$addon"
mv "$tensorflow"/libtensorflow{_cc,_framework}.so.2 "$libraries"
# shellcheck disable=SC2016 # $ORIGIN is the loader's.
g++ -std=c++17 -O2 -fPIC -shared \
  -DNAPI_VERSION="$napi_version" -DBUILDING_NODE_EXTENSION \
  -I"$work/headers/node_modules/node-api-headers/include" -I"$tensorflow/include" \
  "$binding"/binding/tfjs_{backend,binding}.cc -o "$addon/tfjs_binding.node" \
  -L"$libraries" -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 -Wl,-rpath,'$ORIGIN/../../deps/lib'

node -e '
  const tf = require("@tensorflow/tfjs-node");
  if (tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0] !== 11) throw new Error("wrong product");
  console.log(`tfjs-node ${tf.version["tfjs-node"]} with TensorFlow ${tf.backend().binding.TF_Version}`);
'
