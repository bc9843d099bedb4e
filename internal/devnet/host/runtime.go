package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/flashback-network/flashback/contracts/artifacts"
)

// memoryPages bounds one instance's memory: 256 MiB. The network's memory limit for a transaction is far below.
const memoryPages = 4096

// Reader finds ledger entries by their key's XDR. It must give the same answers for the whole of one call; entries that
// have expired are delivered too, with their live-until ledger (0 = the entry has none).
type Reader interface {
	Entry(key string) (entry []byte, liveUntil uint32, ok bool)
}

// Runtime holds the compiled host module. It is safe for concurrent use.
type Runtime struct {
	rt    wazero.Runtime
	code  wazero.CompiledModule
	cache wazero.CompilationCache
}

// Open compiles the embedded host module: about two seconds the first time on a machine, a tenth of one when cacheDir has
// it already. An empty or unusable cacheDir means that nothing is kept.
func Open(ctx context.Context, cacheDir string) (*Runtime, error) {
	wasm, err := artifacts.Wasm("soroban_host")
	if err != nil {
		return nil, err
	}
	r := &Runtime{cache: openCache(cacheDir)}
	r.rt = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithMemoryLimitPages(memoryPages).WithCompilationCache(r.cache))
	if err := r.build(ctx, wasm); err != nil {
		return nil, errors.Join(err, r.Close(ctx))
	}
	return r, nil
}

// DefaultCacheDir is the user's cache directory for compiled modules, or "" if there is none.
func DefaultCacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "flashback", "wazero")
}

func openCache(dir string) wazero.CompilationCache {
	if dir != "" {
		if c, err := wazero.NewCompilationCacheWithDir(dir); err == nil {
			return c
		}
	}
	return wazero.NewCompilationCache()
}

func (r *Runtime) build(ctx context.Context, wasm []byte) error {
	_, err := r.rt.NewHostModuleBuilder("ledger").NewFunctionBuilder().WithFunc(ledgerGet).Export("get").Instantiate(ctx)
	if err != nil {
		return fmt.Errorf("host: ledger import: %w", err)
	}
	_, err = r.rt.NewHostModuleBuilder("env").NewFunctionBuilder().WithFunc(envLog).Export("log").Instantiate(ctx)
	if err != nil {
		return fmt.Errorf("host: env import: %w", err)
	}
	if r.code, err = r.rt.CompileModule(ctx, wasm); err != nil {
		return fmt.Errorf("host: compile: %w", err)
	}
	return nil
}

// Close frees the module and every instance made from it.
func (r *Runtime) Close(ctx context.Context) error {
	return errors.Join(r.rt.Close(ctx), r.cache.Close(ctx))
}

// Instance is one copy of the module's memory. It is not safe for concurrent use.
type Instance struct {
	mod    api.Module
	reader Reader
	log    []string
	broken bool
}

// New makes an instance, in well under a millisecond.
func (r *Runtime) New(ctx context.Context) (*Instance, error) {
	i := &Instance{}
	ctx = context.WithValue(ctx, instanceKey{}, i)
	mod, err := r.rt.InstantiateModule(ctx, r.code, wazero.NewModuleConfig().WithName("").WithStartFunctions("init"))
	if err != nil {
		return nil, fmt.Errorf("host: instantiate: %w", err)
	}
	i.mod = mod
	return i, nil
}

// Close frees the instance.
func (i *Instance) Close(ctx context.Context) error { return i.mod.Close(ctx) }

// instanceKey finds, in the context of a running call, the instance that makes it.
type instanceKey struct{}

func ledgerGet(ctx context.Context, m api.Module, p, n uint32) uint64 {
	i := ctx.Value(instanceKey{}).(*Instance)
	key, ok := m.Memory().Read(p, n)
	if !ok {
		return 0
	}
	entry, live, ok := i.reader.Entry(string(key))
	if !ok {
		return 0
	}
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(entry)), live)
	at, err := i.put(ctx, append(b, entry...))
	if err != nil {
		panic(err) // becomes a trap of the running call
	}
	return at<<32 | uint64(len(entry)+4)
}

func envLog(ctx context.Context, m api.Module, p, n uint32) {
	i := ctx.Value(instanceKey{}).(*Instance)
	if s, ok := m.Memory().Read(p, min(n, 4096)); ok && len(i.log) < 16 {
		i.log = append(i.log, string(s))
	}
}

func (i *Instance) put(ctx context.Context, b []byte) (uint64, error) {
	r, err := i.mod.ExportedFunction("alloc").Call(ctx, uint64(len(b)))
	if err != nil {
		return 0, err
	}
	if !i.mod.Memory().Write(uint32(r[0]), b) {
		return 0, errors.New("host: no memory for a message")
	}
	return r[0], nil
}

// Refusal is an answer of the host that is not a result: a request it cannot serve, in its own words.
type Refusal string

func (e Refusal) Error() string { return string(e) }

// call sends one request (nil for a function without arguments). A Refusal leaves the instance usable; any other error
// breaks it.
func (i *Instance) call(ctx context.Context, reader Reader, function string, request message) (*answer, error) {
	if i.broken {
		return nil, errors.New("host: the instance has trapped before")
	}
	i.broken = true // until the call is seen to have come back
	i.reader, i.log = reader, nil
	ctx = context.WithValue(ctx, instanceKey{}, i)
	var args []uint64
	if request != nil {
		at, err := i.put(ctx, request)
		if err != nil {
			return nil, err
		}
		args = []uint64{at, uint64(len(request))}
	}
	r, err := i.mod.ExportedFunction(function).Call(ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("host: %s trapped: %w %s", function, err, strings.Join(i.log, "; "))
	}
	at, n := uint32(r[0]>>32), uint32(r[0])
	view, ok := i.mod.Memory().Read(at, n)
	if !ok {
		return nil, errShort
	}
	a := &answer{b: append([]byte(nil), view...)}
	if _, err := i.mod.ExportedFunction("dealloc").Call(ctx, uint64(at), uint64(n)); err != nil {
		return nil, err
	}
	i.broken, i.reader = false, nil
	if a.u32() != 0 {
		return nil, Refusal(a.blob())
	}
	return a, a.err
}
