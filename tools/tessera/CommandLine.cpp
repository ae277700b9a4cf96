// The command-line parser: matching, messages and the help text.
#include "CommandLine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using llvm::StringRef;
using llvm::Twine;

namespace tessera::tool {

int fail(const Twine &message, int code) {
  llvm::SmallVector<StringRef> lines; // one for each problem
  const std::string text = message.str();
  StringRef(text).split(lines, '\n');
  for (StringRef line : lines)
    llvm::errs() << "tessera: error: " << line << "\n";
  return code;
}

CommandLine::CommandLine(StringRef command, StringRef description)
    : command(command), description(description) {}

void CommandLine::positional(StringRef name, StringRef help, std::string &value, bool required) {
  positionals.push_back({name.str(), help.str(), &value, required});
}

void CommandLine::add(StringRef name, StringRef placeholder, StringRef help,
                      std::function<std::string(StringRef)> set) {
  options.push_back({name.str(), placeholder.str(), help.str(), std::move(set)});
}

void CommandLine::flag(StringRef name, StringRef help, bool &value) {
  add(name, "", help, [&value](StringRef) {
    value = true;
    return std::string();
  });
}

void CommandLine::text(StringRef name, StringRef placeholder, StringRef help, std::string &value) {
  add(name, placeholder, help, [&value](StringRef given) {
    value = given.str();
    return std::string();
  });
}

void CommandLine::list(StringRef name, StringRef placeholder, StringRef help,
                       std::vector<std::string> &values) {
  add(name, placeholder, help, [&values](StringRef given) {
    values.push_back(given.str());
    return std::string();
  });
}

void CommandLine::integer(StringRef name, StringRef placeholder, StringRef help, int64_t &value,
                          int64_t least, int64_t most) {
  add(name, placeholder, help, [&value, least, most](StringRef given) {
    if (!given.getAsInteger(10, value) && value >= least && value <= most)
      return std::string();
    return ("expected a whole number from " + Twine(least) + " to " + Twine(most) + ", but got '" +
            given + "'")
        .str();
  });
}

void CommandLine::number(StringRef name, StringRef placeholder, StringRef help, double &value) {
  add(name, placeholder, help, [&value](StringRef given) {
    if (!given.getAsDouble(value) && value >= 0)
      return std::string();
    return ("expected a number that is not negative, but got '" + given + "'").str();
  });
}

void CommandLine::choice(StringRef name, std::vector<std::string> choices, StringRef help,
                         std::string &value) {
  const std::string placeholder = llvm::join(choices, "|");
  add(name, placeholder, help, [&value, choices, placeholder](StringRef given) {
    if (!llvm::is_contained(choices, given))
      return ("expected " + placeholder + ", but got '" + given + "'").str();
    value = given.str();
    return std::string();
  });
}

CommandLine::Option *CommandLine::find(StringRef name) {
  for (Option &option : options)
    if (option.name == name)
      return &option;
  return nullptr;
}

bool CommandLine::given(StringRef name) const {
  for (const Option &option : options)
    if (option.name == name)
      return option.given;
  return false;
}

std::string CommandLine::nearestOption(StringRef name) const {
  std::string nearest;
  unsigned best = 4;
  for (const Option &option : options)
    if (unsigned distance = name.edit_distance(option.name, true, best); distance < best) {
      best = distance;
      nearest = option.name;
    }
  return nearest;
}

std::optional<int> CommandLine::takeOption(StringRef argument, llvm::ArrayRef<std::string> &rest) {
  auto [name, inlineValue] = argument.split('=');
  const bool hasValue = argument.contains('=');
  Option *option = find(name);
  if (!option) {
    const std::string nearest = nearestOption(name);
    return wrongUsage("unknown option '" + name + "'" +
                      (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"));
  }
  StringRef value = inlineValue;
  if (option->placeholder.empty()) {
    if (hasValue)
      return wrongUsage("option '" + name + "' takes no value, but got '" + inlineValue + "'");
  } else if (!hasValue) {
    if (rest.empty())
      return wrongUsage("option '" + name + "' expects a value: " + name + " " +
                        option->placeholder);
    value = rest.front();
    rest = rest.drop_front();
  }
  option->given = true;
  if (std::string problem = option->set(value); !problem.empty())
    return wrongUsage("option '" + name + "': " + problem);
  return std::nullopt;
}

std::optional<int> CommandLine::parse(llvm::ArrayRef<std::string> arguments) {
  size_t taken = 0;
  bool onlyPositionals = false;
  while (!arguments.empty()) {
    StringRef argument = arguments.front();
    arguments = arguments.drop_front();
    if (!onlyPositionals && (argument == "--help" || argument == "-h")) {
      printHelp();
      return kOk;
    }
    if (!onlyPositionals && argument == "--") {
      onlyPositionals = true;
    } else if (!onlyPositionals && argument.size() > 1 && argument.starts_with("-")) {
      if (std::optional<int> code = takeOption(argument, arguments))
        return code;
    } else if (taken == positionals.size()) {
      return wrongUsage("unexpected argument '" + argument + "'");
    } else {
      *positionals[taken++].value = argument.str();
    }
  }
  if (taken < positionals.size() && positionals[taken].required)
    return wrongUsage("expected " + positionals[taken].name + ", but got nothing");
  return std::nullopt;
}

int CommandLine::wrongUsage(const Twine &message) const {
  llvm::errs() << "tessera: error: " << message << "\n"
               << "usage: " << usage() << "\n"
               << "'tessera " << command << " --help' explains each option.\n";
  return kWrongUsage;
}

std::string CommandLine::usage() const {
  std::string line = "tessera " + command;
  for (const Positional &argument : positionals)
    line += argument.required ? " " + argument.name : " [" + argument.name + "]";
  return line + (options.empty() ? "" : " [OPTION]...");
}

/// Prints `text` in lines of at most 80 columns, each indented.
static void printWrapped(StringRef text, unsigned indent) {
  constexpr size_t kColumns = 80;
  size_t column = 0;
  while (!text.empty()) {
    auto [word, rest] = text.split(' ');
    text = rest;
    if (column && column + 1 + word.size() > kColumns) {
      llvm::outs() << "\n";
      column = 0;
    }
    if (!column) {
      llvm::outs().indent(indent) << word;
      column = indent + word.size();
    } else {
      llvm::outs() << ' ' << word;
      column += 1 + word.size();
    }
  }
  llvm::outs() << "\n";
}

void CommandLine::printHelp() const {
  llvm::outs() << "usage: " << usage() << "\n\n";
  printWrapped(description, 0);
  for (const Positional &argument : positionals) {
    llvm::outs() << "\n  " << argument.name << "\n";
    printWrapped(argument.help, 6);
  }
  for (const Option &option : options) {
    llvm::outs() << "\n  " << option.name;
    if (!option.placeholder.empty())
      llvm::outs() << " " << option.placeholder;
    llvm::outs() << "\n";
    printWrapped(option.help, 6);
  }
}

} // namespace tessera::tool
