// The main function of the chip description tests.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
