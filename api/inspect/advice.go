package inspect

import (
	"fmt"
	"slices"
)

// Bounds from which on something is worth a word.
const (
	fewChunks  = 64       // stored chunks that are no matter, however small
	tinyChunk  = 16 << 10 // bytes of a stored chunk, on average
	hugeChunk  = 16 << 20 // bytes of a decoded chunk
	treeChunks = 256      // chunks in a version 1 B-tree
	block      = 1 << 20  // bytes of metadata that one GET brings
	toldPaths  = 10       // of one advice
)

// grievances gathers what could be better about datasets.
type grievances struct {
	tiny, huge, trees, varlen, missing, external group
	filters                                      []string // that are missing
}

// group is objects that one advice is about.
type group struct {
	paths []string
	count int
}

func (g *group) add(when bool, path string) {
	if !when {
		return
	}
	if g.count++; len(g.paths) < toldPaths {
		g.paths = append(g.paths, path)
	}
}

func (g *grievances) see(d *Dataset) {
	g.tiny.add(d.Chunks >= fewChunks && d.Stored/d.Chunks < tinyChunk, d.Path)
	g.huge.add(d.Chunk != nil && d.chunkBytes > hugeChunk, d.Path)
	g.trees.add(d.Index == "btree1" && d.Chunks >= treeChunks, d.Path)
	g.varlen.add(d.VarLen, d.Path)
	g.external.add(d.external, d.Path)
	lacking := false
	for _, f := range d.Filters {
		if f.Known {
			continue
		}
		lacking = true
		if name := fmt.Sprintf("%d %q", f.ID, f.Name); len(g.filters) < toldPaths && !slices.Contains(g.filters, name) {
			g.filters = append(g.filters, name)
		}
	}
	g.missing.add(lacking, d.Path)
}

// about gives the advice for a file, what matters most first.
func (g *grievances) about(r *Report) []Advice {
	list := []Advice{}
	say := func(when bool, of group, code, format string, args ...any) {
		if when {
			list = append(list, Advice{code, fmt.Sprintf(format, args...), of.paths, of.count})
		}
	}
	say(!r.Check.Sound, group{}, "damaged",
		"The file is damaged. Copy what can be read into a new one, and look for the cause where it was written.")
	say(g.missing.count > 0, g.missing, "filter_missing",
		"Chunks are coded by filters that are not available here: %v. They can be listed and copied as they are, but not read.", g.filters)
	if c := r.Remote; c != nil {
		best := 1 + int64(c.Metadata/block)
		say(c.GETs > best+1, group{}, "metadata_scattered",
			"The metadata, %d bytes, is scattered: to open and list the file takes %d GETs in %d rounds, and %d reads one after the other by a reader without waves. Repack it with the preset cloud: about %d GETs bring all of it.",
			c.Metadata, c.GETs, c.Rounds, c.Serial, best)
	}
	say(g.tiny.count > 0, g.tiny, "tiny_chunks",
		"Chunks are smaller than %d KiB as stored. From afar each costs as much as one of 1 MiB: choose larger chunks, of 1 to 8 MiB.", tinyChunk>>10)
	say(g.huge.count > 0, g.huge, "huge_chunks",
		"Chunks are larger than %d MiB. The smallest selection has to fetch and decode one whole: choose chunks of 1 to 8 MiB.", hugeChunk>>20)
	say(g.trees.count > 0, g.trees, "chunk_trees_v1",
		"Many chunks are found through version 1 B-trees, level by level. A file with the low bound v110 has indexes that take fewer rounds.")
	say(g.varlen.count > 0, g.varlen, "variable_length",
		"Variable-length values lie in heaps, apart from the elements and never compressed: each read takes a further round. Fixed lengths are faster.")
	say(g.external.count > 0, g.external, "external_storage",
		"Elements lie in other files, which are not read here.")
	say(r.Format.UserBlock > 0, group{}, "user_block",
		"The file begins with a user block of %d bytes. Readers look for the superblock at 0, 512, 1024 and so on, one read after the other.", r.Format.UserBlock)
	return list
}
