// The order in which a model's nodes are imported.
#pragma once

#include "OnnxModel.h"

#include <string>
#include <vector>

namespace tessera::import_ {

/// The nodes that the outputs need, each after those it uses. Appends one line per problem to
/// `problems`: names defined twice or never, cycles.
std::vector<const Node *> orderNodes(const OnnxModel &model, std::vector<std::string> &problems);

} // namespace tessera::import_
