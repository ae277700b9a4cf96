// Sorts nodes by their uses, without recursion: files may be deep, or lie about their order.
#include "GraphOrder.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace tessera::import_ {

namespace {

class Sorter {
public:
  Sorter(const OnnxModel &model, std::vector<std::string> &problems)
      : model(model), problems(problems), state(model.nodes.size(), State::New) {}

  std::vector<const Node *> sort() {
    collectNames();
    for (const ValueInfo &output : model.outputs)
      if (defined(output.name))
        visit(output.name);
      else
        problems.push_back("output '" + output.name + "' is defined by nothing");
    return std::move(order);
  }

private:
  enum class State { New, Open, Done };
  struct Frame {
    size_t node;
    size_t nextInput;
  };

  const OnnxModel &model;
  std::vector<std::string> &problems;
  std::vector<State> state;
  std::unordered_set<std::string> given;
  std::unordered_map<std::string, size_t> maker;
  std::vector<const Node *> order;

  bool defined(const std::string &name) const { return given.count(name) || maker.count(name); }

  void collectNames() {
    // An initialiser and an input of one name are the older way to give a default.
    std::unordered_set<std::string> constants;
    for (const Tensor &tensor : model.initializers)
      if (!constants.insert(tensor.name).second)
        problems.push_back("two initialisers are named '" + tensor.name + "'");
    for (const ValueInfo &input : model.inputs)
      if (!given.insert(input.name).second)
        problems.push_back("two inputs are named '" + input.name + "'");
    given.insert(constants.begin(), constants.end());
    for (size_t i = 0; i < model.nodes.size(); ++i)
      for (const std::string &name : model.nodes[i].outputs)
        if (!name.empty() && (given.count(name) || !maker.emplace(name, i).second))
          problems.push_back(describe(model.nodes[i]) + ": value '" + name +
                             "' is already defined elsewhere");
  }

  void visit(const std::string &name) {
    std::vector<Frame> stack;
    push(stack, name, nullptr);
    while (!stack.empty()) {
      Frame &frame = stack.back();
      const Node &node = model.nodes[frame.node];
      if (frame.nextInput < node.inputs.size()) {
        const std::string &input = node.inputs[frame.nextInput++];
        if (!input.empty())
          push(stack, input, &node);
        continue;
      }
      state[frame.node] = State::Done;
      order.push_back(&node);
      stack.pop_back();
    }
  }

  void push(std::vector<Frame> &stack, const std::string &name, const Node *user) {
    auto found = maker.find(name);
    if (found == maker.end()) {
      if (!given.count(name))
        problems.push_back(describe(*user) + ": input '" + name + "' is defined by nothing");
      return;
    }
    State &seen = state[found->second];
    if (seen == State::Open)
      problems.push_back(describe(*user) + ": its input '" + name +
                         "' depends on its own result: the nodes form a cycle");
    if (seen != State::New)
      return;
    seen = State::Open;
    stack.push_back({found->second, 0});
  }
};

} // namespace

std::vector<const Node *> orderNodes(const OnnxModel &model, std::vector<std::string> &problems) {
  return Sorter(model, problems).sort();
}

} // namespace tessera::import_
