// What the files that run oneDNN share.
#pragma once

#include <unordered_map>

#include <dnnl.hpp>

#include "Bench.h"

namespace tessera::bench {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;

/// The processor.
const dnnl::engine &oneDnn();

/// A tensor of floats.
inline dnnl::memory::desc plain(Dims dims, Tag tag) {
  return {std::move(dims), dnnl::memory::data_type::f32, tag};
}

/// `data` as oneDNN's memory; the caller keeps it alive.
template <class T>
dnnl::memory wrap(const dnnl::memory::desc &desc, const std::shared_ptr<T[]> &data) {
  return {desc, oneDnn(), data.get()};
}

/// `given` in the layout that `wanted` describes, as done once before a model runs.
dnnl::memory reordered(dnnl::memory given, const dnnl::memory::desc &wanted);

/// Executes `primitive` again and again; `buffers` live as long.
Repeated executing(dnnl::primitive primitive, std::unordered_map<int, dnnl::memory> args,
                   std::vector<std::shared_ptr<void>> buffers);

} // namespace tessera::bench
