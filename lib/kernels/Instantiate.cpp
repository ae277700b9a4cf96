// The rows of the registry for one ISA; compiled once per ISA with its flags, for its tag alone.
// Everything here is evaluated by the compiler: code emitted for an inline function of the
// standard library could replace that of objects built for lesser machines.
#include "Instantiate.h"

#include "tessera/kernels/AllKernels.inc"

#define TESSERA_JOIN_(a, b) a##b
#define TESSERA_JOIN(a, b) TESSERA_JOIN_(a, b)
#define TESSERA_TEXT_(a) #a
#define TESSERA_TEXT(a) TESSERA_TEXT_(a)

// Only the tiles of this ISA become rows.
#define TESSERA_TILE_scalar(...)
#define TESSERA_TILE_neon(...)
#define TESSERA_TILE_sse2(...)
#define TESSERA_TILE_avx2(...)
#define TESSERA_TILE_avx512(...)
#if defined(TESSERA_ISA_IS_scalar)
#undef TESSERA_TILE_scalar
#define TESSERA_TILE_scalar(...) __VA_ARGS__
#elif defined(TESSERA_ISA_IS_neon)
#undef TESSERA_TILE_neon
#define TESSERA_TILE_neon(...) __VA_ARGS__
#elif defined(TESSERA_ISA_IS_sse2)
#undef TESSERA_TILE_sse2
#define TESSERA_TILE_sse2(...) __VA_ARGS__
#elif defined(TESSERA_ISA_IS_avx2)
#undef TESSERA_TILE_avx2
#define TESSERA_TILE_avx2(...) __VA_ARGS__
#elif defined(TESSERA_ISA_IS_avx512)
#undef TESSERA_TILE_avx512
#define TESSERA_TILE_avx512(...) __VA_ARGS__
#endif

namespace tessera::kernels {
namespace {

template <class Kernel>
constexpr KernelRow row(std::string_view name, std::string_view op, std::string_view dtype,
                        std::string_view tile) {
  int params = 0;
  if constexpr (requires { Kernel::kParams; })
    params = Kernel::kParams;
  return {name, op, dtype, tile, Isa::TESSERA_ISA, Kernel::kFamily, params, &Kernel::run};
}

[[maybe_unused]] constexpr int kLanes = static_cast<int>(Simd<TESSERA_ARCH>::kLanes);

constexpr KernelRow kRows[] = {
#define TESSERA_ROW(op, dtype, Kernel)                                                             \
  row<Kernel<TESSERA_ARCH>>(#op "_" #dtype "_" TESSERA_TEXT(TESSERA_ISA), #op, #dtype, ""),
#if defined(TESSERA_ISA_IS_avx512vnni)
#define TESSERA_KERNEL(op, dtype, Kernel)
#define TESSERA_INT8(op, dtype, Kernel) TESSERA_ROW(op, dtype, Kernel)
#else
#define TESSERA_KERNEL(op, dtype, Kernel) TESSERA_ROW(op, dtype, Kernel)
#endif
#define TESSERA_KERNEL_TILE(op, dtype, Kernel, isa, rows, columns)                                 \
  TESSERA_TILE_##isa(                                                                              \
      row<Kernel<TESSERA_ARCH, rows, columns / kLanes>>(                                           \
          #op "_" #dtype "_" #isa "_" #rows "x" #columns, #op, #dtype, #rows "x" #columns), )
#include "tessera/kernels/kernels.def"
};

} // namespace

constinit const KernelTable TESSERA_JOIN(kKernelTable_,
                                         TESSERA_ISA) = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace tessera::kernels
