// The mark of what the shared library offers. Everything else is compiled hidden.
#pragma once

/// On a declaration: part of libTessera's interface.
#define TESSERA_API __attribute__((visibility("default")))
