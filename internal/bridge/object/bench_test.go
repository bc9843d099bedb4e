package object_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/bridge/object/objecttest"
)

var ctx = context.Background()

const space = object.Space("bench")

func key(name string) object.Key { return object.Key{Space: space, Bucket: "b", Name: name} }

func benchEngine(b *testing.B, o object.Options) *object.Engine {
	e := open(b, b.TempDir(), o)
	if _, err := e.CreateBucket(ctx, space, "b"); err != nil {
		b.Fatal(err)
	}
	return e
}

// cpu is the processor time of this process, user and system, in nanoseconds.
func cpu() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

// measure reports processor time per operation besides the wall clock's.
func measure(b *testing.B, run func()) {
	b.ResetTimer()
	before := cpu()
	run()
	b.ReportMetric(float64(cpu()-before)/float64(b.N)/1000, "cpu-µs/op")
}

// parallel runs f b.N times on n goroutines.
func parallel(b *testing.B, n int, f func(i int64) error) {
	var next atomic.Int64
	measure(b, func() {
		done := make(chan error, n)
		for range n {
			go func() {
				for {
					i := next.Add(1)
					if i > int64(b.N) {
						done <- nil
						return
					}
					if err := f(i); err != nil {
						done <- err
						return
					}
				}
			}()
		}
		for range n {
			if err := <-done; err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkPut(b *testing.B) {
	for _, c := range []struct {
		name    string
		size    int
		writers int
		compute object.Algorithm
		sync    object.Sync
	}{
		{"4KiB/16", 4 << 10, 16, 0, object.Durable},
		{"4KiB/64", 4 << 10, 64, 0, object.Durable},
		{"4KiB/16/MD5", 4 << 10, 16, object.MD5, object.Durable},
		{"4KiB/16/relaxed", 4 << 10, 16, 0, object.Relaxed},
		{"1MiB/16", 1 << 20, 16, 0, object.Durable},
		{"64MiB/2", 64 << 20, 2, 0, object.Durable},
		{"64MiB/2/MD5", 64 << 20, 2, object.MD5, object.Durable},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := benchEngine(b, object.Options{Sync: c.sync})
			data := objecttest.Bytes(1, c.size)
			b.SetBytes(int64(c.size))
			b.ReportAllocs()
			names := int64(1 << 40)
			if c.size > 1<<20 {
				names = 4 // so that the page cache, not the machine's memory, is measured
			}
			parallel(b, c.writers, func(i int64) error {
				i %= names
				_, err := e.Put(ctx, key(fmt.Sprintf("dir%d/object%09d", i%100, i)), bytes.NewReader(data), int64(c.size), object.PutOptions{Compute: c.compute})
				return err
			})
		})
	}
}

func BenchmarkGet(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
		n    int
	}{{"4KiB", 4 << 10, 2000}, {"1MiB", 1 << 20, 20}, {"64MiB", 64 << 20, 1}} {
		b.Run(c.name, func(b *testing.B) {
			e := benchEngine(b, object.Options{Sync: object.Relaxed})
			data := objecttest.Bytes(1, c.size)
			for i := range c.n {
				if _, err := e.Put(ctx, key(fmt.Sprintf("object%09d", i)), bytes.NewReader(data), int64(c.size), object.PutOptions{}); err != nil {
					b.Fatal(err)
				}
			}
			conns := make(chan net.Conn, 4)
			for range cap(conns) {
				conns <- drain(b)
			}
			b.SetBytes(int64(c.size))
			b.ReportAllocs()
			parallel(b, cap(conns), func(i int64) error {
				o, err := e.Open(ctx, key(fmt.Sprintf("object%09d", int(i)%c.n)), 0)
				if err != nil {
					return err
				}
				conn := <-conns
				_, err = o.WriteRange(conn, 0, int64(c.size))
				conns <- conn
				_ = o.Close()
				return err
			})
		})
	}
}

// drain is a TCP connection whose other end throws everything away.
func drain(b *testing.B) net.Conn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, 256<<10))
		_ = c.Close()
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

func BenchmarkStat(b *testing.B) {
	e := benchEngine(b, object.Options{Sync: object.Relaxed})
	for i := range 2000 {
		if _, err := e.Put(ctx, key(fmt.Sprintf("object%09d", i)), bytes.NewReader([]byte("x")), 1, object.PutOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	parallel(b, 4, func(i int64) error {
		_, err := e.Stat(ctx, key(fmt.Sprintf("object%09d", i%2000)), 0)
		return err
	})
}

func BenchmarkList1000Of100000(b *testing.B) {
	const keys = 100_000
	e := benchEngine(b, object.Options{Sync: object.Relaxed})
	var next atomic.Int64
	done := make(chan error)
	for range 16 {
		go func() {
			for {
				i := next.Add(1)
				if i > keys {
					done <- nil
					return
				}
				if _, err := e.Put(ctx, key(fmt.Sprintf("object%09d", i)), bytes.NewReader([]byte("x")), 1, object.PutOptions{Compute: object.MD5}); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range 16 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	parallel(b, 1, func(i int64) error {
		_, err := e.List(ctx, space, "b", object.ListOptions{After: fmt.Sprintf("object%09d", i*7919%(keys-1000))})
		return err
	})
}
