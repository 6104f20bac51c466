package filespec

import (
	"cmp"
	"slices"
)

// Code is one kind of problem: its word, its HTTP status, and what to do.
type Code struct {
	Word   string
	Status int
	Text   string
}

// Codes lists every code that a Problem can have, by word.
func Codes() []Code {
	list := make([]Code, 0, len(codes))
	for word, c := range codes {
		c.Word = word
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Code) int { return cmp.Compare(a.Word, b.Word) })
	return list
}

var codes = map[string]Code{
	"not_json":      {Status: 400, Text: "The description is not JSON (RFC 8259) in UTF-8. NaN and Infinity are written in quotes: \"NaN\"."},
	"wrong_type":    {Status: 400, Text: "A key has a value of the wrong JSON type, such as a number where a text is expected."},
	"duplicate_key": {Status: 400, Text: "An object has the same key twice."},
	"too_deep":      {Status: 400, Text: "Objects and lists are nested deeper than the limit, 64 by default."},

	"description_too_large": {Status: 413, Text: "The description has more bytes than the limit."},
	"too_many_objects":      {Status: 413, Text: "The description has more groups, datasets, links and attributes than the limit."},
	"chunk_too_large":       {Status: 413, Text: "A chunk has more bytes than the server encodes in one piece: choose smaller chunks."},
	"index_too_large":       {Status: 413, Text: "The index of a dataset's chunks would pass the limit: choose larger chunks, or an unlimited axis (null in maxshape)."},
	"file_too_large":        {Status: 413, Text: "The data described has more bytes than a file may have."},

	"unsupported_feature": {Status: 501, Text: "The description asks for something that this version cannot do yet."},

	"unknown_key":      {Status: 422, Text: "A key is not known; did_you_mean names the nearest that is."},
	"missing_key":      {Status: 422, Text: "A key that is needed is missing."},
	"conflicting_keys": {Status: 422, Text: "Two keys exclude each other."},

	"bad_name":            {Status: 422, Text: "A name is empty, '.', or has a NUL in it."},
	"duplicate_path":      {Status: 422, Text: "Two entries name one object, perhaps in two spellings of its path."},
	"duplicate_name":      {Status: 422, Text: "An attribute, a field or a column occurs twice."},
	"path_through_leaf":   {Status: 422, Text: "A path leads through a dataset or a link; only groups have members."},
	"target_not_found":    {Status: 422, Text: "A hard link leads to nothing that the description makes."},
	"bad_link":            {Status: 422, Text: "A link is none of {\"soft\": path}, {\"hard\": path}, {\"external\": [file, path]}."},
	"bad_libver":          {Status: 422, Text: "libver names an unknown version, or its low bound lies above its high bound."},
	"bad_preset":          {Status: 422, Text: "A preset is unknown."},
	"libver_bound":        {Status: 422, Text: "A feature needs a later file format than libver allows."},
	"bad_user_block":      {Status: 422, Text: "The user block's size is no power of two of 512 or more, or its content does not fit."},
	"bad_dtype":           {Status: 422, Text: "A dtype is unknown, or cannot be stored."},
	"missing_dtype":       {Status: 422, Text: "There is neither a dtype nor data to infer it from."},
	"dtype_too_large":     {Status: 422, Text: "A datatype's description passes 64 KiB, the most that a file can hold."},
	"bad_shape":           {Status: 422, Text: "A shape has a negative length, or more elements than 64 bits can count."},
	"rank_too_high":       {Status: 422, Text: "A shape has more than 32 axes."},
	"missing_shape":       {Status: 422, Text: "There is neither a shape nor data to infer it from."},
	"ragged":              {Status: 422, Text: "Nested lists have unequal lengths or depths, and so no shape. Lists of unequal lengths are dtype {\"vlen\": …}."},
	"shape_mismatch":      {Status: 422, Text: "There are more or fewer values than the shape says."},
	"mixed_kinds":         {Status: 422, Text: "Values of different kinds stand in one list, and no dtype says what they are."},
	"out_of_range":        {Status: 422, Text: "A value lies beyond what its dtype can hold."},
	"bad_value":           {Status: 422, Text: "A value is of a kind that its dtype cannot hold."},
	"bad_base64":          {Status: 422, Text: "A text is not base64 (RFC 4648)."},
	"bad_select":          {Status: 422, Text: "A selection cannot be read, or an index lies beyond its axis."},
	"bad_generator":       {Status: 422, Text: "The numbers of a generator do not go together."},
	"unequal_columns":     {Status: 422, Text: "The columns of a table have unequal lengths."},
	"bad_maxshape":        {Status: 422, Text: "maxshape has another rank than the shape, or lies under it."},
	"bad_chunks":          {Status: 422, Text: "A chunk is zero, negative, beyond maxshape, of 4 GiB or more, or of another rank than the shape."},
	"not_chunked":         {Status: 422, Text: "Filters and resizable axes need chunks; scalars, null spaces and \"chunks\": false have none."},
	"bad_compression":     {Status: 422, Text: "A compression is unknown, or its level is not 0 to 9."},
	"attribute_too_large": {Status: 422, Text: "An attribute passes 64 KiB: store it as a dataset."},
	"missing_part":        {Status: 422, Text: "A dataset names a part that the request does not have."},
	"surplus_part":        {Status: 422, Text: "The request has a part that no dataset uses."},
	"duplicate_part":      {Status: 422, Text: "The request has two parts of one name."},
	"part_length":         {Status: 422, Text: "A part has more or fewer bytes than its shape and dtype need."},
	"bad_format":          {Status: 422, Text: "A part's format is unknown."},
	"bad_npy":             {Status: 422, Text: "A part is no sound .npy file."},
	"npy_pickle":          {Status: 422, Text: "A .npy file holds pickled Python objects, which are never loaded."},
	"lossy_conversion":    {Status: 422, Text: "A part's values would change in the dtype asked for."},
}
