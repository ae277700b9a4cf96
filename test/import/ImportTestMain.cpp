// The test program's main, which Catch provides.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
