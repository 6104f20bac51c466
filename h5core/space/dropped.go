package space

import "strings"

// Dropped tells of each axis whether a selection as [Parse] reads it has an
// index there, which drops the axis from the result.
func Dropped(text string, rank int) ([]bool, error) {
	members, err := members(text, rank)
	if err != nil {
		return nil, err
	}
	dropped := make([]bool, rank)
	for i, m := range members {
		dropped[i] = !strings.Contains(m, ":")
	}
	return dropped, nil
}
