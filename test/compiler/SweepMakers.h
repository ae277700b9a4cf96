// Makers of cases, one per family.
#pragma once
#include "Sweep.h"

namespace tessera::sweep {

/// NumPy's rule; the shapes must broadcast.
Dims broadcast(const Dims &a, const Dims &b);

Case unary(const std::string &op, const Dims &dims, const std::string &element = "f32",
           Fill fill = Fill::normal, const std::string &attributes = "");
Case binary(const std::string &op, const Dims &a, const Dims &b, const std::string &element = "f32",
            Fill fill = Fill::normal, const std::string &attributes = "");
Case compare(const std::string &predicate, const Dims &a, const Dims &b,
             const std::string &element = "f32");
Case select(const Dims &c, const Dims &a, const Dims &b, const std::string &element = "f32");
Case cast(const Dims &dims, const std::string &from, const std::string &to);
Case reduce(const std::string &kind, const Dims &dims, const Dims &axes, bool keep,
            const std::string &element = "f32");
/// softmax or log_softmax.
Case alongAxis(const std::string &op, const Dims &dims, int64_t axis);
Case norm(const std::string &op, const Dims &dims, int64_t axis, bool scale, bool bias);
/// Result [batch of both.., m, n]; batches come before the matrix dims.
Case matmul(const Dims &batchA, const Dims &batchB, int64_t m, int64_t n, int64_t k,
            bool turnA = false, bool turnB = false, const std::string &element = "f32");

struct Window {
  int64_t batch = 1, height = 5, width = 5, channels = 3;
  Dims kernel{3, 3}, strides{1, 1}, dilations{1, 1}, pads{0, 0, 0, 0};
};
Case conv(const Window &window, int64_t features, int64_t groups = 1,
          const std::string &element = "f32");
/// A case of bytes with its sums brought to floats, or to bytes again: times a scale and plus a
/// bias of each of `columns`.
Case scaled(Case bytes, int64_t columns, bool narrow);
Case depthwise(const Window &window);
Case pool(const std::string &op, const Window &window, bool countPads = false);

Case transpose(const Dims &dims, const Dims &perm, const std::string &element = "f32");
Case concat(const std::vector<Dims> &parts, int64_t axis, const std::string &element = "f32");
Case slice(const Dims &dims, const Dims &offsets, const Dims &sizes, const Dims &strides);
Case pad(const Dims &dims, const Dims &low, const Dims &high, double value);
Case expand(const Dims &from, const Dims &to);
Case gather(const Dims &data, const Dims &indices, int64_t axis, const std::string &element = "f32",
            const std::string &indexType = "i64");

/// A random operator on reals whose first input has these dims. It keeps reals of moderate size so.
Case randomOn(std::mt19937_64 &random, const Dims &first);

} // namespace tessera::sweep
