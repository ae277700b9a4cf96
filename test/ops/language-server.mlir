// The language server knows the dialect: a document with an error in it is answered with the error.
// RUN: tessera-lsp-server --lit-test < %S/inputs/language-server.json | FileCheck %s

// CHECK: "method": "textDocument/publishDiagnostics"
// CHECK: 'npu.matmul' op expected lhs dim 1 (8) to equal rhs dim 0 (16)
