// A chip whose cores hold both units, without fixpipe and without flags between cores.
// RUN: tessera-opt %s --tile-attach-chip=chip=ascend-310p --split-input-file --verify-diagnostics

func.func @fixpipe(%c: memref<2x7x16x16xf32, #tile.space<"l0c">>, %y: memref<100x32xf32, #tile.space<"ub">>) {
  // expected-error@+1 {{'tile.fixpipe' op expected a chip with a fixpipe, but ascend-310p has none}}
  tile.fixpipe %c to %y : memref<2x7x16x16xf32, #tile.space<"l0c">> to memref<100x32xf32, #tile.space<"ub">>
  return
}

// -----

func.func @rows_leave_as_blocks(%c: memref<2x7x16x16xf32, #tile.space<"l0c">>,
                                %y: memref<100x32xf32, #tile.space<"ub">>) {
  // expected-error@+1 {{'tile.copy' op expected a layout that the path from l0c to ub of chip ascend-310p takes (zN->zN), but got nz2nd}}
  tile.copy nz2nd %c to %y : memref<2x7x16x16xf32, #tile.space<"l0c">> to memref<100x32xf32, #tile.space<"ub">>
  return
}

// -----

func.func @flags() {
  // expected-error@+1 {{'tile.cross_wait' op expected a chip with flags between cores, but ascend-310p has none}}
  tile.cross_wait "V" mode 0 id 0
  return
}
