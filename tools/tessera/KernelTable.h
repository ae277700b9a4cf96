// Where the time of a run goes, kernel by kernel.
#pragma once
#include "tessera/runtime/Session.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::tool {

/// Prints the slowest kernels of a profiled session, at most `rows` of them, per run.
void printKernelTable(llvm::raw_ostream &out, const runtime::Session &session, int64_t runs,
                      size_t rows);

/// The same as an array attribute "kernels" of the JSON object being written; all kernels.
void writeKernelTable(llvm::json::OStream &json, const runtime::Session &session, int64_t runs);

} // namespace tessera::tool
