// Machine code in memory: optimising an LLVM module for one instruction set and linking it.
#pragma once
#include "tessera/support/Isa.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <functional>
#include <memory>

namespace tessera {

/// How much time may go into good code: Quick is for code whose speed does not count, Least for
/// code that is called a few times. The numbers do not depend on it.
enum class Effort { Least, Quick, Full };

/// The code generator for an instruction set, from the table in Isa.h. The host is not asked.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
makeTargetMachine(Isa isa, Effort effort = Effort::Full);

/// Gives every function of the module the attributes of the instruction set: without them the
/// module's functions and the device library's would not be inlined into each other.
void setIsaAttributes(llvm::Module &module, Isa isa);

/// Runs LLVM's standard optimisations for the machine, loop vectorisation among them: those of -O3,
/// for Quick those of -O1, for Least none.
void optimize(llvm::Module &module, llvm::TargetMachine &machine, Effort effort = Effort::Full);

/// Code that has been made executable; it stays so as long as the object lives.
class JitCode {
public:
  /// `symbol` resolves functions that the module only declares; null when it does not know them.
  /// Functions of libm and libc are found without it.
  static llvm::Expected<std::shared_ptr<JitCode>>
  make(std::unique_ptr<llvm::LLVMContext> context, std::unique_ptr<llvm::Module> module, Isa isa,
       Effort effort = Effort::Full, std::function<const void *(llvm::StringRef)> symbol = nullptr);
  ~JitCode();

  /// The address of a function that the module defines.
  llvm::Expected<void *> lookup(llvm::StringRef name);

private:
  struct Impl;
  explicit JitCode(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace tessera
