//go:build tools

// Package tools pins the linters, apart from the product's own modules.
package tools

import _ "honnef.co/go/tools/cmd/staticcheck"
