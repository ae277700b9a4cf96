// tessera-lsp-server: MLIR's language server for editors, knowing Tessera's dialects.
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "tessera/passes/Registration.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tessera::registerAllDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
