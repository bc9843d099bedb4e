package s3

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flashback-network/flashback/internal/bridge/object"
)

// Pages of any size name every upload once, in the order of keys and then of time, also when the upload that a page
// ended with is gone before the next one is asked for.
func TestPagesOfUploads(t *testing.T) {
	t.Parallel()
	var all []object.Upload
	for i, name := range []string{"b", "a", "b", "c/1", "b", "c/2", "d"} {
		all = append(all, object.Upload{Key: object.Key{Name: name}, ID: fmt.Sprint(9 - i), Started: time.Unix(int64(i), 0)})
	}
	const want = "a8 b9 b7 b5 c/ d3 "
	for _, gone := range []bool{false, true} {
		for size := 1; size < 8; size++ {
			left := append([]object.Upload(nil), all...)
			got, key, id := "", "", ""
			for range len(all) + 1 {
				page := pageOfUploads(left, &listing{ListOptions: object.ListOptions{Delimiter: "/", Max: size}}, key, id)
				for _, u := range page.uploads {
					got += u.Name + u.ID + " "
				}
				for _, p := range page.prefixes {
					got += p + " "
				}
				if !page.more {
					break
				}
				if key, id = page.nextKey, page.nextID; gone {
					kept := left[:0]
					for _, u := range left {
						if u.Name > key || u.Name == key && !contains(page.uploads, u.ID) {
							kept = append(kept, u)
						}
					}
					left = kept
				}
			}
			// A page lists its uploads before its prefixes, so larger pages have the same names in another order.
			a, b := strings.Fields(got), strings.Fields(want)
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(a, b) || size == 1 && got != want {
				t.Errorf("pages of %d, removal %t: %s, want %s", size, gone, got, want)
			}
		}
	}
}

func contains(list []object.Upload, id string) bool {
	for i := range list {
		if list[i].ID == id {
			return true
		}
	}
	return false
}
