// Package filelock lets one process at a time use a file or the folder that it stands for. The lock ends with the process, however that ends.
package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Take locks an open file, or fails at once when another opening of it is locked: by another process, or by this one.
func Take(f *os.File) error {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
	}
	return nil
}

// Open opens a file, which it makes when it is missing, and takes it.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := Take(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Close unlocks and closes. Closing alone would leave the lock, for a moment, to a child that this process is just starting: it has every open file until it executes its program.
func Close(f *os.File) error {
	return errors.Join(unix.Flock(int(f.Fd()), unix.LOCK_UN), f.Close())
}
