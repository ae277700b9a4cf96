# What tools/demo and tools/test share: installing what is missing, configuring, building.
# To be sourced; expects `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What building takes, as Debian 12 names it.
build_packages=(cmake ninja-build g++ clang-22 llvm-22-dev libmlir-22-dev mlir-22-tools
  libxsimd-dev libonnx-dev libprotobuf-dev protobuf-compiler python3)
# What the tests and benchmarks take beyond that.
test_packages=(llvm-22-tools catch2 libbenchmark-dev libeigen3-dev libopenblas-dev libdnnl-dev libxsmm-dev
  binutils git python3-onnx python3-torch python3-torchvision)
# What only tools/test --long takes.
long_packages=(libclang-rt-22-dev qemu-user g++-aarch64-linux-gnu libc6-dev-arm64-cross)

say() { printf '\n== %s\n' "$*"; }

# missing_packages PACKAGE...: those of the packages that are not installed, one a line.
missing_packages() {
  local package
  for package in "$@"; do
    if [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
      echo "$package"
    fi
  done
}

# install_packages PACKAGE...: installs what is missing and says so.
install_packages() {
  local as_root=() missing
  if ! command -v apt-get >/dev/null; then
    echo "apt-get is not here, so nothing is installed; on Debian 12 this would take: $*"
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    echo "everything needed is installed"
    return
  fi
  echo "installing ${missing[*]}"
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "error: installing packages takes root, and sudo is not here; as root, run:" >&2
      echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y \
      --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "error: apt-get failed; the whole log is $log" >&2
    exit 1
  fi
  rm -f "$log"
}

# configure_and_build CMAKE_OPTION... -- TARGET...
configure_and_build() {
  local options=() quiet=(--quiet)
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  if [[ -t 1 ]]; then quiet=(); fi
  if command -v ccache >/dev/null; then
    # A precompiled header hits the cache only without time stamps in it.
    export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
      "-DCMAKE_CXX_FLAGS=-Xclang -fno-pch-timestamp")
  fi
  if ! cmake -S "$root" -B "$root/build" -G Ninja -DCMAKE_C_COMPILER=clang-22 \
    -DCMAKE_CXX_COMPILER=clang++-22 "${options[@]}" >"$root/build.log" 2>&1; then
    cat "$root/build.log" >&2
    rm -f "$root/build.log"
    exit 1
  fi
  mkdir -p "$root/build"
  mv "$root/build.log" "$root/build/configure.log"
  ninja -C "$root/build" "${quiet[@]}" "$@"
}
