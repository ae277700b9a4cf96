// The public entry points of the ONNX front end.
#include "tessera/import/Onnx.h"
#include "GraphImporter.h"
#include "tessera/dialect/npu/MappedFiles.h"

using namespace mlir;

namespace tessera::import_ {

std::optional<OnnxPorts> readOnnxPorts(const std::string &path, std::string &error) {
  OnnxModel model;
  if (!parseOnnxPorts(path, model, error))
    return std::nullopt;
  auto portOf = [](const ValueInfo &value) {
    OnnxPort port{value.name, value.type, {}};
    for (const Dimension &dim : value.shape)
      port.shape.push_back(dim.value);
    return port;
  };
  OnnxPorts ports;
  for (const ValueInfo &input : model.inputs) {
    auto given = [&](const Tensor &tensor) { return tensor.name == input.name; };
    if (llvm::none_of(model.initializers, given))
      ports.inputs.push_back(portOf(input));
  }
  for (const ValueInfo &output : model.outputs)
    ports.outputs.push_back(portOf(output));
  return ports;
}

OwningOpRef<ModuleOp> importOnnx(MLIRContext &context, const std::string &path,
                                 const OnnxOptions &options, std::string &error) {
  OnnxModel model;
  if (!parseOnnx(path, model, error))
    return nullptr;
  context.loadDialect<func::FuncDialect>();
  npu::MappedFiles &files = npu::MappedFiles::of(context);
  for (const auto &file : model.files)
    files.add({file->bytes().data(), file->bytes().size()}, file);
  GraphImporter importer(context, model, options);
  OwningOpRef<ModuleOp> module = importer.run();
  error.clear();
  for (const std::string &problem : importer.problems)
    error += (error.empty() ? "" : "\n") + path + ": " + printable(problem);
  return module;
}

std::vector<std::string> importedOperators() {
  std::vector<std::string> names;
  for (llvm::StringRef name : importTable().keys())
    names.push_back(name.str());
  llvm::sort(names);
  return names;
}

} // namespace tessera::import_
