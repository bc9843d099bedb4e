package filelock_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/flashback-network/flashback/internal/filelock"
)

// A lock is free again at once, also while children are being started, which have every open file until they execute.
func TestFreeAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "LOCK")
	stop := make(chan struct{})
	var starting sync.WaitGroup
	for range 4 {
		starting.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = exec.Command(os.Args[0], "-test.run", "^$").Run()
				}
			}
		})
	}
	defer starting.Wait()
	defer close(stop)
	for i := range 2000 {
		f, err := filelock.Open(path)
		if err != nil {
			t.Fatalf("time %d: %v", i, err)
		}
		if other, err := filelock.Open(path); err == nil {
			t.Fatalf("taken twice: %v", other.Name())
		}
		if err := filelock.Close(f); err != nil {
			t.Fatal(err)
		}
	}
}
