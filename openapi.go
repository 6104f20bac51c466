// Package h5serve holds the HTTP contract, so that the server can hand it out and the tests can hold the
// server to it.
package h5serve

import _ "embed"

// OpenAPI is the contract: an OpenAPI 3.1 document in YAML.
//
//go:embed openapi.yaml
var OpenAPI []byte
