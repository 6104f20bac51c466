// Package floors has no code, only a test: who may import whom.
//
// The rooms of the house stand on floors, and a room imports only what lies
// below it, never a neighbour unless the table says so:
//
//	cmd/h5serve
//	api                 web
//	api/filespec  api/represent
//	h5core
//	load  plan ◄ edit                        h5core/vfd/ros3 ──► storage
//	transfer                                 (the one bridge)    storage/s3 …
//	index  object
//	piece  walk
//	format  format/message
//	wire  dtype  space  filter  vfd
//
// A package that is not in the table fails, so a new room is a decision. The
// same test keeps file sizes and names within the style.
package floors
