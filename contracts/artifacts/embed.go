// Package artifacts embeds the built WebAssembly that Flashback runs or deploys: the Soroban host of the local network
// and the Orchestrator contracts. The files are committed with their checksums (*SHA256SUMS, of the uncompressed wasm),
// so that nobody needs Rust to build or install Flashback; contracts/host/build.sh --check rebuilds and compares.
package artifacts

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// The patterns take whatever is there: *.wasm as it is, *.wasm.zst compressed.
//
//go:embed *SHA256SUMS *.wasm*
var files embed.FS

// maxSize bounds what a compressed artifact may unpack to.
const maxSize = 64 << 20

// Wasm is the artifact called name (without ".wasm"), unpacked and checked against its checksum. An artifact that is
// absent gives an error that is fs.ErrNotExist.
func Wasm(name string) ([]byte, error) {
	file := name + ".wasm"
	b, err := files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		b, err = unpack(file + ".zst")
	}
	if err != nil {
		return nil, fmt.Errorf("artifact %s: %w", name, err)
	}
	want, err := checksum(file)
	if err != nil {
		return nil, fmt.Errorf("artifact %s: %w", name, err)
	}
	if got := sha256.Sum256(b); hex.EncodeToString(got[:]) != want {
		return nil, fmt.Errorf("artifact %s: SHA-256 is %x, the checksum list says %s", name, got, want)
	}
	return b, nil
}

// Names lists the artifacts, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(strings.TrimSuffix(e.Name(), ".zst"), ".wasm"); ok {
			names = append(names, name)
		}
	}
	return names
}

func unpack(file string) ([]byte, error) {
	packed, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxSize), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.DecodeAll(packed, nil)
}

func checksum(file string) (string, error) {
	for _, list := range []string{"SHA256SUMS", "CONTRACTS.SHA256SUMS"} { // the host's, the contracts'
		sums, err := files.ReadFile(list)
		if err != nil {
			return "", err
		}
		for s := bufio.NewScanner(bytes.NewReader(sums)); s.Scan(); {
			if sum, name, ok := strings.Cut(s.Text(), "  "); ok && name == file {
				return sum, nil
			}
		}
	}
	return "", fmt.Errorf("no line in SHA256SUMS or CONTRACTS.SHA256SUMS")
}
