// Empty on purpose: this unit exists so that its precompiled header is built once and shared.
