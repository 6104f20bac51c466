package vfd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

var registry = struct {
	sync.RWMutex
	drivers map[string]Driver
}{drivers: map[string]Driver{
	"sec2":   Sec2{},
	"core":   Core{BackingStore: true},
	"family": Family{},
	"split":  Split{},
	"multi":  Multi{},
}}

// Register makes a driver known by its name. A second driver of one name panics.
func Register(d Driver) {
	registry.Lock()
	defer registry.Unlock()
	if _, known := registry.drivers[d.Name()]; known {
		panic(fmt.Sprintf("vfd: driver %q is registered twice", d.Name()))
	}
	registry.drivers[d.Name()] = d
}

// Lookup finds a registered driver, with its default parameters.
func Lookup(name string) (Driver, error) {
	registry.RLock()
	defer registry.RUnlock()
	if d, ok := registry.drivers[name]; ok {
		return d, nil
	}
	known := slices.Sorted(maps.Keys(registry.drivers))
	return nil, fmt.Errorf("unknown driver %q, known are: %s", name, strings.Join(known, ", "))
}
