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

import "github.com/h5serve/h5serve/h5core/internal/wire"

// Types of header messages (specification IV.A.2).
const (
	TypeNil                 = 0x00
	TypeDataspace           = 0x01
	TypeLinkInfo            = 0x02
	TypeDatatype            = 0x03
	TypeFillValueOld        = 0x04
	TypeFillValue           = 0x05
	TypeLink                = 0x06
	TypeExternalFiles       = 0x07
	TypeLayout              = 0x08
	TypeBogus               = 0x09
	TypeGroupInfo           = 0x0a
	TypeFilters             = 0x0b
	TypeAttribute           = 0x0c
	TypeComment             = 0x0d
	TypeModificationTimeOld = 0x0e
	TypeSharedTable         = 0x0f
	TypeContinuation        = 0x10
	TypeSymbolTable         = 0x11
	TypeModificationTime    = 0x12
	TypeBTreeK              = 0x13
	TypeDriverInfo          = 0x14
	TypeAttributeInfo       = 0x15
	TypeRefCount            = 0x16
	TypeFileSpace           = 0x17
	TypeCacheImage          = 0x18
)

// Flags of a header message (specification IV.A.1).
const (
	Constant  = 0x01 // the message never changes
	Shared    = 0x02 // the body lies elsewhere
	DontShare = 0x04
	// FailIfWritten and FailAlways are for readers who do not know the type:
	// they must not open the object for writing, or at all.
	FailIfWritten = 0x08
	FailAlways    = 0x80
)

// New returns an empty message of a type, to decode into; nil for TypeNil and
// types that are not known.
func New(kind uint16) wire.Structure {
	switch kind {
	case TypeDataspace:
		return new(Dataspace)
	case TypeLinkInfo:
		return new(LinkInfo)
	case TypeDatatype:
		return new(Datatype)
	case TypeFillValueOld:
		return new(FillValueOld)
	case TypeFillValue:
		return new(FillValue)
	case TypeLink:
		return new(Link)
	case TypeExternalFiles:
		return new(ExternalFiles)
	case TypeLayout:
		return new(Layout)
	case TypeBogus:
		return new(Bogus)
	case TypeGroupInfo:
		return new(GroupInfo)
	case TypeFilters:
		return new(Filters)
	case TypeAttribute:
		return new(Attribute)
	case TypeAttributeInfo:
		return new(AttributeInfo)
	}
	return newOfFile(kind)
}

func newOfFile(kind uint16) wire.Structure {
	switch kind {
	case TypeComment:
		return new(Comment)
	case TypeModificationTimeOld:
		return new(ModificationTimeOld)
	case TypeModificationTime:
		return new(ModificationTime)
	case TypeContinuation:
		return new(Continuation)
	case TypeSymbolTable:
		return new(SymbolTable)
	case TypeRefCount:
		return new(RefCount)
	case TypeSharedTable:
		return new(SharedTable)
	case TypeBTreeK:
		return new(BTreeK)
	case TypeDriverInfo:
		return new(DriverInfo)
	case TypeFileSpace:
		return new(FileSpace)
	case TypeCacheImage:
		return new(CacheImage)
	}
	return nil
}
