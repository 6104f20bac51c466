package load

import (
	"fmt"

	"github.com/h5serve/h5serve/h5core/dtype"
)

// converter gives what turns an element of one type into one of another:
// equal types, and numbers into numbers that hold them.
func converter(from, to *dtype.Type) (func(dst, src []byte) error, error) {
	switch {
	case from.Equal(to):
		return func(dst, src []byte) error { copy(dst, src); return nil }, nil
	case !number(from) || !number(to):
		return nil, fmt.Errorf("%w: conversion of %s into %s", ErrUnsupported, from, to)
	case from.Class == dtype.Float:
		return func(dst, src []byte) error {
			v, err := from.GetFloat64(src)
			if err != nil {
				return err
			}
			return to.PutFloat(dst, v)
		}, nil
	case !from.Signed:
		return func(dst, src []byte) error {
			v, err := from.GetUint(src)
			if err != nil {
				return err
			}
			return to.PutUint(dst, v)
		}, nil
	}
	return func(dst, src []byte) error {
		v, err := from.GetInt(src)
		if err != nil {
			return err
		}
		return to.PutInt(dst, v)
	}, nil
}

func number(t *dtype.Type) bool { return t.Class == dtype.Integer || t.Class == dtype.Float }
