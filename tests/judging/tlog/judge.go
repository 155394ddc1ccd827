// judge reads a log as a stranger does, with the packages of Go's checksum database.
//
// judge VERIFIER FOLDER [OLDER]: checks the signed head, every tile, every entry, a proof for every
// leaf, and that the head in the file OLDER is the head of a beginning. Prints size and root.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type folder string

func (f folder) Height() int { return height }

// Paths are those of c2sp.org/tlog-tiles, which leave out the height.
func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		path = strings.Replace(path, "tile/data/", "tile/entries/", 1)
		content, err := os.ReadFile(filepath.Join(string(f), path))
		if os.IsNotExist(err) && tile.W < 1<<height {
			return nil, fmt.Errorf("no partial tile %s", path)
		}
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func open(path string, verifier note.Verifier) tlog.Tree {
	text := must(os.ReadFile(path))
	signed := must(note.Open(text, note.VerifierList(verifier)))
	lines := strings.SplitN(signed.Text, "\n", 2)
	if lines[0] != verifier.Name() {
		log.Fatalf("the head is of %s", lines[0])
	}
	return must(tlog.ParseTree([]byte("go.sum database tree\n" + lines[1])))
}

func main() {
	log.SetFlags(0)
	verifier := must(note.NewVerifier(os.Args[1]))
	place := folder(os.Args[2])
	tree := open(filepath.Join(string(place), "checkpoint"), verifier)
	reader := tlog.TileHashReader(tree, place)
	for _, tile := range tlog.NewTiles(height, 0, tree.N) {
		content := must(place.ReadTiles([]tlog.Tile{tile}))[0]
		if !bytes.Equal(content, must(tlog.ReadTileData(tile, reader))) {
			log.Fatalf("another tile %s", tile.Path())
		}
	}
	checkEntries(place, tree, reader)
	if len(os.Args) > 3 {
		older := open(os.Args[3], verifier)
		proof := must(tlog.ProveTree(tree.N, older.N, reader))
		check(tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash))
	}
	fmt.Println(tree.N, tree.Hash)
}

func checkEntries(place folder, tree tlog.Tree, reader tlog.HashReader) {
	for start := int64(0); start < tree.N; start += 1 << height {
		width := min(tree.N-start, 1<<height)
		tile := tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}
		content := must(place.ReadTiles([]tlog.Tile{tile}))[0]
		for index := start; index < start+width; index++ {
			length := 2 + int(binary.BigEndian.Uint16(content))
			hash := tlog.RecordHash(content[2:length])
			content = content[length:]
			proof := must(tlog.ProveRecord(tree.N, index, reader))
			check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, hash))
		}
		if len(content) > 0 {
			log.Fatalf("entries %d have a rest", start)
		}
	}
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
