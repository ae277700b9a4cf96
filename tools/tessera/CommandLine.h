// Command lines: options with whole-sentence help, and one clear message for wrong usage.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tessera::tool {

/// Exit codes of every subcommand.
enum ExitCode { kOk = 0, kRejected = 1, kWrongUsage = 2 };

/// Prints "tessera: error: MESSAGE" and returns `code`.
int fail(const llvm::Twine &message, int code = kRejected);

/// One subcommand's arguments. Options are written `--name value` or `--name=value`.
class CommandLine {
public:
  CommandLine(llvm::StringRef command, llvm::StringRef description);

  /// An argument without a dash. Required ones come first.
  void positional(llvm::StringRef name, llvm::StringRef help, std::string &value,
                  bool required = true);
  void flag(llvm::StringRef name, llvm::StringRef help, bool &value);
  void text(llvm::StringRef name, llvm::StringRef placeholder, llvm::StringRef help,
            std::string &value);
  /// May be given several times; keeps the order.
  void list(llvm::StringRef name, llvm::StringRef placeholder, llvm::StringRef help,
            std::vector<std::string> &values);
  void integer(llvm::StringRef name, llvm::StringRef placeholder, llvm::StringRef help,
               int64_t &value, int64_t least, int64_t most);
  void number(llvm::StringRef name, llvm::StringRef placeholder, llvm::StringRef help,
              double &value);
  void choice(llvm::StringRef name, std::vector<std::string> choices, llvm::StringRef help,
              std::string &value);

  /// Returns the exit code if the program should end now: after --help, or on wrong usage.
  std::optional<int> parse(llvm::ArrayRef<std::string> arguments);
  /// Prints an error about the arguments and returns the exit code for wrong usage.
  int wrongUsage(const llvm::Twine &message) const;
  /// Whether the option was given.
  bool given(llvm::StringRef name) const;

private:
  struct Option {
    std::string name, placeholder, help;
    /// Takes the value; returns what is wrong with it, or nothing.
    std::function<std::string(llvm::StringRef)> set;
    bool given = false;
  };
  struct Positional {
    std::string name, help;
    std::string *value;
    bool required;
  };

  Option *find(llvm::StringRef name);
  void add(llvm::StringRef name, llvm::StringRef placeholder, llvm::StringRef help,
           std::function<std::string(llvm::StringRef)> set);
  std::optional<int> takeOption(llvm::StringRef argument, llvm::ArrayRef<std::string> &rest);
  std::string nearestOption(llvm::StringRef name) const;
  std::string usage() const;
  void printHelp() const;

  std::string command, description;
  std::vector<Option> options;
  std::vector<Positional> positionals;
};

} // namespace tessera::tool
