package h5core

// DefaultLimits are limits for files of strangers, as a server needs them: no
// file costs more than some seconds and some hundred megabytes, whatever is in
// it, and no sound file of ordinary size comes near them. Time is the
// context's: a walk, a read and a check end soon after it does.
//
// Beside them stand limits that no setting lifts: 64 levels of any tree, 1,024
// parts of an object header, 32 filters, 32 axes, 32 levels of a datatype, 16
// soft links on one way, groups 1,000 deep, 65,536 mappings of a virtual
// dataset.
func DefaultLimits() Limits {
	return Limits{Nodes: 1 << 20, Fetched: 1 << 30, Decoded: 4 << 30, Read: 256 << 20}
}
