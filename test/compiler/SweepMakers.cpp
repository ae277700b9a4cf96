// The makers: MLIR text for one operator of given shapes.
#include "SweepMakers.h"
#include <algorithm>

namespace tessera::sweep {

namespace {

std::string list(const Dims &values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i ? ", " : "") + std::to_string(values[i]);
  return text + "]";
}

std::string shape(const Dims &dims) {
  std::string text;
  for (int64_t dim : dims)
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text.empty() ? "scalar" : text;
}

std::string real(double value) {
  std::string text = std::to_string(value);
  return text;
}

} // namespace

std::string inputName(size_t index) {
  const std::string letter(1, char('a' + index % 26));
  return index < 26 ? letter : letter + std::to_string(index / 26);
}

std::string type(const Dims &dims, const std::string &element) {
  std::string text = "tensor<";
  for (int64_t dim : dims)
    text += std::to_string(dim) + "x";
  return text + element + ">";
}

Dims broadcast(const Dims &a, const Dims &b) {
  Dims out(std::max(a.size(), b.size()), 1);
  for (const Dims *dims : {&a, &b})
    for (size_t i = 0; i < dims->size(); ++i)
      if (int64_t dim = (*dims)[dims->size() - 1 - i]; dim != 1)
        out[out.size() - 1 - i] = dim;
  return out;
}

Case unary(const std::string &op, const Dims &dims, const std::string &element, Fill fill,
           const std::string &attributes) {
  const std::string t = type(dims, element);
  return {op + "/" + element + "/" + shape(dims),
          {{dims, element, fill}},
          "%r = npu." + op + " %a " + attributes + " : " + t,
          {{"r", t}}};
}

Case binary(const std::string &op, const Dims &a, const Dims &b, const std::string &element,
            Fill fill, const std::string &attributes) {
  const std::string t = type(broadcast(a, b), element);
  return {op + "/" + element + "/" + shape(a) + "," + shape(b),
          {{a, element, fill}, {b, element, fill}},
          "%r = npu." + op + " %a, %b " + attributes + " : " + type(a, element) + ", " +
              type(b, element) + " -> " + t,
          {{"r", t}}};
}

Case compare(const std::string &predicate, const Dims &a, const Dims &b,
             const std::string &element) {
  Case made = binary("compare", a, b, element, Fill::small);
  made.name = "compare/" + predicate + made.name.substr(7);
  const std::string t = type(broadcast(a, b), "i1");
  made.body = "%r = npu.compare " + predicate + ", %a, %b : " + type(a, element) + ", " +
              type(b, element) + " -> " + t;
  made.results = {{"r", t}};
  return made;
}

Case select(const Dims &c, const Dims &a, const Dims &b, const std::string &element) {
  const std::string t = type(broadcast(broadcast(a, b), c), element);
  return {"select/" + element + "/" + shape(c) + "," + shape(a) + "," + shape(b),
          {{c, "i1", Fill::small}, {a, element, Fill::small}, {b, element, Fill::small}},
          "%r = npu.select %a, %b, %c : " + type(c, "i1") + ", " + type(a, element) + ", " +
              type(b, element) + " -> " + t,
          {{"r", t}}};
}

Case cast(const Dims &dims, const std::string &from, const std::string &to) {
  return {"cast/" + from + "-" + to + "/" + shape(dims),
          {{dims, from, Fill::small}},
          "%r = npu.cast %a : " + type(dims, from) + " to " + type(dims, to),
          {{"r", type(dims, to)}}};
}

Case reduce(const std::string &kind, const Dims &dims, const Dims &axes, bool keep,
            const std::string &element) {
  Dims out;
  for (size_t d = 0; d < dims.size(); ++d)
    if (std::find(axes.begin(), axes.end(), int64_t(d)) == axes.end())
      out.push_back(dims[d]);
    else if (keep)
      out.push_back(1);
  const std::string t = type(out, element);
  const bool whole = element[0] == 'i';
  return {"reduce_" + kind + "/" + element + "/" + shape(dims) + "@" + shape(axes) +
              (keep ? "k" : ""),
          {{dims, element,
            whole            ? Fill::small
            : kind == "prod" ? Fill::unit
                             : Fill::normal}},
          "%r = npu.reduce_" + kind + " %a axes = " + list(axes) + (keep ? " keepdims" : "") +
              " : " + type(dims, element) + " -> " + t,
          {{"r", t}}};
}

Case alongAxis(const std::string &op, const Dims &dims, int64_t axis) {
  return {op + "/" + shape(dims) + "@" + std::to_string(axis),
          {{dims}},
          "%r = npu." + op + " %a axis = " + std::to_string(axis) + " : " + type(dims),
          {{"r", type(dims)}}};
}

Case norm(const std::string &op, const Dims &dims, int64_t axis, bool scale, bool bias) {
  const Dims rest(dims.begin() + axis, dims.end());
  Case made{op + "/" + shape(dims) + "@" + std::to_string(axis) + (scale ? "s" : "") +
                (bias ? "b" : ""),
            {{dims}},
            "%r = npu." + op + " %a",
            {{"r", type(dims)}}};
  if (scale) {
    made.inputs.push_back({rest});
    made.body += " scale(%b : " + type(rest) + ")";
  }
  if (bias) {
    made.inputs.push_back({rest});
    made.body += std::string(" bias(") + (scale ? "%c" : "%b") + " : " + type(rest) + ")";
  }
  made.body += " axis = " + std::to_string(axis) + " epsilon = 1.0e-5 : " + type(dims);
  return made;
}

Case matmul(const Dims &batchA, const Dims &batchB, int64_t m, int64_t n, int64_t k, bool turnA,
            bool turnB, const std::string &element) {
  Dims a = batchA, b = batchB, out = broadcast(batchA, batchB);
  a.insert(a.end(), {turnA ? k : m, turnA ? m : k});
  b.insert(b.end(), {turnB ? n : k, turnB ? k : n});
  out.insert(out.end(), {m, n});
  std::string attributes;
  if (turnA || turnB)
    attributes = std::string("{") + (turnA ? "transpose_lhs" : "") + (turnA && turnB ? ", " : "") +
                 (turnB ? "transpose_rhs" : "") + "}";
  Case made = binary("matmul", a, b, element, Fill::normal, attributes);
  made.name += std::string(turnA ? "/ta" : "") + (turnB ? "/tb" : "");
  const std::string t = type(out, element == "i8" ? "i32" : element);
  made.body = made.body.substr(0, made.body.find(" -> ")) + " -> " + t;
  made.results = {{"r", t}};
  if (element == "i8")
    for (Input &input : made.inputs)
      input.fill = Fill::byte;
  return made;
}

static int64_t outExtent(const Window &w, int d, int64_t extent) {
  const int64_t reach = (w.kernel[d] - 1) * w.dilations[d] + 1;
  return (extent + w.pads[d] + w.pads[d + 2] - reach) / w.strides[d] + 1;
}

static std::string geometry(const Window &w) {
  return "strides = " + list(w.strides) + " dilations = " + list(w.dilations) +
         " pads = " + list(w.pads);
}

static std::string windowName(const std::string &op, const Window &w) {
  return op + "/" + shape({w.batch, w.height, w.width, w.channels}) + "/k" + shape(w.kernel) + "s" +
         shape(w.strides) + "d" + shape(w.dilations) + "p" + shape(w.pads);
}

static Dims outDims(const Window &w, int64_t channels) {
  return {w.batch, outExtent(w, 0, w.height), outExtent(w, 1, w.width), channels};
}

Case conv(const Window &w, int64_t features, int64_t groups, const std::string &element) {
  const Dims x{w.batch, w.height, w.width, w.channels};
  const Dims f{w.kernel[0], w.kernel[1], w.channels / groups, features};
  const bool bytes = element == "i8";
  const Fill fill = bytes ? Fill::byte : Fill::normal;
  const std::string t = type(outDims(w, features), bytes ? "i32" : element);
  return {windowName("conv2d", w) + "/f" + std::to_string(features) + "g" + std::to_string(groups) +
              (bytes ? "/i8" : ""),
          {{x, element, fill}, {f, element, fill}},
          "%r = npu.conv2d %a, %b " + geometry(w) + " groups = " + std::to_string(groups) + " : " +
              type(x, element) + ", " + type(f, element) + " -> " + t,
          {{"r", t}}};
}

Case scaled(Case made, int64_t columns, bool narrow) {
  const std::string sums = made.results.front().second;
  const std::string shape = sums.substr(0, sums.size() - 4); // less "i32>"
  const std::string floats = shape + "f32>", bytes = shape + "i8>", row = type({columns});
  made.body.replace(0, 2, "%s");
  made.body += "\n  %f = npu.cast %s : " + sums + " to " + floats;
  made.body += "\n  %g = npu.mul %f, %c : " + floats + ", " + row + " -> " + floats;
  made.body += "\n  %h = npu.add %g, %d : " + floats + ", " + row + " -> " + floats;
  made.name += narrow ? "/narrow" : "/scaled";
  made.inputs.push_back(
      {{columns}, "f32", Fill::weight, 10'000'000}); // of bytes' sums, some hundreds
  made.inputs.push_back({{columns}, "f32", Fill::normal});
  made.results = {{narrow ? "r" : "h", narrow ? bytes : floats}};
  if (narrow) {
    made.body += "\n  %o = npu.round %h : " + floats;
    made.body += "\n  %p = npu.clip %o {min = -128.0 : f32, max = 127.0 : f32} : " + floats;
    made.body += "\n  %r = npu.cast %p : " + floats + " to " + bytes;
  }
  return made;
}

Case depthwise(const Window &w) {
  const Dims x{w.batch, w.height, w.width, w.channels};
  const Dims f{w.kernel[0], w.kernel[1], w.channels};
  const std::string t = type(outDims(w, w.channels));
  return {windowName("depthwise_conv2d", w),
          {{x}, {f}},
          "%r = npu.depthwise_conv2d %a, %b " + geometry(w) + " : " + type(x) + ", " + type(f) +
              " -> " + t,
          {{"r", t}}};
}

Case pool(const std::string &op, const Window &w, bool countPads) {
  const Dims x{w.batch, w.height, w.width, w.channels};
  const std::string t = type(outDims(w, w.channels));
  return {windowName(op, w) + (countPads ? "c" : ""),
          {{x}},
          "%r = npu." + op + " %a kernel = " + list(w.kernel) + " " + geometry(w) +
              (countPads ? " {count_include_pad}" : "") + " : " + type(x) + " -> " + t,
          {{"r", t}}};
}

Case transpose(const Dims &dims, const Dims &perm, const std::string &element) {
  Dims out;
  for (int64_t d : perm)
    out.push_back(dims[d]);
  return {"transpose/" + element + "/" + shape(dims) + "@" + shape(perm),
          {{dims, element, Fill::small}},
          "%r = npu.transpose %a perm = " + list(perm) + " : " + type(dims, element) + " -> " +
              type(out, element),
          {{"r", type(out, element)}}};
}

Case concat(const std::vector<Dims> &parts, int64_t axis, const std::string &element) {
  Case made{"concat/" + element, {}, "%r = npu.concat", {}};
  Dims out = parts.front();
  out[axis] = 0;
  std::string types;
  for (size_t i = 0; i < parts.size(); ++i) {
    made.name += "/" + shape(parts[i]);
    made.inputs.push_back({parts[i], element, Fill::small});
    made.body += (i ? ", %" : " %") + std::string(1, char('a' + i));
    types += (i ? ", " : "") + type(parts[i], element);
    out[axis] += parts[i][axis];
  }
  made.name += "@" + std::to_string(axis);
  made.body += " axis = " + std::to_string(axis) + " : " + types + " -> " + type(out, element);
  made.results = {{"r", type(out, element)}};
  return made;
}

Case slice(const Dims &dims, const Dims &offsets, const Dims &sizes, const Dims &strides) {
  return {"slice/" + shape(dims) + "@" + shape(offsets) + "+" + shape(sizes) + "*" + shape(strides),
          {{dims}},
          "%r = npu.slice %a offsets = " + list(offsets) + " sizes = " + list(sizes) +
              " strides = " + list(strides) + " : " + type(dims) + " -> " + type(sizes),
          {{"r", type(sizes)}}};
}

Case pad(const Dims &dims, const Dims &low, const Dims &high, double value) {
  Dims out = dims;
  for (size_t d = 0; d < dims.size(); ++d)
    out[d] += low[d] + high[d];
  return {"pad/" + shape(dims) + "@" + shape(low) + "," + shape(high),
          {{dims}},
          "%r = npu.pad %a low = " + list(low) + " high = " + list(high) +
              " value = " + real(value) + " : " + type(dims) + " -> " + type(out),
          {{"r", type(out)}}};
}

Case expand(const Dims &from, const Dims &to) {
  return {"expand/" + shape(from) + "," + shape(to),
          {{from}},
          "%r = npu.expand %a : " + type(from) + " to " + type(to),
          {{"r", type(to)}}};
}

Case gather(const Dims &data, const Dims &indices, int64_t axis, const std::string &element,
            const std::string &indexType) {
  Dims out(data.begin(), data.begin() + axis);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), data.begin() + axis + 1, data.end());
  return {"gather/" + element + "/" + shape(data) + "," + shape(indices) + "@" +
              std::to_string(axis),
          {{data, element, Fill::small}, {indices, indexType, Fill::index, data[axis]}},
          "%r = npu.gather %a, %b axis = " + std::to_string(axis) + " : " + type(data, element) +
              ", " + type(indices, indexType) + " -> " + type(out, element),
          {{"r", type(out, element)}}};
}

} // namespace tessera::sweep
