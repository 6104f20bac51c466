// Package message holds the messages of an object header: level 2 of the HDF5
// File Format Specification, one file for each, named as in its section IV.A.2.
//
//	object header ─┬─ dataspace, datatype, fill value, layout, filters   a dataset
//	               ├─ symbol table | link info, group info, links        a group
//	               └─ attribute info, attributes                         any object
//
// A message is a wire.Structure: one field list to read, write, measure and
// describe it. The version to write is part of the value; who chooses it works
// two floors above.
package message

// Types of header messages (specification IV.A.2).
const (
	TypeNil           = 0x00
	TypeDataspace     = 0x01
	TypeLinkInfo      = 0x02
	TypeDatatype      = 0x03
	TypeFillValueOld  = 0x04
	TypeFillValue     = 0x05
	TypeLink          = 0x06
	TypeLayout        = 0x08
	TypeGroupInfo     = 0x0a
	TypeFilters       = 0x0b
	TypeAttribute     = 0x0c
	TypeContinuation  = 0x10
	TypeSymbolTable   = 0x11
	TypeAttributeInfo = 0x15
	TypeRefCount      = 0x16
)

// Flags of a header message (specification IV.A.1).
const (
	Constant  = 0x01 // the message never changes
	Shared    = 0x02 // the body lies elsewhere
	DontShare = 0x04
)
