package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/flashback-network/flashback/internal/bridge/access/accesstest"
	"github.com/flashback-network/flashback/internal/bridge/admin"
	"github.com/flashback-network/flashback/internal/ids"
	"github.com/flashback-network/flashback/internal/orchestrator"
	"github.com/flashback-network/flashback/internal/statement"
)

// stated is an SLA's statement of an epoch, checked; nil when there is none.
func (w *world) stated(id ids.ID, epoch uint64) *statement.Signed {
	w.t.Helper()
	res, err := http.Get(fmt.Sprintf("%s%s?sla=%s&epoch=%d", w.addresses.S3, statement.PathUsage, id, epoch))
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil
	}
	var a statement.UsageAnswer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		w.t.Fatal(err)
	}
	s, err := a.Signed()
	if err == nil {
		err = s.Verify(signer("node").Account().Address)
	}
	if err != nil || s.SLA != id || s.Epoch != epoch {
		w.t.Fatalf("a statement of %s in epoch %d: %+v, %v", id, epoch, s, err)
	}
	return s
}

// jump moves the clock to a time before an epoch and waits until the node has heard from the chain there.
func (w *world) jump(start uint64, before time.Duration) {
	w.t.Helper()
	c, _ := w.chain.OracleConfig(context.Background())
	w.clock.add(time.Unix(int64(c.Start(start)), 0).Sub(w.clock.now()) - before)
	w.until("the chain is heard", func() bool {
		s, err := admin.NewClient(w.dir).Status(context.Background())
		return err == nil && s.Ready
	})
}

// TestNothingIsLostAtABorder: writers go on over the border between an SLA and its renewal with the keys that they have. Every write is acknowledged and is there afterwards; each byte is
// one SLA's; the renewal states and proves all of it; and the old one's end takes nothing away.
func TestNothingIsLostAtABorder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	consumer := signer("consumer")
	a := w.chain.AddSLA(accesstest.Deal{Consumer: consumer.Account(), Unit: w.unit, Volume: 16 << 20, Egress: 1 << 20, Epochs: 2, State: orchestrator.Active}) // epochs 1 and 2
	w.start()
	c := w.client(consumer, a.String(), "")
	if err := makeBucket(c, "demo"); err != nil {
		t.Fatal(err)
	}
	large := random(3 << 20)
	if err := put(c, "demo", "large", large); err != nil {
		t.Fatal(err)
	}
	b := w.chain.Renew(a, 16<<20, 8<<20, 2) // epochs 3 and 4
	w.until("the renewal is known", func() bool { _, status := w.keys(consumer, b.String(), ""); return status == http.StatusForbidden })
	w.jump(3, time.Second)

	const size = 2000
	type writer struct{ done int }
	writers := make([]writer, 4)
	over, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for n := 0; over.Err() == nil && n < 400; n++ {
				if err := put(c, "demo", fmt.Sprintf("w%d/%d", i, n), bytes.Repeat([]byte{byte(i), byte(n)}, size/2)); err != nil {
					t.Errorf("writer %d, object %d: %v", i, n, err)
					return
				}
				writers[i].done++
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	time.Sleep(2 * time.Second) // real time: the border is in the middle
	stop()
	wg.Wait()
	total := 0
	for i := range writers {
		total += writers[i].done
		for n := range writers[i].done {
			if got, err := get(c, "demo", fmt.Sprintf("w%d/%d", i, n)); err != nil || !bytes.Equal(got, bytes.Repeat([]byte{byte(i), byte(n)}, size/2)) {
				t.Fatalf("writer %d, object %d after the border: %v", i, n, err)
			}
		}
	}
	if got, err := get(c, "demo", "large"); err != nil || !bytes.Equal(got, large) { // more than the old one's egress: the new one has its own
		t.Fatal(err)
	}
	var last *statement.Signed
	w.until("the old one's last statement", func() bool { last = w.stated(a, 2); return last != nil })
	if last.BytesIn < 3<<20 || last.BytesIn >= uint64(3<<20+total*size) || (last.BytesIn-(3<<20))%size != 0 {
		t.Errorf("the old one's: %+v", last.Usage)
	}
	time.Sleep(time.Second) // real time: the last ones are hashed
	w.jump(4, -time.Second)
	var s *statement.Signed
	w.until("the new one's first statement", func() bool { s = w.stated(b, 3); return s != nil })
	if w.stated(b, 2) != nil || w.stated(a, 3) != nil {
		t.Error("an SLA states an epoch that is not its own")
	}
	stored := uint64(3<<20 + total*size)
	if s.Stored != stored || s.Objects != uint64(total+1) || last.BytesIn+s.BytesIn != stored || s.BytesOut != stored {
		t.Errorf("%d objects of %d bytes; the old one says %+v, the new one %+v", total, stored, last.Usage, s.Usage)
	}
	if low, high := last.Stored*3600, stored*3600; s.ByteSeconds.Hi != 0 || s.ByteSeconds.Lo < low || s.ByteSeconds.Lo > high {
		t.Errorf("%d byte seconds in the new one's first epoch; %d to %d were possible", s.ByteSeconds.Lo, low, high)
	}
	if want := uint64(48 + total); s.Leaves != want {
		t.Errorf("%d chunks in the set, want %d", s.Leaves, want)
	}
	for _, chunk := range []uint64{0, s.Leaves / 2, s.Leaves - 1} {
		q, err := statement.Challenge{SLA: b, Epoch: 3, Chunk: chunk}.Sign(signer("operator 1").Account(), w.clock.now(), signer("operator 1").SignMessage)
		if err != nil {
			t.Fatal(err)
		}
		var answer statement.Answer
		if status := w.post(statement.PathPossession, q, &answer); status != http.StatusOK {
			t.Fatalf("chunk %d: %d", chunk, status)
		}
		if _, gone, err := answer.Verify(&s.Usage, chunk); err != nil || gone {
			t.Fatalf("chunk %d: %v, gone %v", chunk, err, gone)
		}
	}

	w.chain.Renew(b, 16<<20, 8<<20, 100)
	w.jump(40, 0) // the old one's retention is over
	if got, err := get(c, "demo", "large"); err != nil || !bytes.Equal(got, large) {
		t.Fatalf("after the old ones are forgotten: %v", err)
	}
	if err := put(c, "demo", "late", []byte("x")); err != nil {
		t.Fatal(err)
	}
}

// TestASplitPieceOfAnotherBeginsEmptyAndATransferTakesTheDataAlong at the front door.
func TestASplitPieceOfAnotherBeginsEmptyAndATransferTakesTheDataAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	consumer, buyer := signer("consumer"), signer("buyer")
	a := w.sla(1<<20, 1<<20)
	w.start()
	c := w.client(consumer, a.String(), "")
	if err := makeBucket(c, "demo"); err != nil {
		t.Fatal(err)
	}
	if err := put(c, "demo", "k", []byte("mine")); err != nil {
		t.Fatal(err)
	}
	parts := w.chain.Split(a, 12, accesstest.Piece{To: consumer.Account(), Volume: 1 << 19, Egress: 1 << 20}, accesstest.Piece{To: buyer.Account(), Volume: 1 << 19, Egress: 1 << 20})
	w.jump(13, -time.Second)
	if got, err := get(c, "demo", "k"); err != nil || string(got) != "mine" {
		t.Fatalf("the first piece: %v", err)
	}
	w.until("the piece's volume holds", func() bool {
		if err := put(c, "demo", "big", random(600_000)); err != nil {
			return code(err) == "QuotaExceeded"
		}
		if _, err := c.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String("demo"), Key: aws.String("big")}); err != nil {
			t.Fatal(err)
		}
		return false
	})
	w.until("the other piece begins", func() bool { _, status := w.keys(buyer, parts[1].String(), ""); return status == http.StatusOK })
	theirs := w.client(buyer, parts[1].String(), "")
	if _, err := get(theirs, "demo", "k"); code(err) != "NoSuchBucket" {
		t.Errorf("the other piece has data: %v", err)
	}
	w.chain.Transfer(parts[0], buyer.Account())
	w.until("the old consumer is cut off", func() bool { _, err := get(c, "demo", "k"); return code(err) == "AccessDenied" })
	if got, err := get(w.client(buyer, parts[0].String(), ""), "demo", "k"); err != nil || string(got) != "mine" {
		t.Errorf("the data did not go along: %v", err)
	}
}
