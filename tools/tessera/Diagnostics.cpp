// Places of diagnostics as people write them.
#include "Diagnostics.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "tessera/compiler/LoadModel.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::tool {
namespace {

/// The line of a file that a location means, if it means one.
mlir::FileLineColLoc lineOf(mlir::Location location) {
  return llvm::TypeSwitch<mlir::LocationAttr, mlir::FileLineColLoc>(location)
      .Case([](mlir::FileLineColLoc place) { return place; })
      .Case([](mlir::NameLoc place) { return lineOf(place.getChildLoc()); })
      .Case([](mlir::CallSiteLoc place) { return lineOf(place.getCallee()); })
      .Case([](mlir::FusedLoc places) {
        for (mlir::Location place : places.getLocations())
          if (auto line = lineOf(place))
            return line;
        return mlir::FileLineColLoc();
      })
      .Default([](mlir::LocationAttr) { return mlir::FileLineColLoc(); });
}

/// The first name in a location: of the node that an operator was imported from.
llvm::StringRef nameIn(mlir::Location location) {
  if (auto place = llvm::dyn_cast<mlir::NameLoc>(location))
    return place.getName();
  if (auto places = llvm::dyn_cast<mlir::FusedLoc>(location))
    for (mlir::Location place : places.getLocations())
      if (llvm::StringRef name = nameIn(place); !name.empty())
        return name;
  return "";
}

void showLine(mlir::FileLineColLoc place) {
  const auto buffer = llvm::MemoryBuffer::getFile(place.getFilename().getValue(), /*IsText=*/true);
  if (!buffer || place.getLine() == 0)
    return;
  llvm::StringRef line, rest = (*buffer)->getBuffer();
  for (unsigned number = 0; number < place.getLine(); ++number)
    std::tie(line, rest) = rest.split('\n');
  // A line of bytecode or of somebody's weights says nothing.
  if (line.size() > 200 || !llvm::all_of(line, [](char c) { return llvm::isPrint(c); }))
    return;
  llvm::errs() << "  " << line << "\n  ";
  llvm::errs().indent(std::max(1u, place.getColumn()) - 1) << "^\n";
}

void print(const mlir::Diagnostic &diagnostic, const std::string &model) {
  const char *kind = "error";
  switch (diagnostic.getSeverity()) {
  case mlir::DiagnosticSeverity::Note:
    kind = "note";
    break;
  case mlir::DiagnosticSeverity::Warning:
    kind = "warning";
    break;
  case mlir::DiagnosticSeverity::Remark:
    kind = "remark";
    break;
  case mlir::DiagnosticSeverity::Error:
    break;
  }
  llvm::errs() << "tessera: " << kind << ": ";
  const mlir::FileLineColLoc line = lineOf(diagnostic.getLocation());
  if (line)
    llvm::errs() << line.getFilename().getValue() << ":" << line.getLine() << ":"
                 << line.getColumn();
  else
    llvm::errs() << model;
  if (const llvm::StringRef name = nameIn(diagnostic.getLocation()); !line && !name.empty())
    llvm::errs() << ": node '" << name << "'";
  llvm::errs() << ": " << diagnostic.str() << "\n";
  if (line)
    showLine(line);
  for (const mlir::Diagnostic &note : diagnostic.getNotes())
    print(note, model);
}

} // namespace

std::unique_ptr<mlir::MLIRContext> contextFor(const std::string &model) {
  auto context = makeContext();
  context->printOpOnDiagnostic(false); // the operation may be the whole model
  context->getDiagEngine().registerHandler(
      [model](mlir::Diagnostic &diagnostic) { print(diagnostic, model); });
  return context;
}

} // namespace tessera::tool
