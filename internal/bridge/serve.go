package bridge

import (
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/flashback-network/flashback/internal/bridge/access"
	"github.com/flashback-network/flashback/internal/bridge/s3"
)

// doors is the prefix of the node's own endpoints on the S3 listener. No bucket can have such a name.
const doors = "/.flashback/"

func (n *node) frontURL() string {
	scheme := "http"
	if n.o.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + n.front.Addr().String()
}

// frontServer serves S3 and, beside it, the node's own endpoints. Bodies have no time limit of the server's: the front has its own, which grow with what was moved.
func (n *node) frontServer() *http.Server {
	front := s3.New(s3.Options{Store: n.meter.Wrap(n.engine), Keys: n.keys, Meter: n.figures, Region: n.o.Region, Domain: n.o.Domain, Now: n.o.Now, Logger: n.log})
	own := http.NewServeMux()
	access.NewEndpoint(n.keys, n.o.Key.Account(), n.log).Routes(own)
	n.usageRoutes(own)
	domain := "." + strings.ToLower(n.o.Domain)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, doors) && (n.o.Domain == "" || !strings.HasSuffix(hostOf(r), domain)) {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(10 * time.Second))
			own.ServeHTTP(w, r)
			return
		}
		front.ServeHTTP(w, r)
	})
	s := server(handler, n.log)
	s.TLSConfig = n.o.TLS
	return s
}

func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return strings.ToLower(host)
}

func server(h http.Handler, log *slog.Logger) *http.Server {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return &http.Server{Handler: h, Protocols: p, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}

// adminServer serves health and metrics. It tells nothing of consumers but sums.
func (n *node) adminServer() *http.Server {
	mux := http.NewServeMux()
	text := func(status int, s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, s, status) }
	}
	mux.HandleFunc("GET /livez", text(http.StatusOK, "alive"))
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := n.readiness(); err != nil {
			text(http.StatusServiceUnavailable, err.Error())(w, r)
			return
		}
		text(http.StatusOK, "ready")(w, r)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(n.figures.registry, promhttp.HandlerOpts{}))
	s := server(mux, n.log)
	s.ReadTimeout, s.WriteTimeout = 10*time.Second, 30*time.Second
	return s
}
