// receipt checks the receipt of an event as a stranger does, with the packages of Go's checksum
// database: a file by c2sp.org/tlog-proof whose extra data is the entry.
//
// receipt VERIFIER FILE: prints the entry.
package main

import (
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	log.SetFlags(0)
	verifier := must(note.NewVerifier(os.Args[1]))
	proof, checkpoint, found := strings.Cut(string(must(os.ReadFile(os.Args[2]))), "\n\n")
	lines := strings.Split(proof, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		log.Fatal("no tlog-proof")
	}
	entry := decoded(value(lines[1], "extra "))
	index := must(strconv.ParseInt(value(lines[2], "index "), 10, 64))
	var hashes tlog.RecordProof
	for _, line := range lines[3:] {
		hashes = append(hashes, tlog.Hash(decoded(line)))
	}
	signed := must(note.Open([]byte(checkpoint), note.VerifierList(verifier)))
	head := strings.SplitN(signed.Text, "\n", 2)
	if head[0] != verifier.Name() {
		log.Fatalf("the head is of %s", head[0])
	}
	tree := must(tlog.ParseTree([]byte("go.sum database tree\n" + head[1])))
	check(tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(entry)))
	fmt.Print(string(entry))
}

func value(line string, name string) string {
	rest, found := strings.CutPrefix(line, name)
	if !found {
		log.Fatalf("no line %s", name)
	}
	return rest
}

func decoded(text string) []byte {
	return must(base64.StdEncoding.DecodeString(text))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
