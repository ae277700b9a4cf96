// The registry: names, lookups, and the machine code behind the device library's names.
#include <set>

#include <catch2/catch.hpp>

#include "Harness.h"

using namespace tessera;

TEST_CASE("rows are named op_dtype_isa with the tile last, and found by that name", "[registry]") {
  std::set<std::string_view> names;
  for (Isa isa : kAllIsas)
    for (const kernels::KernelRow &row : kernels::kernelRows(isa)) {
      std::string name(row.op);
      name.append("_").append(row.dtype).append("_").append(isaName(isa));
      if (!row.tile.empty())
        name.append("_").append(row.tile);
      CHECK(row.name == name);
      CHECK(row.isa == isa);
      CHECK(names.insert(row.name).second);
      CHECK(kernels::findKernel(row.name) == &row);
    }
#if defined(__x86_64__) && !defined(TESSERA_SCALAR)
  CHECK(names.count("matmul_f32_avx512_6x64") == 1);
#endif
  CHECK(names.count(kernels::findKernel("gelu", "f32", kAllIsas.front())->name) == 1);
}

#if defined(__x86_64__) && !defined(TESSERA_SCALAR)
TEST_CASE("avx512vnni and amx have rows of their own for 8-bit products only", "[registry]") {
  for (const Isa isa : {Isa::avx512vnni, Isa::amx}) {
    const kernels::KernelRow *product = kernels::findKernel("matmul_int8", "u8s8", isa);
    REQUIRE(product);
    CHECK(product->isa == isa);
    CHECK(kernels::findKernel("gelu", "f32", isa) ==
          kernels::findKernel("gelu", "f32", Isa::avx512));
  }
  CHECK(kernels::findKernel("pack_rhs_int8", "s8", Isa::amx) ==
        kernels::findKernel("pack_rhs_int8", "s8", Isa::avx512vnni));
}
#endif

TEST_CASE("a lookup of what does not exist gives null", "[registry]") {
  CHECK(kernels::findKernel("gelu", "f64", kAllIsas.front()) == nullptr);
  CHECK(kernels::findKernel("gelu_f32_avx3") == nullptr);
  CHECK(kernels::deviceSymbol(kAllIsas.front(), "tessera_gelu_f32") == nullptr);
  CHECK(kernels::deviceSymbol(kAllIsas.front(), "memcpy") == nullptr);
}

TEST_CASE("memory functions of the device library have machine code", "[registry]") {
  for (Isa isa : kAllIsas)
    for (const char *name :
         {"tessera_mma_f32", "tessera_pack_rhs_f32", "tessera_matmul_f32", "tessera_im2col_f32",
          "tessera_window_fma_f32", "tessera_row_reduce_sum_f32", "tessera_transpose2d_32",
          "tessera_gather_rows", "tessera_attention_f32", "tessera_gemm_f32",
          "tessera_mma_fractal_f16", "tessera_mma_fractal_s8", "tessera_mma_int8_s8",
          "tessera_mma_int8_pack_s8", "tessera_im2col_s8", "tessera_copy_nz2nd_8"})
      CHECK(kernels::deviceSymbol(isa, name) != nullptr);
}
