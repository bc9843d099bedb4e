package bridge

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/flashback-network/flashback/internal/bridge/meter"
	"github.com/flashback-network/flashback/internal/bridge/object"
	"github.com/flashback-network/flashback/internal/bridge/s3"
)

// figures are the node's metrics. They stand before the meter and see every request that it sees.
type figures struct {
	*meter.Meter
	registry *prometheus.Registry
	took     [5]prometheus.Observer // by action
	answers  [5][6]prometheus.Counter
	refused  prometheus.Counter
}

func newFigures(n *node) *figures {
	f := &figures{Meter: n.meter, registry: prometheus.NewRegistry()}
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "flashback_node_request_seconds", Help: "Time of S3 requests that were admitted, by action.",
		Buckets: prometheus.ExponentialBuckets(0.0001, 3, 12)}, []string{"action"})
	answers := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "flashback_node_requests_total", Help: "S3 requests that were admitted, by action and class of status."}, []string{"action", "status"})
	f.refused = prometheus.NewCounter(prometheus.CounterOpts{Name: "flashback_node_requests_refused_total", Help: "S3 requests that fair use refused."})
	for a := range f.took {
		name := s3.Action(a).String()
		f.took[a] = took.WithLabelValues(name)
		for c := range f.answers[a] {
			f.answers[a][c] = answers.WithLabelValues(name, strconv.Itoa(c)+"xx")
		}
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	f.registry.MustRegister(took, answers, f.refused, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("flashback_node_chain_silent_seconds", "Time since the chain's last complete answer.", func() float64 { return n.o.Now().Sub(n.view.Answered()).Seconds() }),
		gauge("flashback_node_slas", "SLAs that the node knows.", func() float64 { return float64(len(n.view.SLAs())) }),
		gauge("flashback_node_access_keys", "Access keys.", func() float64 { return float64(n.keys.Count()) }),
		gauge("flashback_node_uncommitted_objects", "Objects that wait to be hashed for their commitment, counted up to 10,000.", func() float64 {
			pending, err := n.proofs.Pending(10_000)
			if err != nil {
				return -1
			}
			return float64(pending)
		}),
		gauge("flashback_node_disk_free_bytes", "Free room of the object store's disk.", func() float64 {
			_, free, err := n.engine.Capacity()
			if err != nil {
				return -1
			}
			return float64(free)
		}))
	return f
}

// AdmitRequest counts what the meter refuses.
func (f *figures) AdmitRequest(space object.Space, a s3.Action) error {
	err := f.Meter.AdmitRequest(space, a)
	if err != nil {
		f.refused.Inc()
	}
	return err
}

// Done counts and times what it admitted.
func (f *figures) Done(space object.Space, a s3.Action, status int, took time.Duration) {
	f.Meter.Done(space, a, status, took)
	if int(a) < len(f.took) {
		f.took[a].Observe(took.Seconds())
		f.answers[a][min(max(status/100, 0), 5)].Inc()
	}
}
