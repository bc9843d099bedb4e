package oracle

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/fault"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/oracle/consensus"
	"github.com/flashback-network/flashback/internal/oracle/possession"
	"github.com/flashback-network/flashback/internal/oracle/report"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

// Status of a validator.
type Status struct {
	Validator   uint32           `json:"validator"`
	Operator    ids.Account      `json:"operator"`
	Ready       bool             `json:"ready"`
	Height      int64            `json:"height"`
	BlockTime   time.Time        `json:"blockTime"`
	Peers       int              `json:"peers"`
	Epoch       uint64           `json:"epoch"`     // by this validator's clock
	NextEpoch   uint64           `json:"nextEpoch"` // that closes next
	Certified   *CertifiedStatus `json:"certified,omitempty"`
	OnChain     *uint64          `json:"onChain,omitempty"` // the contract's latest epoch, as far as known
	Waiting     int              `json:"waiting"`           // certificates that the chain does not have
	Submitted   uint64           `json:"submitted"`         // by this validator since it started
	SubmitError string           `json:"submitError,omitempty"`
	SLAs        int              `json:"slas"`
	Nodes       []NodeStatus     `json:"nodes"`
	Evidence    int              `json:"evidence"` // provable faults recorded
}

// CertifiedStatus is the last certified root.
type CertifiedStatus struct {
	Epoch uint64         `json:"epoch"`
	Root  statement.Root `json:"root"`
}

// NodeStatus is what this validator measured of a node since it started.
type NodeStatus struct {
	Node ids.ID `json:"node"`
	tally
}

// Leaf of a report with its proof: what a settlement needs.
type Leaf struct {
	Epoch uint64         `json:"epoch"`
	Root  statement.Root `json:"root"`
	Leaf  []byte         `json:"leaf"` // canonical bytes
	Proof statement.Path `json:"proof"`
}

// ReportStatus is a closed epoch's report.
type ReportStatus struct {
	Epoch    uint64         `json:"epoch"`
	Root     statement.Root `json:"root"`
	Previous statement.Root `json:"previous"`
	SLAs     []ids.ID       `json:"slas"`
}

// SLAStatus is what the validators agree on of one SLA.
type SLAStatus struct {
	SLA      ids.ID           `json:"sla"`
	Unit     ids.ID           `json:"unit"`
	Node     ids.ID           `json:"node"`
	Start    uint64           `json:"startEpoch"`
	End      uint32           `json:"endEpochs"`
	Figures  Figures          `json:"figures"`
	Verdicts []report.Verdict `json:"windows"` // the last ones, oldest first
}

// Figures of a leaf, cumulative since the SLA began.
type Figures struct {
	Epochs        uint32   `json:"epochs"`
	Slots         uint64   `json:"slots"`
	SlotsBad      uint64   `json:"slotsBad"`
	SlotsExcluded uint64   `json:"slotsExcluded"`
	Operations    uint64   `json:"operations"`
	Errors        uint64   `json:"errors"`
	ByteSeconds   sla.Wide `json:"byteSeconds"`
	BytesIn       uint64   `json:"bytesIn"`
	BytesOut      uint64   `json:"bytesOut"`
	Challenges    uint64   `json:"challenges"`
	Passed        uint64   `json:"passed"`
	Windows       uint32   `json:"windows"`
	Breaches      uint32   `json:"breaches"`
	SlashBps      uint32   `json:"slashBps"`
	Warnings      uint32   `json:"warnings"`
	Lost          bool     `json:"lost"`
	Status        string   `json:"status"` // running, complete, abandoned
}

func figures(l *sla.Leaf) Figures {
	return Figures{l.Epochs, l.Slots, l.SlotsBad, l.SlotsExcluded, l.Operations, l.Errors, l.ByteSeconds, l.BytesIn, l.BytesOut, l.Challenges, l.Passed, l.Windows, l.Breaches, l.SlashBps,
		l.Warnings, l.Lost == 1, [...]string{"running", "complete", "abandoned"}[min(l.Status, sla.Abandoned)]}
}

// EvidenceStatus is a provable fault: two signed documents that exclude each other.
type EvidenceStatus struct {
	Validator *uint32 `json:"validator,omitempty"`
	Node      *ids.ID `json:"node,omitempty"`
	Epoch     uint64  `json:"epoch"`
	First     string  `json:"first"` // hexadecimal
	Second    string  `json:"second"`
}

func (v *validator) status() Status {
	c := v.node.Committed()
	s := Status{Validator: v.me, Operator: v.o.Operator.Account(), Ready: v.isReady(c), Height: c.Height, BlockTime: time.UnixMilli(int64(c.State.Time())).UTC(), Peers: v.node.Peers(),
		Epoch: v.config.Epoch(v.now() / 1000), NextEpoch: c.State.Next, SLAs: len(c.State.Records()), Evidence: len(c.State.Evidence()), Nodes: []NodeStatus{}}
	if l := c.State.Last; l.Any {
		s.Certified = &CertifiedStatus{l.Epoch, l.Root}
	}
	v.submits.set(func(x *submissions) { s.OnChain, s.Submitted, s.SubmitError = x.onChain, x.made, x.failure })
	for _, x := range v.node.Certificates() {
		if s.OnChain == nil || x.Epoch > *s.OnChain {
			s.Waiting++
		}
	}
	for id, t := range v.book.tallies() {
		s.Nodes = append(s.Nodes, NodeStatus{id, t})
	}
	slices.SortFunc(s.Nodes, func(a, b NodeStatus) int { return slices.Compare(a.Node[:], b.Node[:]) })
	return s
}

// maxBlockAge is three times what passes between blocks when there is nothing to do.
const maxBlockAge = 30 * time.Second

// isReady when the chain was read, blocks come, and the log is not far behind.
func (v *validator) isReady(c *consensus.Committed) bool {
	return v.watch.ready() && c.Height > 0 && v.now() < c.State.Time()+uint64(maxBlockAge.Milliseconds())
}

type metrics struct {
	registry   *prometheus.Registry
	height     prometheus.Gauge
	next       prometheus.Gauge
	probes     *prometheus.CounterVec
	ttfb       prometheus.Histogram
	challenges *prometheus.CounterVec
	submitted  prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		height:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "flashback_validator_height", Help: "Blocks of the log."}),
		next:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "flashback_validator_next_epoch", Help: "The epoch that closes next."}),
		probes:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "flashback_validator_probes_total", Help: "Probes of nodes by result."}, []string{"result"}),
		ttfb:       prometheus.NewHistogram(prometheus.HistogramOpts{Name: "flashback_validator_ttfb_seconds", Help: "Time to first byte of probes.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}),
		challenges: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "flashback_validator_challenges_total", Help: "Possession challenges by result."}, []string{"result"}),
		submitted:  prometheus.NewCounter(prometheus.CounterOpts{Name: "flashback_validator_submitted_total", Help: "Certificates that this validator brought to the chain."}),
	}
	m.registry.MustRegister(m.height, m.next, m.probes, m.ttfb, m.challenges, m.submitted)
	return m
}

func (m *metrics) block(c *consensus.Committed) {
	m.height.Set(float64(c.Height))
	m.next.Set(float64(c.State.Next))
}

func (m *metrics) probe(f report.SlotFigures) {
	result := "right"
	switch {
	case f.State == report.Unreachable:
		result = "unreachable"
	case f.Errors > 0:
		result = "wrong"
	}
	m.probes.WithLabelValues(result).Inc()
	if f.TTFB != sla.NoFigure {
		m.ttfb.Observe(float64(f.TTFB) / 1000)
	}
}

func (m *metrics) challenge(r possession.Result) {
	m.challenges.WithLabelValues([...]string{"unanswered", "passed", "failed", "void"}[r]).Inc()
}

// serve answers at the HTTP door until ctx ends. Everything there is public; it listens where the caller chose.
func (v *validator) serve(ctx context.Context) error {
	if v.o.Status == nil {
		return nil
	}
	srv := &http.Server{Handler: v.routes(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(v.o.Status) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := srv.Shutdown(stop)
	if serr := <-failed; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

func (v *validator) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if v.isReady(v.node.Committed()) {
			answer(w, http.StatusOK, "ready")
		} else {
			answer(w, http.StatusServiceUnavailable, "not ready")
		}
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(v.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, v.status()) })
	route(mux, "GET /v1/reports/{epoch}", v.getReport)
	route(mux, "GET /v1/reports/{epoch}/slas/{sla}", v.getLeaf)
	route(mux, "GET /v1/certificates/{epoch}", v.getCertificate)
	route(mux, "GET /v1/slas", v.getSLAs)
	route(mux, "GET /v1/slas/{sla}", v.getSLA)
	route(mux, "GET /v1/slas/{sla}/evidence", v.getAnswers)
	route(mux, "GET /v1/evidence", v.getEvidence)
	return mux
}

// route answers with JSON or an RFC 9457 problem.
func route[T any](mux *http.ServeMux, pattern string, f func(*http.Request) (T, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		x, err := f(r)
		if err == nil {
			answer(w, http.StatusOK, x)
			return
		}
		status := map[fault.Kind]int{fault.NotFound: http.StatusNotFound, fault.Invalid: http.StatusBadRequest}[fault.KindOf(err)]
		if status == 0 {
			status = http.StatusInternalServerError
		}
		w.Header().Set("Content-Type", "application/problem+json")
		answer(w, status, map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": fault.Public(err), "code": fault.CodeOf(err)})
	})
}

func answer(w http.ResponseWriter, status int, x any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(x) // the client is gone: nobody to tell
}

var (
	errEpoch = fault.New(fault.Invalid, "epoch_invalid", "an epoch is a number, or latest")
	errSLA   = fault.New(fault.NotFound, "sla_unknown", "this SLA is not in the report")
)

// epoch of a path; "latest" is the last certified one.
func (v *validator) epoch(r *http.Request) (uint64, error) {
	if s := r.PathValue("epoch"); s != "latest" {
		e, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return 0, errEpoch
		}
		return e, nil
	}
	l := v.node.Committed().State.Last
	if !l.Any {
		return 0, consensus.ErrNoReport
	}
	return l.Epoch, nil
}

func (v *validator) getReport(r *http.Request) (ReportStatus, error) {
	e, err := v.epoch(r)
	if err != nil {
		return ReportStatus{}, err
	}
	x, err := v.node.Report(e)
	if err != nil {
		return ReportStatus{}, err
	}
	s := ReportStatus{x.Epoch, x.Root, x.Previous, []ids.ID{}}
	for i := range x.Leaves {
		s.SLAs = append(s.SLAs, x.Leaves[i].SLA)
	}
	return s, nil
}

func (v *validator) getLeaf(r *http.Request) (Leaf, error) {
	e, err := v.epoch(r)
	if err != nil {
		return Leaf{}, err
	}
	id, err := ids.Parse(r.PathValue("sla"))
	if err != nil {
		return Leaf{}, errSLA
	}
	x, err := v.node.Report(e)
	if err != nil {
		return Leaf{}, err
	}
	leaf, proof, ok := x.Prove(id)
	if !ok {
		return Leaf{}, errSLA
	}
	return Leaf{x.Epoch, x.Root, leaf.Bytes(), statement.Path(proof)}, nil
}

// getCertificate gives the newest certificates, as long as they are kept.
func (v *validator) getCertificate(r *http.Request) (map[string][]byte, error) {
	e, err := v.epoch(r)
	if err != nil {
		return nil, err
	}
	l := v.node.Certificates()
	i, ok := slices.BinarySearchFunc(l, e, func(c *cert.Certificate, e uint64) int { return int(int64(c.Epoch) - int64(e)) })
	if !ok {
		return nil, consensus.ErrNoReport
	}
	return map[string][]byte{"certificate": l[i].Bytes()}, nil
}

func slaStatus(x *report.Record) SLAStatus {
	return SLAStatus{x.SLA, x.Unit, x.Node, x.Start, x.End, figures(&x.Leaf), append([]report.Verdict{}, x.Verdicts...)}
}

func (v *validator) getSLAs(*http.Request) ([]SLAStatus, error) {
	l := []SLAStatus{}
	for _, x := range v.node.Committed().State.Records() {
		l = append(l, slaStatus(x))
	}
	return l, nil
}

func (v *validator) getSLA(r *http.Request) (SLAStatus, error) {
	id, err := ids.Parse(r.PathValue("sla"))
	if err != nil {
		return SLAStatus{}, errSLA
	}
	x := v.node.Committed().State.Record(id)
	if x == nil {
		return SLAStatus{}, errSLA
	}
	return slaStatus(x), nil
}

// getAnswers is what the SLA's node signed and should not have: hashes, no data, and worth something to whoever proves with it.
func (v *validator) getAnswers(r *http.Request) ([]possession.Evidence, error) {
	id, err := ids.Parse(r.PathValue("sla"))
	if err != nil {
		return nil, errSLA
	}
	l, err := possession.ReadEvidence(id, EvidenceDir(v.o.Dir))
	if l == nil {
		l = []possession.Evidence{}
	}
	return l, err
}

func (v *validator) getEvidence(*http.Request) ([]EvidenceStatus, error) {
	l := []EvidenceStatus{}
	for _, e := range v.node.Committed().State.Evidence() {
		x := EvidenceStatus{Epoch: e.Epoch, First: hex.EncodeToString(e.First), Second: hex.EncodeToString(e.Second)}
		if e.Node.Zero() {
			x.Validator = &e.Validator
		} else {
			x.Node = &e.Node
		}
		l = append(l, x)
	}
	return l, nil
}
