// The mistakes. Operations are known by their place in a walk, which a copy has in common.
#include "Mutants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/TileDialect.h"
#include <map>

namespace tessera::test {
using namespace mlir;

const char *nameOf(Mistake mistake) {
  static const char *const names[kMistakes] = {"drop event", "drop one", "move",      "set twice",
                                               "swap mode",  "shrink",   "swap slot", "less depth"};
  return names[size_t(mistake)];
}

static std::vector<Operation *> operations(func::FuncOp kernel) {
  std::vector<Operation *> list;
  kernel.walk<WalkOrder::PreOrder>([&](Operation *op) { list.push_back(op); });
  return list;
}

static bool isSet(Operation *op) {
  return isa<tile::SetEventOp, tile::CrossSetOp>(op);
}

/// Whether the node holds work of a pipe.
static bool works(Operation *node, tile::PipeId pipe, const tile::ChipSpec &chip) {
  bool found = false;
  node->walk([&](Operation *op) { found |= tile::pipeOf(op, chip) == pipe; });
  return found;
}

/// The node of the block before or after `op` that a move of it would pass, or null.
static Operation *passed(Operation *op, bool back, const tile::ChipSpec &chip) {
  const auto pair = tile::syncPipes(op, chip);
  if (!pair)
    return nullptr;
  const tile::PipeId pipe = back ? pair->first : pair->second;
  for (Operation *node = back ? op->getPrevNode() : op->getNextNode(); node;
       node = back ? node->getPrevNode() : node->getNextNode())
    if (works(node, pipe, chip))
      return node;
  return nullptr;
}

namespace {

class Maker {
public:
  Maker(func::FuncOp kernel, const tile::ChipSpec &chip) : chip(chip), ops(operations(kernel)) {}

  std::vector<Mutant> run() {
    std::map<std::string, std::vector<size_t>> events;
    for (size_t i = 0; i < ops.size(); ++i) {
      if (tile::isSync(ops[i]))
        sync(i, events);
      if (ops[i]->hasAttr("tile.offset") && isa<memref::AllocOp>(ops[i]))
        shrink(i);
      if (isa<memref::AllocOp, tile::WorkspaceOp>(ops[i]))
        slots(i);
    }
    for (const auto &[name, places] : events)
      add(Mistake::DropEvent, name, [places = places](ArrayRef<Operation *> all) {
        for (size_t place : places)
          all[place]->erase();
      });
    return std::move(mutants);
  }

private:
  void add(Mistake mistake, std::string what, std::function<void(ArrayRef<Operation *>)> change) {
    mutants.push_back(
        {mistake, std::move(what), [change](func::FuncOp kernel) { change(operations(kernel)); }});
  }
  void sync(size_t i, std::map<std::string, std::vector<size_t>> &events);
  void shrink(size_t i);
  void slots(size_t i);

  const tile::ChipSpec &chip;
  std::vector<Operation *> ops;
  std::vector<Mutant> mutants;
};

std::string textOf(Operation *op) {
  std::string text;
  llvm::raw_string_ostream(text) << *op;
  return text;
}

/// (slot + shift) mod modulus.
Value otherSlot(OpBuilder &b, Location loc, Value slot, int64_t shift, int64_t modulus) {
  auto number = [&](int64_t v) { return arith::ConstantIndexOp::create(b, loc, v).getResult(); };
  slot = arith::AddIOp::create(b, loc, slot, number(shift));
  return arith::RemUIOp::create(b, loc, slot, number(modulus));
}

/// The events of one order have one number, or one for each slot: then the first names them all.
void Maker::sync(size_t i, std::map<std::string, std::vector<size_t>> &events) {
  Operation *op = ops[i];
  const std::string text = textOf(op);
  const auto pair = tile::syncPipes(op, chip);
  if (!pair)
    return;
  add(Mistake::DropOne, text, [i](ArrayRef<Operation *> all) { all[i]->erase(); });
  // A set that comes later and a wait that comes earlier wait for more than they need.
  for (bool back : {true, false}) {
    Operation *node = passed(op, back, chip);
    if (!node || (back != isSet(op) && !isa<tile::PipeBarrierOp>(op)))
      continue;
    const size_t over = size_t(llvm::find(ops, node) - ops.begin());
    add(Mistake::Move, text, [i, over, back](ArrayRef<Operation *> all) {
      back ? all[i]->moveBefore(all[over]) : all[i]->moveAfter(all[over]);
    });
  }
  if (isSet(op))
    add(Mistake::DoubleSet, text, [i](ArrayRef<Operation *> all) {
      OpBuilder b(all[i]);
      b.clone(*all[i]);
    });
  if (isa<tile::CrossSetOp, tile::CrossWaitOp>(op))
    for (int64_t mode : {0, 1}) // those of the compiler are of mode 2
      add(Mistake::SwapMode, text, [i, mode](ArrayRef<Operation *> all) {
        all[i]->setAttr("mode", Builder(all[i]->getContext()).getI64IntegerAttr(mode));
      });
  if (op->getNumOperands() == 1)
    add(Mistake::SwapSlot, text, [i](ArrayRef<Operation *> all) {
      OpBuilder b(all[i]);
      all[i]->setOperand(0, otherSlot(b, all[i]->getLoc(), all[i]->getOperand(0), 1, 2));
    });
  if (isa<tile::PipeBarrierOp>(op))
    return;
  std::string name =
      pair->first.core.str() + "." + pair->first.pipe.str() + " to " + pair->second.pipe.str();
  int64_t id = op->getAttrOfType<IntegerAttr>("id").getInt();
  if (isa<tile::CrossSetOp, tile::CrossWaitOp>(op))
    name = (pair->first.core == chip.matrixCore()) == isSet(op) ? "from cube" : "from vector";
  // The lowest number with a slot that takes this one in: slots come in twos here.
  for (Operation *other : ops)
    if (other->getName() == op->getName() && other->getNumOperands() == 1 &&
        other->getAttr("from") == op->getAttr("from") &&
        other->getAttr("to") == op->getAttr("to") &&
        other->getAttr("pipe") == op->getAttr("pipe") &&
        other->getAttrOfType<IntegerAttr>("id").getInt() == id - 1)
      --id;
  events[name + " " + std::to_string(id)].push_back(i);
}

static int64_t bytesOf(memref::AllocOp alloc) {
  return alloc.getType().getNumElements() *
         int64_t(llvm::divideCeil(alloc.getType().getElementTypeBitWidth(), 8));
}

static int64_t offsetOf(Operation *op) {
  return op->getAttrOfType<IntegerAttr>("tile.offset").getInt();
}

/// The next buffer of the same memory begins in the middle of this one.
void Maker::shrink(size_t i) {
  auto alloc = cast<memref::AllocOp>(ops[i]);
  const StringRef space = tile::spaceOf(alloc.getType());
  const tile::Memory *memory = chip.memory(space);
  size_t next = ops.size();
  for (size_t j = 0; j < ops.size(); ++j)
    if (auto other = dyn_cast<memref::AllocOp>(ops[j]);
        other && other->hasAttr("tile.offset") && tile::spaceOf(other.getType()) == space &&
        offsetOf(other) >= offsetOf(alloc) + bytesOf(alloc) &&
        (next == ops.size() || offsetOf(other) < offsetOf(ops[next])))
      next = j;
  const int64_t align = memory ? std::max<int64_t>(memory->align, 1) : 1;
  const int64_t at = offsetOf(alloc) + bytesOf(alloc) / 2 / align * align;
  if (next == ops.size() || at >= offsetOf(alloc) + bytesOf(alloc))
    return;
  add(Mistake::Shrink, textOf(alloc), [next, at](ArrayRef<Operation *> all) {
    all[next]->setAttr("tile.offset", Builder(all[next]->getContext()).getI64IntegerAttr(at));
  });
}

/// Of a buffer with slots: one use takes another slot, or all take one slot fewer.
void Maker::slots(size_t i) {
  Operation *alloc = ops[i];
  std::vector<size_t> uses;
  SmallVector<Operation *> users(alloc->getUsers());
  for (Operation *user : alloc->getUsers())
    if (isa<memref::ReinterpretCastOp>(user))
      users.append(user->getUsers().begin(), user->getUsers().end());
  for (Operation *user : users)
    if (auto part = dyn_cast<memref::SubViewOp>(user);
        part && !part.getOffsets().empty() && ShapedType::isDynamic(part.getStaticOffsets()[0]) &&
        part.getStaticSizes()[0] == 1 && part.getDroppedDims().any())
      uses.push_back(size_t(llvm::find(ops, user) - ops.begin()));
  const int64_t count =
      uses.empty() ? 0 : cast<MemRefType>(alloc->getResult(0).getType()).getDimSize(0);
  if (count < 2)
    return;
  auto change = [](Operation *part, int64_t shift, int64_t modulus) {
    OpBuilder b(part);
    OpOperand &slot = cast<memref::SubViewOp>(part).getOffsetsMutable()[0];
    slot.set(otherSlot(b, part->getLoc(), slot.get(), shift, modulus));
  };
  // An operation takes the other slot while those that share the buffer with it do not.
  for (size_t use : uses)
    for (OpOperand &operand : ops[use]->getResult(0).getUses()) {
      if (ops[use]->getResult(0).hasOneUse() && uses.size() < 2)
        continue;
      const size_t user = size_t(llvm::find(ops, operand.getOwner()) - ops.begin());
      const unsigned number = operand.getOperandNumber();
      add(Mistake::SwapSlot, textOf(ops[user]), [=](ArrayRef<Operation *> all) {
        OpBuilder b(all[user]);
        Operation *other = b.clone(*all[use]);
        change(other, 1, count);
        all[user]->setOperand(number, other->getResult(0));
      });
    }
  add(Mistake::LessDepth, textOf(alloc), [=](ArrayRef<Operation *> all) {
    for (size_t use : uses)
      change(all[use], 0, count - 1);
  });
}

} // namespace

std::vector<Mutant> mutantsOf(func::FuncOp kernel, const tile::ChipSpec &chip) {
  return Maker(kernel, chip).run();
}

} // namespace tessera::test
