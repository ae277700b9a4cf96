// Points: times measured elsewhere, of schedules that are known well enough to be built again and
// timed here. docs/machine.md explains the file's keys.
#pragma once
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tessera::machine {

/// How a published kernel is cut and ordered. What a field means depends on the builder a little:
/// `gemm`: base tile m, n, k of the matrix unit; `attention`: rows, keys per step, keys per matrix
/// product; `topk`: rows per step.
struct Schedule {
  std::string builder;       ///< gemm, conv, attention, topk, or empty with `program`.
  std::string program;       ///< A tile program, its path relative to the file of points.
  std::vector<int64_t> grid; ///< Blocks in rows and columns of the result.
  std::string loopOrder;     ///< From the outermost: "m n k".
  std::vector<int64_t> baseTile;
  int64_t l1Step = 1; ///< Base tiles of k that one load into L1 brings.
  int64_t slotsL1 = 1, slotsL0 = 1, slotsL0c = 1;
  int64_t preload = 0;   ///< Steps that the first stage runs ahead of the last.
  int64_t ringDepth = 1; ///< Slots of the workspace between cores.
  int64_t split = 1;     ///< Parts that the reduced dimension is given to.
  bool published = true; ///< false: stated by nobody; this is an assumption.
  std::string note;
};

/// One published measurement.
struct Point {
  std::string id, family, source, chip, op, note;
  std::map<std::string, int64_t> shape;
  std::map<std::string, std::string> types, layouts;
  Schedule schedule;
  double timeUs = 0;
  std::string clock; ///< task (launch included), core (without), host, or step (one of `shape`).
  std::string cache; ///< warm, cold, or "not published".
  std::map<std::string, double> busy; ///< Of core cycles, by the name that a report gives a pipe.
  std::vector<std::string> fits;      ///< The chip's numbers that were fitted to it.

  int64_t extent(llvm::StringRef name, int64_t otherwise = 0) const;
  std::string type(llvm::StringRef name, llvm::StringRef otherwise = "f16") const;
};

/// The points of a file. Nothing, with `error` set to one line, when it is malformed.
std::optional<std::vector<Point>> readPoints(llvm::StringRef text, llvm::StringRef fileName,
                                             std::string &error);

/// The tile program of a point's schedule as text. Nothing, with `error` set, when it has none or
/// its extents do not suit it.
std::optional<std::string> buildProgram(const Point &point, std::string &error);

/// A point's time beside the published one.
struct Outcome {
  const Point *point = nullptr;
  std::string error; ///< Why it could not be timed, or empty.
  double us = 0;
  std::map<std::string, double> busy; ///< The published pipes' predicted shares.
  double relativeError() const { return point->timeUs > 0 ? us / point->timeUs - 1 : 0; }
};

/// Builds and times each point. Chips are loaded by name or file; `folder` is where programs are.
/// Diagnostics of the programs become `Outcome::error`.
std::vector<Outcome> validate(const std::vector<Point> &points, llvm::StringRef folder,
                              mlir::MLIRContext &context);

/// Predicted beside published by family, with mean and worst error, assumed schedules apart.
std::string outcomeTable(const std::vector<Outcome> &outcomes);
std::string outcomeJson(const std::vector<Outcome> &outcomes);

} // namespace tessera::machine
