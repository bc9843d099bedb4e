package consensus

import (
	"log/slog"

	"github.com/cometbft/cometbft/libs/log"
)

// logAdapter gives CometBFT's log to slog. What it calls information is detail here: a block every fifth of a second.
type logAdapter struct{ l *slog.Logger }

func (a logAdapter) Debug(string, ...any)        {}
func (a logAdapter) Info(msg string, kv ...any)  { a.l.Debug(msg, kv...) }
func (a logAdapter) Warn(msg string, kv ...any)  { a.l.Warn(msg, kv...) }
func (a logAdapter) Error(msg string, kv ...any) { a.l.Warn(msg, kv...) }
func (a logAdapter) With(kv ...any) log.Logger   { return logAdapter{a.l.With(kv...)} }
