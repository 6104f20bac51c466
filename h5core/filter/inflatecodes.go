package filter

import (
	"fmt"
	"math/bits"
	"sync"
)

// What the symbols stand for (RFC 1951, 3.2.5).
var literalEntries, distanceEntries, plainEntries = symbolEntries()

func symbolEntries() (literals, distances, plain []entry) {
	literals, distances, plain = make([]entry, maxSymbols), make([]entry, maxDistances), make([]entry, 19)
	for i := range endOfBlock {
		literals[i] = entry(i)<<16 | isLiteral
	}
	literals[endOfBlock] = isEnd
	for i, base := 0, 3; i < 28; i++ {
		extra := max(i/4-1, 0)
		literals[257+i] = entry(base)<<16 | entry(extra)<<8
		base += 1 << extra
	}
	literals[285] = longest << 16
	for i, base := 0, 1; i < 30; i++ {
		extra := max(i/2-1, 0)
		distances[i] = entry(base)<<16 | entry(extra)<<8
		base += 1 << extra
	}
	for i := range plain {
		plain[i] = entry(i)<<16 | isLiteral
	}
	return literals, distances, plain
}

// order is how the lengths of the codes for lengths follow each other (RFC 1951, 3.2.7).
var order = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// codes reads the codes of a block.
func (f *inflater) codes() error {
	head, err := f.take(14)
	if err != nil {
		return err
	}
	literals, distances, n := head&31+257, head>>5&31+1, head>>10+4
	if literals > 286 || distances > 30 {
		return fmt.Errorf("%w: %d symbols, %d distances", ErrCorrupt, literals, distances)
	}
	var own [19]uint8
	for _, symbol := range order[:n] {
		v, err := f.take(3)
		if err != nil {
			return err
		}
		own[symbol] = uint8(v)
	}
	if !buildTable(f.literals[:], codeBits, own[:], plainEntries, false) {
		return fmt.Errorf("%w: the codes of code lengths are no code", ErrCorrupt)
	}
	lengths := f.lengths[:literals+distances]
	if err := f.codeLengths(lengths); err != nil {
		return err
	}
	if lengths[endOfBlock] == 0 {
		return fmt.Errorf("%w: a block without an end", ErrCorrupt)
	}
	if !buildTable(f.literals[:], literalBits, lengths[:literals], literalEntries, true) ||
		!buildTable(f.distances[:], distanceBits, lengths[literals:], distanceEntries, true) {
		return fmt.Errorf("%w: the code lengths are no code", ErrCorrupt)
	}
	return nil
}

// codeLengths reads the lengths of all codes of a block, themselves coded.
func (f *inflater) codeLengths(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		e, err := f.symbol(f.literals[:], codeBits)
		if err != nil {
			return err
		}
		symbol := uint8(e.value())
		if symbol < 16 {
			lengths[i] = symbol
			i++
			continue
		}
		run := [3]struct {
			bits  uint
			least int
		}{{2, 3}, {3, 3}, {7, 11}}[symbol-16]
		extra, err := f.take(run.bits)
		if err != nil {
			return err
		}
		n, value := run.least+extra, uint8(0)
		if symbol == 16 {
			if i == 0 {
				return fmt.Errorf("%w: a repeat of the length before the first", ErrCorrupt)
			}
			value = lengths[i-1]
		}
		if n > len(lengths)-i {
			return fmt.Errorf("%w: more code lengths than symbols", ErrCorrupt)
		}
		for range n {
			lengths[i] = value
			i++
		}
	}
	return nil
}

var fixed = sync.OnceValue(func() *inflater {
	f := new(inflater)
	for i := range maxSymbols {
		switch {
		case i < 144:
			f.lengths[i] = 8
		case i < 256:
			f.lengths[i] = 9
		case i < 280:
			f.lengths[i] = 7
		default:
			f.lengths[i] = 8
		}
	}
	buildTable(f.literals[:], literalBits, f.lengths[:maxSymbols], literalEntries, false)
	for i := range maxDistances {
		f.lengths[i] = 5
	}
	buildTable(f.distances[:], distanceBits, f.lengths[:maxDistances], distanceEntries, false)
	return f
})

// fixedCodes sets the codes that a block of type 1 has.
func fixedCodes(f *inflater) {
	from := fixed()
	f.literals, f.distances = from.literals, from.distances
}

// buildTable fills a table for canonical codes of given lengths, whose entries are those of their symbols, with width
// bits of an index; longer codes get tables behind it. It is false where the lengths make no prefix code that
// uses up all bits. With lone, as in zlib, there may also be one code of one bit, or none.
func buildTable(table []entry, width uint, lengths []uint8, symbols []entry, lone bool) bool {
	var counts, next [maxCode + 2]int
	for _, n := range lengths {
		counts[n]++
	}
	codes := len(lengths) - counts[0]
	counts[0] = 0
	left := 1
	for n := 1; n <= maxCode; n++ {
		next[n+1] = (next[n] + counts[n]) << 1
		if left = left<<1 - counts[n]; left < 0 {
			return false
		}
	}
	if left > 0 && (!lone || codes > 1 || counts[1] != codes) {
		return false
	}
	clear(table[:1<<width])
	for _, n := range lengths {
		if uint(n) > width {
			begin := reversed(next[n], n) & (1<<width - 1)
			longest := max(table[begin].extra(), uint(n)-width)
			table[begin] = isTable | entry(longest)<<8 | entry(width)
			next[n]++
		}
	}
	if !layOut(table, 1<<width) {
		return false
	}
	for n := 1; n <= maxCode; n++ {
		next[n+1] = (next[n] + counts[n]) << 1
	}
	for s, n := range lengths {
		if n > 0 {
			place(table, width, reversed(next[n], n), uint(n), symbols[s])
			next[n]++
		}
	}
	return true
}

// reversed is a code of n bits, first bit lowest.
func reversed(code int, n uint8) int { return int(bits.Reverse16(uint16(code)) >> (16 - n)) }

// layOut gives the tables of longer codes their places behind the first one.
func layOut(table []entry, first int) bool {
	end := first
	for i, e := range table[:first] {
		if e&isTable == 0 {
			continue
		}
		size := 1 << e.extra()
		if size > len(table)-end {
			return false
		}
		table[i] = e | entry(end)<<16
		clear(table[end : end+size])
		end += size
	}
	return true
}

// place makes every index that begins with a code lead to its symbol.
func place(table []entry, width uint, code int, n uint, symbol entry) {
	if n > width {
		e := table[code&(1<<width-1)]
		table, code = table[e.value():], code>>width
		n, width = n-width, e.extra()
	}
	for i := code; i < 1<<width; i += 1 << n {
		table[i] = symbol | entry(n)
	}
}
