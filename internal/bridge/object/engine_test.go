package object_test

import (
	"context"
	"testing"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/bridge/object/objecttest"
)

func open(t testing.TB, dir string, o object.Options) *object.Engine {
	t.Helper()
	e, err := object.Open(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		o    object.Options
	}{
		{"Durable", object.Options{}},
		{"RelaxedSmallSegments", object.Options{Sync: object.Relaxed, SegmentSize: 1 << 20, SmallLimit: 100 << 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			objecttest.Run(t, func(t *testing.T) object.Store { return open(t, t.TempDir(), c.o) })
		})
	}
}
