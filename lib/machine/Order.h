// What each pipe of a core group is certain of: vector clocks over pipes, events and flags.
#pragma once
#include "tessera/dialect/tile/PipeNames.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace tessera::machine {

/// A pipe issues in order and completes out of order: what it issues next is certain of what its
/// waits and barriers said, no more. A set says that all its pipe has issued so far has ended.
class Order {
public:
  static constexpr size_t kMostPipes = 16;
  using Clock = std::array<int32_t, kMostPipes>;
  /// An operation by its pipe, and its number there from 1.
  struct Stamp {
    uint32_t pipe = 0;
    int32_t number = 0;
  };
  /// What is wrong with a sync, if anything, and the earlier operation that it collides with.
  struct Fault {
    const char *kind;
    std::string message;
    mlir::Operation *other = nullptr;
  };

  explicit Order(const tile::ChipSpec &chip) : chip(chip) {}
  /// Nothing when there are more pipes than fit. Every pipe of a kernel must be known before its
  /// first flag.
  std::optional<uint32_t> index(tile::PipeId id);
  const tile::PipeId &pipe(uint32_t index) const { return pipes[index]; }
  /// Whether what the pipe issues next starts after that operation has ended.
  bool certain(uint32_t pipe, Stamp stamp) const { return known[pipe][stamp.pipe] >= stamp.number; }
  Stamp issue(uint32_t pipe);
  /// `slot` is added to the number of an event.
  std::optional<Fault> sync(mlir::Operation *op, int64_t slot);
  /// Events and flags that are set and not waited for.
  std::vector<Fault> left() const;

private:
  struct Channel {
    struct Message {
      Clock clock;
      mlir::Operation *set;
    };
    std::deque<Message> pending;
    std::deque<std::pair<Clock, mlir::Operation *>> waits; ///< By number on the waiting pipes.
    int64_t sets = 0;
    uint32_t setter = 0, waiter = 0;
    std::string name;
  };
  using Key = std::tuple<std::string, std::string, int64_t>;
  std::optional<Fault> set(Channel &channel, uint32_t from, mlir::Operation *op, int64_t room);
  std::optional<Fault> wait(Channel &channel, uint32_t to, mlir::Operation *op);
  /// The pipe, and for a flag the same pipe of every vector core of the group.
  llvm::SmallVector<uint32_t, 2> members(uint32_t pipe, bool flag) const;
  static void join(Clock &into, const Clock &other);

  const tile::ChipSpec &chip;
  std::vector<tile::PipeId> pipes;
  std::array<Clock, kMostPipes> known{}, ended{};
  std::array<int32_t, kMostPipes> issued{};
  std::map<Key, Channel> channels;
};

} // namespace tessera::machine
