// Command vectorgen writes contracts/vectors: what every implementation of the specification has to agree on, as data. It is deterministic; `make gen` runs it.
//
//	go run ./internal/orchestrator/vectorgen [-out contracts/vectors]
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", "contracts/vectors", "folder to write to")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir string) error {
	files, n, err := generate()
	if err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return fmt.Errorf("writing vectors: %w", err)
		}
	}
	fmt.Printf("%d cases in %d files\n", n, len(files))
	return nil
}

// generate makes the files and counts their cases.
func generate() (map[string][]byte, int, error) {
	files := map[string][]byte{}
	cases := 0
	add := func(name string, n int, v any) error {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		write := func() error { return e.Encode(v) }
		if lines, ok := v.(succession); ok {
			write = func() error { return lines.write(&b) }
		}
		if err := write(); err != nil {
			return fmt.Errorf("encoding %s: %w", name, err)
		}
		files[name] = b.Bytes()
		cases += n
		return nil
	}
	enc, mer, cer, tot, jud, tra := encodingCases(), merkleCases(), certificateFile(), totalsCases(), judgeCases(), transitionFile()
	dep := depositCases()
	suc, dis := successionFile(), disputeFile()
	fla, sta := flashVectors(), stakingVectors()
	sco := scoreCases()
	reg, gov := registryFile(), governanceFile()
	mar := marketFile()
	for _, f := range []struct {
		name string
		n    int
		v    any
	}{
		{"encoding.json", len(enc), file[encodingCase]{enc}},
		{"merkle.json", len(mer), file[merkleCase]{mer}},
		{"certificate.json", len(cer.Cases), cer},
		{"totals.json", len(tot), file[totalsCase]{tot}},
		{"deposit.json", len(dep), file[depositCase]{dep}},
		{"judge.json", len(jud), file[judgeCase]{jud}},
		{"transitions.json", len(tra.Cases), tra},
		{"succession.json", len(suc.Cases), suc},
		{"score.json", len(sco), file[scoreCase]{sco}},
		{"dispute.json", len(dis.Cases), dis},
		{"flash.json", len(fla.Cases), fla},
		{"staking.json", len(sta.Cases), sta},
		{"registry.json", len(reg.Cases), reg},
		{"governance.json", len(gov.Cases), gov},
		{"market.json", len(mar.Cases), mar},
	} {
		if err := add(f.name, f.n, f.v); err != nil {
			return nil, 0, err
		}
	}
	return files, cases, nil
}

type file[C any] struct {
	Cases []C `json:"cases"`
}
