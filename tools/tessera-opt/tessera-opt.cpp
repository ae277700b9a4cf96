// tessera-opt: reads MLIR, runs the passes named on the command line, prints MLIR.
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "tessera/passes/Registration.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tessera::registerAllTessera(registry);
  return mlir::failed(
      mlir::MlirOptMain(argc, argv, "Tessera's passes on MLIR, one by one\n", registry));
}
