package oracle

import (
	"crypto/ed25519"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/flashback-network/flashback/internal/canon"
	"github.com/flashback-network/flashback/internal/cert"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/merkle"
	"github.com/flashback-network/flashback/internal/sla"
	"github.com/flashback-network/flashback/internal/statement"
)

// fakeNode is a Bridge Node in small: keys for operators, enough S3 for probes, usage statements and possession of one object per SLA.
type fakeNode struct {
	t      *testing.T
	key    ed25519.PrivateKey
	id     ids.ID
	server *httptest.Server
	epoch  func() uint64

	mu        sync.Mutex
	operators map[ids.Account]bool
	keys      map[string]bool
	objects   map[string][]byte // by access key and path
	body      []byte            // what it holds for every SLA
	lost      bool              // it does not have the bytes any more
	broken    bool              // every S3 call fails
}

func newFakeNode(t *testing.T, config *cert.Config, epoch func() uint64) *fakeNode {
	_, k, _ := ed25519.GenerateKey(nil)
	n := &fakeNode{t: t, key: k, epoch: epoch, operators: map[ids.Account]bool{}, keys: map[string]bool{}, objects: map[string][]byte{}, body: make([]byte, 5*statement.ChunkSize+77)}
	for i := range n.body {
		n.body[i] = byte(i * 7)
	}
	for _, v := range config.Validators {
		n.operators[v.Operator] = true
	}
	n.id = ids.NodeID(ids.Account{Chain: ids.Stellar, Kind: ids.Contract, Address: [32]byte{9}}, n.account())
	n.server = httptest.NewServer(n)
	t.Cleanup(n.server.Close)
	return n
}

func (n *fakeNode) account() ids.Account {
	return ids.Account{Chain: ids.Stellar, Address: [32]byte(n.key.Public().(ed25519.PublicKey))}
}

func (n *fakeNode) set(change func(*fakeNode)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change(n)
}

func (n *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	n.mu.Lock()
	defer n.mu.Unlock()
	switch r.URL.Path {
	case statement.PathChallenge:
		var in statement.KeyChallenge
		_ = json.Unmarshal(body, &in)
		_ = json.NewEncoder(w).Encode(statement.KeyChallenged{Challenge: fmt.Sprintf("Flashback S3 keys\n%s\n%s\n%s\nnonce\n0", n.account(), in.Account, in.SLA)})
	case statement.PathKeys:
		var in statement.KeyRequest
		_ = json.Unmarshal(body, &in)
		who, err := ids.ParseAccount(strings.Split(in.Challenge, "\n")[2])
		h := canon.Hash([]byte(in.Challenge))
		if err != nil || !n.operators[who] || !ed25519.Verify(who.Address[:], h[:], in.Signature) {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		k := "AK" + who.String()[:18]
		n.keys[k] = true
		_ = json.NewEncoder(w).Encode(statement.Keys{AccessKey: k, SecretKey: "secret", Expires: 1 << 40})
	case statement.PathUsage:
		n.usage(w, r)
	case statement.PathPossession:
		n.possession(w, body)
	default:
		n.s3(w, r, body)
	}
}

// statementOf an epoch: one object since the SLA began.
func (n *fakeNode) statementOf(id ids.ID, epoch uint64) (*statement.Signed, statement.Held) {
	size, root := uint64(len(n.body)), merkle.Root(chunks(n.body))
	held := statement.Held{Object: statement.ObjectID(id, "b", "k", 1), Commitment: statement.Commitment(size, root), Size: size}
	u := statement.Usage{Node: n.id, SLA: id, Epoch: epoch, Objects: 1, Stored: size, ByteSeconds: sla.Wide{Lo: size * (epoch + 1)}, BytesIn: size, BytesOut: 10 * (epoch + 1),
		Leaves: statement.Chunks(size), SetRoot: merkle.Leaf(held.Bytes())}
	s, _ := statement.SignUsage(u, func(h [32]byte) ([]byte, error) { return ed25519.Sign(n.key, h[:]), nil })
	return s, held
}

func (n *fakeNode) usage(w http.ResponseWriter, r *http.Request) {
	id, err := ids.Parse(r.URL.Query().Get("sla"))
	epoch, perr := strconv.ParseUint(r.URL.Query().Get("epoch"), 10, 64)
	if perr != nil {
		epoch = n.epoch() - 1
	}
	if err != nil || epoch >= n.epoch() {
		http.Error(w, "not yet", http.StatusNotFound)
		return
	}
	s, _ := n.statementOf(id, epoch)
	_ = json.NewEncoder(w).Encode(s.Answer())
}

func (n *fakeNode) possession(w http.ResponseWriter, body []byte) {
	var in statement.SignedChallenge
	if json.Unmarshal(body, &in) != nil || !n.operators[in.Operator] || n.lost {
		http.Error(w, "cannot", http.StatusNotFound)
		return
	}
	u, held := n.statementOf(in.SLA, in.Epoch)
	c := chunks(n.body)
	at := int(in.Chunk)
	a := statement.Answer{Held: held.Bytes(), Root: statement.Root(merkle.Root(c)), Chunk: n.body[at*statement.ChunkSize : min(len(n.body), (at+1)*statement.ChunkSize)],
		ChunkPath: statement.Path(merkle.Prove(c, at))}
	_ = a.Sign(&u.Usage, in.Chunk, func(h [32]byte) ([]byte, error) { return ed25519.Sign(n.key, h[:]), nil })
	_ = json.NewEncoder(w).Encode(a)
}

func chunks(b []byte) (h []merkle.Hash) {
	for len(b) > 0 {
		k := min(statement.ChunkSize, len(b))
		h = append(h, merkle.Leaf(b[:k]))
		b = b[k:]
	}
	return h
}

func (n *fakeNode) s3(w http.ResponseWriter, r *http.Request, body []byte) {
	if n.broken {
		http.Error(w, "InternalError", http.StatusInternalServerError)
		return
	}
	_, auth, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	ak, _, _ := strings.Cut(auth, "/")
	if !n.keys[ak] {
		http.Error(w, "AccessDenied", http.StatusForbidden)
		return
	}
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 2)
	path := ak + r.URL.Path
	switch {
	case parts[0] == "":
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName xml.Name `xml:"ListAllMyBucketsResult"`
		}{})
	case len(parts) == 1 && r.Method == http.MethodGet:
		type entry struct{ Key string }
		var l struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Contents []entry
		}
		for k := range n.objects {
			if name, ok := strings.CutPrefix(k, path+"/"); ok && strings.HasPrefix(name, r.URL.Query().Get("prefix")) {
				l.Contents = append(l.Contents, entry{name})
			}
		}
		_ = xml.NewEncoder(w).Encode(l)
	case len(parts) == 1: // a bucket is made
	case r.Method == http.MethodPut:
		n.objects[path] = body
	case r.Method == http.MethodDelete:
		delete(n.objects, path)
		w.WriteHeader(http.StatusNoContent)
	default:
		b, ok := n.objects[path]
		if !ok {
			http.Error(w, "NoSuchKey", http.StatusNotFound)
			return
		}
		_, _ = w.Write(b)
	}
}
