package h5grove

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"github.com/h5serve/h5serve/api/represent"
	"github.com/h5serve/h5serve/h5core"
	"github.com/h5serve/h5serve/h5core/space"
)

// Attributes gives the values of an object's attributes: of all, or of those named by keys.
func Attributes(ctx context.Context, f *File, path string, keys []string) (*Answer, error) {
	o, err := f.object(ctx, path)
	if err != nil {
		return nil, err
	}
	list, err := o.Attributes().All(ctx)
	if err != nil {
		return nil, err
	}
	if keys != nil {
		if list, err = named(list, path, keys); err != nil {
			return nil, err
		}
	}
	return &Answer{MediaType: "application/json", Length: -1, Write: func(ctx context.Context, w io.Writer) error {
		return writeAttributes(ctx, w, list)
	}}, nil
}

func named(list []*h5core.Attribute, path string, keys []string) ([]*h5core.Attribute, error) {
	known := map[string]*h5core.Attribute{}
	for _, a := range list {
		known[a.Name] = a
	}
	var chosen []*h5core.Attribute
	for _, key := range keys {
		a, ok := known[key]
		if !ok {
			return nil, refuse(http.StatusNotFound, "attribute_not_found", "attr_keys", "%s has no attribute %q", path, key)
		}
		if !slices.Contains(chosen, a) {
			chosen = append(chosen, a)
		}
	}
	return chosen, nil
}

// attributesAtOnce bounds how many are in memory together.
const attributesAtOnce = 256

func writeAttributes(ctx context.Context, w io.Writer, list []*h5core.Attribute) error {
	between := "{"
	for len(list) > 0 {
		part := list[:min(attributesAtOnce, len(list))]
		list = list[len(part):]
		values, errs := h5core.ReadAttributes(ctx, part)
		for i, a := range part {
			if errs[i] != nil {
				return errs[i]
			}
			name, err := json.Marshal(a.Name)
			if err != nil {
				return err
			}
			if _, err := w.Write(append(append([]byte(between), name...), ':')); err != nil {
				return err
			}
			if err := writeValue(w, a, values[i]); err != nil {
				return err
			}
			between = ","
		}
	}
	end := "}"
	if between == "{" {
		end = "{}"
	}
	_, err := io.WriteString(w, end)
	return err
}

func writeValue(w io.Writer, a *h5core.Attribute, e *h5core.Elements) error {
	if a.Space.Kind == space.Null {
		_, err := io.WriteString(w, "null")
		return err
	}
	out, err := represent.Grove{}.New(w, a.Type, a.Space.Dims)
	if err != nil {
		return err
	}
	if err := out.Write(e.Data, e); err != nil {
		return err
	}
	return out.Close()
}
