package direct

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/stellar/go-stellar-sdk/xdr"
)

// Spec is what a contract's Wasm says of itself (custom section contractspecv0).
type Spec struct {
	Functions []xdr.ScSpecFunctionV0 // in the contract's order, the constructor among them
	Errors    map[string]uint32      // of its error enums
}

// Has reports whether there is a function.
func (s Spec) Has(function string) bool {
	for _, f := range s.Functions {
		if string(f.Name) == function {
			return true
		}
	}
	return false
}

var errWasm = errors.New("direct: this is no contract's Wasm")

// ReadSpec reads a contract's specification.
func ReadSpec(wasm []byte) (Spec, error) {
	s := Spec{Errors: map[string]uint32{}}
	if len(wasm) < 8 || string(wasm[:4]) != "\x00asm" {
		return s, errWasm
	}
	for b := wasm[8:]; len(b) > 0; {
		id := b[0]
		body, rest, ok := sized(b[1:])
		if !ok {
			return s, errWasm
		}
		if b = rest; id != 0 {
			continue
		}
		name, content, ok := sized(body)
		if !ok {
			return s, errWasm
		}
		if string(name) != "contractspecv0" {
			continue
		}
		if err := s.read(content); err != nil {
			return s, err
		}
	}
	if len(s.Functions) == 0 {
		return s, fmt.Errorf("%w: it has no specification", errWasm)
	}
	return s, nil
}

// sized splits off bytes that begin with their length in LEB128.
func sized(b []byte) (head, rest []byte, ok bool) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, false
	}
	return b[n : n+int(size)], b[n+int(size):], true
}

func (s *Spec) read(b []byte) error {
	for r := bytes.NewReader(b); r.Len() > 0; {
		var e xdr.ScSpecEntry
		if _, err := xdr.Unmarshal(r, &e); err != nil {
			return fmt.Errorf("direct: specification: %w", err)
		}
		switch {
		case e.FunctionV0 != nil:
			s.Functions = append(s.Functions, *e.FunctionV0)
		case e.UdtErrorEnumV0 != nil:
			for _, c := range e.UdtErrorEnumV0.Cases {
				s.Errors[string(c.Name)] = uint32(c.Value)
			}
		}
	}
	return nil
}
