//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/money"
	"github.com/flashback-network/flashback/internal/network"
	"github.com/flashback-network/flashback/internal/platform/httpapi"
)

// made is what the commands say of an SLA that they made.
type made struct {
	ID         ids.ID `json:"id"`
	State      string `json:"state"`
	StartEpoch uint64 `json:"startEpoch"`
}

// turn is of those who sign with the consumer's wallet: a transaction has the number after the last one's.
var turn sync.Mutex

func sent[T any](l *local, args ...string) T {
	turn.Lock()
	defer turn.Unlock()
	return ask[T](l, args...)
}

// rent opens a small SLA on the first node's unit.
func (l *local) rent(epochs int) made {
	return sent[made](l, "sla", "open", "--unit", l.info.Nodes[0].Unit.String(), "--volume", "64MiB", "--egress", "64MiB", "--epochs", fmt.Sprint(epochs), "-w", "consumer")
}

// keysFor gets a wallet's S3 keys, as soon as the node knows the SLA.
func (l *local) keysFor(sla ids.ID, wallet string) network.Demo {
	l.t.Helper()
	var k struct{ Endpoint, AccessKey, SecretKey string }
	eventually(l.t, window, "keys of "+wallet, func() bool {
		s, err := l.run("keys", "new", "--sla", sla.String(), "-w", wallet, "--json")
		return err == nil && unmarshal(s, &k) == nil
	})
	return network.Demo{S3: k.Endpoint, AccessKey: k.AccessKey, SecretKey: k.SecretKey, Bucket: "data", SLA: sla}
}

func bucket(d network.Demo) error {
	_, err := s3Client(d).CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String(d.Bucket)})
	return err
}

func read(d network.Demo, key string) ([]byte, error) {
	out, err := s3Client(d).GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String(d.Bucket), Key: aws.String(key)})
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

func (l *local) reaches(sla ids.ID, state string, limit time.Duration) httpapi.SLA {
	l.t.Helper()
	var s httpapi.SLA
	eventually(l.t, limit, fmt.Sprintf("SLA %s to be %s", sla.Short(), state), func() bool { s = l.sla(sla.String()); return s.State == state })
	return s
}

// TestSLAsAfterSLAs: renewed under writes, split, transferred, reclaimed, and several at once, by the commands and with real keys.
func TestSLAsAfterSLAs(t *testing.T) {
	l := up(t, quick...)
	l.must("wallet", "new", "buyer")
	for name, part := range map[string]func(*testing.T, *local){"renewed": renewed, "split": split, "transferred": transferred, "reclaimed": reclaimed, "joint": joint} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, l.with(t))
		})
	}
}

func renewed(t *testing.T, l *local) {
	a := l.rent(6)
	d := l.keysFor(a.ID, "consumer")
	if err := bucket(d); err != nil {
		t.Fatal(err)
	}
	b := sent[made](l, "sla", "renew", a.ID.String(), "--epochs", "60")
	if b.StartEpoch != a.StartEpoch+6 {
		t.Fatalf("the renewal begins in epoch %d, the first one ends before %d", b.StartEpoch, a.StartEpoch+6)
	}
	var written atomic.Int64
	over := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			if err := put(d, fmt.Sprint("k", n), 1000); err != nil {
				done <- fmt.Errorf("object %d: %w", n, err)
				return
			}
			written.Store(int64(n + 1))
			select {
			case <-over:
				done <- nil
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	eventually(t, 3*window, "two settled epochs of the renewal", func() bool { return l.sla(b.ID.String()).SettledEpochs >= 2 })
	close(over)
	if err := <-done; err != nil {
		t.Fatalf("a write was refused: %v", err)
	}
	for n := range written.Load() {
		if got, err := read(d, fmt.Sprint("k", n)); err != nil || !bytes.Equal(got, make([]byte, 1000)) {
			t.Fatalf("object %d: %v", n, err)
		}
	}
	first := l.reaches(a.ID, "completed", window)
	if first.Next != b.ID.String() || first.Slashed.Sign() != 0 || first.Credited.Sign() != 0 {
		t.Errorf("the first one: %+v", first)
	}
	s, _, leaf := l.model(b.ID.String())
	if s.Previous != a.ID.String() || leaf.SlotsBad != 0 || leaf.Passed != leaf.Challenges || leaf.Warnings != 0 {
		t.Errorf("the renewal: %+v", leaf)
	}
	t.Logf("%d objects over the border; the renewal's epochs %d, %d of %d challenges passed", written.Load(), leaf.Epochs, leaf.Passed, leaf.Challenges)
}

func split(t *testing.T, l *local) {
	a := l.rent(24)
	d := l.keysFor(a.ID, "consumer")
	if err := bucket(d); err != nil {
		t.Fatal(err)
	}
	if err := put(d, "k", 1000); err != nil {
		t.Fatal(err)
	}
	x := sent[struct {
		EndEpochs uint32
		Parts     []struct{ ID ids.ID }
	}](l, "sla", "split", a.ID.String(), "--part", "volume=40MiB", "--part", "to=buyer", "-w", "consumer")
	if x.EndEpochs%6 != 0 || len(x.Parts) != 2 {
		t.Fatalf("%+v", x)
	}
	whole := l.sla(a.ID.String())
	mine, theirs := l.sla(x.Parts[0].ID.String()), l.sla(x.Parts[1].ID.String())
	if mine.Volume+theirs.Volume != whole.Volume || mine.StartEpoch != whole.StartEpoch+uint64(x.EndEpochs) || whole.EndEpochs != x.EndEpochs || theirs.Consumer != l.wallet("buyer").Account() {
		t.Errorf("whole %+v\nmine %+v\ntheirs %+v", whole, mine, theirs)
	}
	l.reaches(a.ID, "completed", 3*window)
	if got, err := read(d, "k"); err != nil || len(got) != 1000 {
		t.Errorf("the first part: %v", err)
	}
	if _, err := read(func() network.Demo { k := l.keysFor(theirs.ID, "buyer"); return k }(), "k"); err == nil {
		t.Error("the other part has the data")
	}
}

func transferred(t *testing.T, l *local) {
	a := l.rent(60)
	d := l.keysFor(a.ID, "consumer")
	if err := bucket(d); err != nil {
		t.Fatal(err)
	}
	if err := put(d, "k", 1000); err != nil {
		t.Fatal(err)
	}
	sent[any](l, "sla", "transfer", a.ID.String(), "--to", "buyer", "-w", "consumer")
	took := eventually(t, 10*time.Second, "the old consumer is refused", func() bool { _, err := read(d, "k"); return err != nil })
	if got, err := read(l.keysFor(a.ID, "buyer"), "k"); err != nil || len(got) != 1000 {
		t.Errorf("the data did not go along: %v", err)
	}
	eventually(t, 10*time.Second, "the new consumer's list", func() bool {
		for _, s := range ask[httpapi.List[httpapi.SLASummary]](l, "sla", "list", "--party", "buyer").Items {
			if s.ID == a.ID.String() {
				return true
			}
		}
		return false
	})
	t.Logf("the old consumer was refused %s after the transfer", took.Round(10*time.Millisecond))
}

func reclaimed(t *testing.T, l *local) {
	a := l.rent(120)
	d := l.keysFor(a.ID, "consumer")
	if err := bucket(d); err != nil {
		t.Fatal(err)
	}
	x := sent[struct {
		EndEpochs uint32
		Price     money.Amount
		State     string
	}](l, "sla", "reclaim", a.ID.String(), "-w", "provider-1")
	if x.State != "reclaiming" || x.EndEpochs%6 != 0 || x.Price.Sign() <= 0 {
		t.Fatalf("%+v", x)
	}
	if err := put(d, "late", 10); err != nil {
		t.Errorf("within the notice: %v", err)
	}
	l.reaches(a.ID, "completed", 5*window)
	_, c := l.open()
	eventually(t, window, "the price is paid", func() bool {
		r, err := c.Reservation(context.Background(), a.ID)
		return err == nil && r.Reclaim.Equal(x.Price) && r.Owed.Sign() == 0
	})
	s, _, leaf := l.model(a.ID.String())
	if leaf.Epochs != x.EndEpochs || s.Slashed.Sign() != 0 {
		t.Errorf("%d epochs of %d, slashed %s", leaf.Epochs, x.EndEpochs, s.Slashed)
	}
}

func joint(t *testing.T, l *local) {
	x := sent[struct {
		Group ids.ID
		Parts []made
	}](l, "sla", "joint", "--volume", "64MiB", "--egress", "64MiB", "--epochs", "60", "--redundancy", "2", "--part", "unit="+l.info.Nodes[0].Unit.String(), "--part", "unit="+l.info.Nodes[1].Unit.String(), "-w", "consumer")
	if len(x.Parts) != 2 || x.Parts[0].ID != x.Group {
		t.Fatalf("%+v", x)
	}
	one, two := l.reaches(x.Parts[0].ID, "active", window), l.reaches(x.Parts[1].ID, "active", window)
	if one.StartEpoch != two.StartEpoch || one.Group != x.Group.String() || two.Group != x.Group.String() || one.Redundancy != 2 || two.Units[0].Unit != l.info.Nodes[1].Unit {
		t.Errorf("%+v\n%+v", one, two)
	}
	for _, p := range x.Parts {
		d := l.keysFor(p.ID, "consumer")
		if err := bucket(d); err != nil {
			t.Fatal(err)
		}
		if err := put(d, "copy", 1000); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, window, "both parts to be listed", func() bool { // lists are the platform's, which follows the chain
		return len(ask[httpapi.List[httpapi.SLASummary]](l, "sla", "list", "--group", x.Group.String()).Items) == 2
	})
}
