package sources

// Changed tells, without asking, whether the object is known to be another
// version now: nothing more can be read of the file.
func (f *File) Changed() bool { return f.entry.object != nil && f.entry.object.Changed() }
